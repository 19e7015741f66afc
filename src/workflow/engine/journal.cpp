#include "workflow/engine/journal.hpp"

namespace slipway::workflow {
namespace {

using core::doc::Object;
using core::doc::Value;
using storage::Connection;
using storage::Row;

constexpr storage::Migration migrations[] = {{1, R"sql(
CREATE TABLE workflow_run (
  id TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL,
  workflow TEXT NOT NULL,
  dialect TEXT NOT NULL,
  number INTEGER NOT NULL,
  phase TEXT NOT NULL,
  finished INTEGER NOT NULL DEFAULT 0,
  created TEXT NOT NULL,
  experiment TEXT NOT NULL,
  text TEXT NOT NULL,
  submission TEXT NOT NULL
);
CREATE UNIQUE INDEX workflow_run_sequence ON workflow_run (sequence);
CREATE INDEX workflow_run_unfinished ON workflow_run (finished, sequence);
CREATE TABLE workflow_event (
  run TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (run, sequence)
) WITHOUT ROWID;
CREATE TABLE workflow_cache (
  key TEXT PRIMARY KEY,
  run TEXT NOT NULL,
  step TEXT NOT NULL,
  outputs TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE workflow_experiment (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  created TEXT NOT NULL
);
)sql"}};

Object strings(const std::map<std::string, std::string>& map) {
  Object object;
  for (const auto& [name, value] : map) object.set(name, value);
  return object;
}

std::map<std::string, std::string> map_of(const Value& value) {
  std::map<std::string, std::string> map;
  if (!value.is_object()) return map;
  for (const auto& [name, content] : value.as_object()) map[name] = content.string_or("");
  return map;
}

constexpr const char* columns = "id, workflow, dialect, number, phase, created, text, submission";

core::Result<RunRecord> record_from(const Row& row) {
  RunRecord record;
  record.id = row.text(0);
  record.workflow = row.text(1);
  record.dialect = row.text(2);
  record.number = row.integer(3);
  TRY_ASSIGN(record.phase, phase_from(row.text(4)));
  TRY_ASSIGN(record.created, core::parse_rfc3339(row.text(5)));
  TRY_ASSIGN(record.text, core::Digest::parse(row.text(6)));
  TRY_ASSIGN(const auto submission, core::doc::parse_json(row.text(7), "workflow_run.submission"));
  record.submission = submission_from(submission);
  return record;
}

core::Result<> insert_event(Connection& connection, const std::string& run, std::int64_t sequence, const Event& event) {
  return connection.execute("INSERT INTO workflow_event (run, sequence, event) VALUES (?, ?, ?)",
                            {run, sequence, core::doc::render_json(to_value(event))});
}

}  // namespace

Value to_value(const Submission& s) {
  return Object{{"sourceName", s.source_name},
                {"displayName", s.display_name},
                {"parameters", s.parameters},
                {"repository", s.repository},
                {"commit", s.commit},
                {"ref", s.ref},
                {"event", s.event},
                {"eventPayload", s.event_payload},
                {"actor", s.actor},
                {"variables", strings(s.variables)},
                {"environment", strings(s.environment)},
                {"experiment", s.experiment},
                {"idempotencyKey", s.idempotency_key}};
}

Submission submission_from(const Value& value) {
  Submission s;
  s.source_name = value["sourceName"].string_or("");
  s.display_name = value["displayName"].string_or("");
  if (value["parameters"].is_object()) s.parameters = value["parameters"].as_object();
  s.repository = value["repository"].string_or("");
  s.commit = value["commit"].string_or("");
  s.ref = value["ref"].string_or("");
  s.event = value["event"].string_or("");
  s.event_payload = value["eventPayload"];
  s.actor = value["actor"].string_or("");
  s.variables = map_of(value["variables"]);
  s.environment = map_of(value["environment"]);
  s.experiment = value["experiment"].string_or("");
  s.idempotency_key = value["idempotencyKey"].string_or("");
  return s;
}

core::Result<> Journal::migrate() { return storage::migrate(database_, "workflow", migrations); }

core::Result<RunRecord> Journal::create(RunRecord record, const std::vector<Event>& first) {
  const bool ended = first.back().type == Event::Type::run_finished;
  record.phase = ended ? first.back().phase : Phase::running;
  TRY(database_.write([&](Connection& connection) -> core::Result<> {
    std::int64_t sequence = 1;
    record.number = 1;
    TRY(connection.query("SELECT coalesce(max(sequence), 0) + 1 FROM workflow_run", {},
                         [&](const Row& row) { sequence = row.integer(0); }));
    TRY(connection.query("SELECT coalesce(max(number), 0) + 1 FROM workflow_run WHERE workflow = ? AND dialect = ?",
                         {record.workflow, record.dialect}, [&](const Row& row) { record.number = row.integer(0); }));
    TRY(connection.execute(
        "INSERT INTO workflow_run (id, sequence, workflow, dialect, number, phase, finished, created, experiment, "
        "text, submission) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {record.id, sequence, record.workflow, record.dialect, record.number, std::string(name_of(record.phase)),
         static_cast<std::int64_t>(ended), core::render_rfc3339_micro(record.created), record.submission.experiment,
         record.text.text(), core::doc::render_json(to_value(record.submission))}));
    std::int64_t next = 1;
    for (const auto& event : first) TRY(insert_event(connection, record.id, next++, event));
    return {};
  }));
  return record;
}

core::Result<> Journal::append(const std::string& run, std::int64_t sequence, const std::vector<Event>& events,
                               Phase phase, const std::vector<CacheEntry>& cache) {
  return database_.write([&](Connection& connection) -> core::Result<> {
    auto next = sequence;
    bool ended = false;
    for (const auto& event : events) {
      TRY(insert_event(connection, run, next++, event));
      ended = ended || event.type == Event::Type::run_finished;
    }
    for (const auto& entry : cache) {
      TRY(connection.execute("INSERT OR REPLACE INTO workflow_cache (key, run, step, outputs) VALUES (?, ?, ?, ?)",
                             {entry.key, entry.run, entry.step, core::doc::render_json(entry.outputs)}));
    }
    if (!ended) return {};
    return connection.execute("UPDATE workflow_run SET phase = ?, finished = 1 WHERE id = ?",
                              {std::string(name_of(phase)), run});
  });
}

core::Result<RunRecord> Journal::get(const std::string& id) {
  core::Result<RunRecord> found = fail(Code::not_found, "there is no run \"" + id + "\"", "slipway runs lists them");
  TRY(database_.read([&](Connection& connection) {
    return connection.query(std::string("SELECT ") + columns + " FROM workflow_run WHERE id = ?", {id},
                            [&](const Row& row) { found = record_from(row); });
  }));
  return found;
}

core::Result<std::vector<Event>> Journal::events(const std::string& run) {
  std::vector<std::string> texts;
  TRY(database_.read([&](Connection& connection) {
    return connection.query("SELECT event FROM workflow_event WHERE run = ? ORDER BY sequence", {run},
                            [&](const Row& row) { texts.push_back(row.text(0)); });
  }));
  std::vector<Event> events;
  for (const auto& text : texts) {
    TRY_ASSIGN(const auto value, core::doc::parse_json(text, "workflow_event"));
    TRY_ASSIGN(auto event, event_from(value));
    events.push_back(std::move(event));
  }
  return events;
}

core::Result<std::vector<std::string>> Journal::unfinished() {
  std::vector<std::string> ids;
  TRY(database_.read([&](Connection& connection) {
    return connection.query("SELECT id FROM workflow_run WHERE finished = 0 ORDER BY sequence", {},
                            [&](const Row& row) { ids.push_back(row.text(0)); });
  }));
  return ids;
}

core::Result<std::vector<std::string>> Journal::newest(std::size_t limit, const std::string& experiment) {
  std::vector<std::string> ids;
  TRY(database_.read([&](Connection& connection) {
    return connection.query("SELECT id FROM workflow_run WHERE ? = '' OR experiment = ? ORDER BY sequence DESC LIMIT ?",
                            {experiment, experiment, static_cast<std::int64_t>(limit)},
                            [&](const Row& row) { ids.push_back(row.text(0)); });
  }));
  return ids;
}

core::Result<std::optional<CacheEntry>> Journal::find_cached(const std::string& key) {
  std::optional<CacheEntry> found;
  std::string outputs;
  TRY(database_.read([&](Connection& connection) {
    return connection.query("SELECT key, run, step, outputs FROM workflow_cache WHERE key = ?", {key},
                            [&](const Row& row) {
                              found = CacheEntry{row.text(0), row.text(1), row.text(2), {}};
                              outputs = row.text(3);
                            });
  }));
  if (found) {
    TRY_ASSIGN(found->outputs, core::doc::parse_json(outputs, "workflow_cache"));
  }
  return found;
}

core::Result<> Journal::add_experiment(const ExperimentRecord& experiment) {
  auto result = database_.write([&](Connection& connection) {
    return connection.execute(
        "INSERT INTO workflow_experiment (id, name, description, created) VALUES (?, ?, ?, ?)",
        {experiment.id, experiment.name, experiment.description, core::render_rfc3339_micro(experiment.created)});
  });
  if (!result && result.error().code == Code::conflict)
    return fail(Code::already_exists, "there is an experiment \"" + experiment.name + "\" already");
  return result;
}

core::Result<std::vector<ExperimentRecord>> Journal::experiments() {
  std::vector<ExperimentRecord> list;
  TRY(database_.read([&](Connection& connection) {
    return connection.query(
        "SELECT id, name, description, created FROM workflow_experiment ORDER BY created, id", {}, [&](const Row& row) {
          list.push_back(
              {row.text(0), row.text(1), row.text(2), core::parse_rfc3339(row.text(3)).value_or(core::Time{})});
        });
  }));
  return list;
}

}  // namespace slipway::workflow
