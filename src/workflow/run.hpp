#pragma once
// What is handed to the engine to run, and what can be seen of a run. Values only.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/doc.hpp"
#include "core/time.hpp"

namespace slipway::workflow {

enum class Phase : std::uint8_t {
  waiting,  // not started; "Pending"
  running,
  succeeded,
  failed,  // its program said no: exit code not 0, or its outputs are missing
  error,   // the machine's fault, after the retries
  skipped,
  cancelled,
};
std::string_view name_of(Phase phase);  // "Pending", "Running", "Succeeded" ...
core::Result<Phase> phase_from(std::string_view name);
inline bool is_finished(Phase phase) { return phase != Phase::waiting && phase != Phase::running; }

struct Submission {
  std::string text;              // of the file
  std::string source_name;       // its path, for errors: ".github/workflows/release.yaml"
  std::string dialect;           // "actions", "kfp", or empty: told from the text
  std::string display_name;      // empty: the file's own name
  core::doc::Object parameters;  // KFP's runtime parameters; an Actions workflow's inputs

  // Of the commit, for Actions and for lineage.
  std::string repository;                          // "support-assistant"
  std::string commit;                              // the full hash
  std::string ref;                                 // "refs/heads/main"
  std::string event = "push";                      // push | workflow_dispatch
  core::doc::Value event_payload;                  // github.event; made from the above when null
  std::string actor;                               // "ada@example.com"
  std::map<std::string, std::string> variables;    // the context "vars"
  std::map<std::string, std::string> environment;  // added to every step's
  std::string experiment;                          // KFP's experiment_id
  std::string idempotency_key;                     // the same one gets the same run; empty: always a new run
};

struct ArtifactView {
  std::string name;
  std::string type;    // "system.Model"
  std::string uri;     // a path on this machine
  std::string digest;  // "sha256:..." of its bytes, or of the list of its files; empty when it has none
  core::doc::Value metadata;
};

struct StepView {
  std::string id;     // "build/2": unique in the run
  std::string name;   // "Run tests"
  std::string group;  // id of the group it is in, "" at the top
  bool is_group = false;
  Phase phase = Phase::waiting;
  std::optional<core::Time> started, finished;
  int attempts = 0;
  bool cached = false;
  std::string message;
  std::string pod;              // name of its last Pod, "" when it has none
  core::doc::Value parameters;  // outputs
  std::vector<ArtifactView> artifacts;
  std::string summary;  // what it wrote to GITHUB_STEP_SUMMARY
};

struct RunView {
  std::string id;
  std::string name;      // for people
  std::string workflow;  // the file's own name
  std::string dialect;
  std::int64_t number = 0;  // counts the runs of one workflow from 1
  Phase phase = Phase::waiting;
  bool cancelling = false;
  core::Time created{};
  std::optional<core::Time> finished;
  std::string message;
  std::string repository, commit, ref, event, actor, experiment;
  core::doc::Value parameters;
  std::string pod_namespace;
  std::vector<StepView> steps;
  core::doc::Value outputs;   // of the whole: a pipeline's output parameters
  core::doc::Object metrics;  // the numbers in all system.Metrics artifacts, by name
};

core::doc::Value to_value(const RunView& run);  // as GET /api/slipway/v1/runs/{id} shows it

}  // namespace slipway::workflow
