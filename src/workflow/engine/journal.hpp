#pragma once
// Journal: the runs and their events in the database. Append-only; what was appended is durable on return.
// docs/internals/workflow-journal.md has the tables.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/blobs.hpp"
#include "storage/database.hpp"
#include "workflow/engine/event.hpp"

namespace slipway::workflow {

// One row of workflow_run. The file's text is a blob.
struct RunRecord {
  std::string id;
  std::string workflow;  // the file's own name
  std::string dialect;
  std::int64_t number = 0;
  Phase phase = Phase::waiting;  // of the last append
  core::Time created{};
  Submission submission;  // without text
  core::Digest text;
};

// A step's remembered outputs.
struct CacheEntry {
  std::string key;  // hex
  std::string run, step;
  core::doc::Value outputs;
};

struct ExperimentRecord {
  std::string id, name, description;
  core::Time created{};
};

class Journal {
 public:
  explicit Journal(storage::Database& database) : database_(database) {}
  core::Result<> migrate();

  // Gives the run its number and writes it with its first events. conflict when the id is taken.
  core::Result<RunRecord> create(RunRecord record, const std::vector<Event>& first);
  // Events number `sequence`, `sequence` + 1 ... of the run; `phase` is the run's after them.
  core::Result<> append(const std::string& run, std::int64_t sequence, const std::vector<Event>& events, Phase phase,
                        const std::vector<CacheEntry>& cache);
  core::Result<RunRecord> get(const std::string& id);
  core::Result<std::vector<Event>> events(const std::string& run);
  core::Result<std::vector<std::string>> unfinished();                                              // ids, oldest first
  core::Result<std::vector<std::string>> newest(std::size_t limit, const std::string& experiment);  // ids
  core::Result<std::optional<CacheEntry>> find_cached(const std::string& key);

  core::Result<> add_experiment(const ExperimentRecord& experiment);  // already_exists
  core::Result<std::vector<ExperimentRecord>> experiments();          // oldest first

 private:
  storage::Database& database_;
};

core::doc::Value to_value(const Submission& submission);  // without text
Submission submission_from(const core::doc::Value& value);

}  // namespace slipway::workflow
