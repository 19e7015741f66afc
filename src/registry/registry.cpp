#include "registry/registry.hpp"

#include <algorithm>
#include <cmath>

#include "core/log.hpp"
#include "core/text.hpp"
#include "registry/entities/entities.hpp"
#include "registry/records.hpp"
#include "storage/blobs.hpp"

namespace slipway::registry {
namespace {

using storage::Connection;

constexpr storage::Migration migrations[] = {
    // What register_version was told, next to the entities that it made; never changed afterwards.
    {1, R"(
      CREATE TABLE registry_registrations (
        version INTEGER PRIMARY KEY,   -- registry_contexts.id
        content TEXT NOT NULL,         -- SHA-256 of weights, format, parameters and config
        weights TEXT NOT NULL, format TEXT NOT NULL,
        commit_id TEXT NOT NULL, repository TEXT NOT NULL, run TEXT NOT NULL,
        parameters TEXT NOT NULL, config TEXT NOT NULL,   -- JSON
        announced INTEGER NOT NULL DEFAULT 0
      );)"},
};

std::int64_t milliseconds(Time time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::string content_of(const Registration& r) {
  doc::Object content{
      {"config", r.config}, {"format", r.format}, {"parameters", r.parameters}, {"weights", r.weights.text()}};
  return core::Digest::of(doc::render_json_canonical(std::move(content))).text();
}

Result<> check(const Registration& r) {
  std::vector<Error> problems;
  const auto demand = [&](bool fine, std::string message) {
    if (!fine) problems.emplace_back(Code::invalid_argument, std::move(message));
  };
  demand(is_version_name(r.model), "\"" + r.model + "\" is not a model name: letters, digits, . _ - :");
  demand(is_version_name(r.version), "\"" + r.version + "\" is not a version name: letters, digits, . _ - :");
  demand(r.parameters.is_object(), "parameters must be an object");
  demand(r.config.is_object(), "config must be an object");
  if (r.parameters.is_object()) {
    for (const auto& [name, value] : r.parameters.as_object()) {
      demand(!value.is_object() && !value.is_array() && !value.is_null(),
             "parameter " + name + " must be text, a number or true/false");
    }
  }
  for (const auto& [name, value] : r.metrics)
    demand(std::isfinite(value), "metric " + name + " must be a finite number");
  if (problems.empty()) return {};
  return fail(core::join(std::move(problems)));
}

std::string_view parameter_type_of(const doc::Value& value) {
  if (value.is_bool()) return "boolean";
  return value.is_number() ? "number" : "string";
}

Result<std::optional<Entity>> find_named(Connection& c, EntityKind kind, std::optional<std::int64_t> parent,
                                         std::string_view name) {
  EntityFilter filter;
  filter.artifacts = schema_of(kind).is_artifact();
  filter.kind = kind;
  filter.parent = parent;
  filter.name = std::string(name);
  TRY_ASSIGN(auto found, list(c, filter));
  if (found.items.empty()) return std::nullopt;
  return std::move(found.items.front());
}

Entity make(EntityKind kind, std::optional<std::int64_t> parent, std::string_view name, std::int64_t now) {
  Entity entity;
  entity.kind = kind;
  entity.parent = parent;
  entity.name = name;
  entity.created = entity.updated = now;
  return entity;
}

Result<> insert_attached(Connection& c, Entity& artifact) {
  TRY(insert(c, artifact));
  return attach(c, *artifact.parent, artifact.id);
}

Result<> put_metrics(Connection& c, std::int64_t version, const std::map<std::string, double>& metrics,
                     std::string_view run, std::int64_t now) {
  for (const auto& [name, value] : metrics) {
    TRY_ASSIGN(const auto known, find_named(c, EntityKind::metric, version, name));
    Entity metric = known ? *known : make(EntityKind::metric, version, name, now);
    metric.updated = now;
    metric.fields.set("value", value);
    metric.fields.set("timestamp", std::to_string(now));
    if (!run.empty()) {
      doc::Object properties;
      properties.set("run", doc::Object{{"metadataType", "MetadataStringValue"}, {"string_value", run}});
      metric.fields.set("customProperties", std::move(properties));
    }
    if (known) {
      TRY(update(c, metric));
    } else {
      TRY(insert_attached(c, metric));
    }
  }
  return {};
}

}  // namespace

bool is_version_name(std::string_view name) {
  const auto is_plain = [](char c) { return core::is_alphanumeric(c); };
  return !name.empty() && name.size() <= 128 && is_plain(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_plain(c) || c == '.' || c == '_' || c == '-' || c == ':'; });
}

Registry::Registry(core::World world, storage::Database& database, storage::BlobStore& blobs, core::EventSink& events)
    : world_(world), database_(database), blobs_(blobs), events_(events), tasks_(world.background) {}

Result<std::unique_ptr<Registry>> Registry::open(core::World world, storage::Database& database,
                                                 storage::BlobStore& blobs, core::EventSink& events) {
  TRY(migrate_entities(database));
  TRY(storage::migrate(database, "registry-versions", migrations));
  auto registry = std::unique_ptr<Registry>(new Registry(world, database, blobs, events));
  TRY(registry->announce_forgotten());
  return registry;
}

Result<Registry::Registered> Registry::register_version(Registration r) {
  TRY(check(r));
  if (!blobs_.contains(r.weights)) {
    return fail(Code::failed_precondition, "the weights " + r.weights.text() + " are not stored here",
                "POST the file to /api/slipway/v1/blobs first");
  }
  bool created = false;
  const auto content = content_of(r);
  TRY(database_.write([&](Connection& c) { return write_version(c, r, content, created); }));
  TRY_ASSIGN(auto record, get_version(r.model, r.version));
  // A version that was stored before a crash is announced by whoever asks for it again, or at the next start.
  TRY(announce(record));
  return Registered{std::move(record), created};
}

Result<> Registry::write_version(Connection& c, const Registration& r, const std::string& content, bool& created) {
  created = false;
  const auto now = milliseconds(world_.clock.now());
  TRY_ASSIGN(auto model, find_named(c, EntityKind::registered_model, std::nullopt, r.model));
  if (!model) {
    model = make(EntityKind::registered_model, std::nullopt, r.model, now);
    if (!r.author.empty()) model->fields.set("owner", r.author);
    TRY(insert(c, *model));
  }
  TRY_ASSIGN(auto version, find_named(c, EntityKind::model_version, model->id, r.version));
  if (version) {
    std::string known;
    TRY(c.query("SELECT content FROM registry_registrations WHERE version = ?", {version->id},
                [&](const storage::Row& row) { known = row.text(0); }));
    if (known != content) {
      return fail(Code::already_exists, r.model + " " + r.version + " exists with other content",
                  "a version never changes: give this one a new name");
    }
    return put_metrics(c, version->id, r.metrics, r.run, now);
  }

  created = true;
  version = make(EntityKind::model_version, model->id, r.version, now);
  if (!r.description.empty()) version->fields.set("description", r.description);
  if (!r.author.empty()) version->fields.set("author", r.author);
  TRY(insert(c, *version));
  Entity artifact = make(EntityKind::model_artifact, version->id, r.model, now);
  artifact.fields = {{"modelFormatName", r.format}, {"state", "LIVE"}, {"uri", r.weights.text()}};
  TRY(insert_attached(c, artifact));
  for (const auto& [name, value] : r.parameters.as_object()) {
    Entity parameter = make(EntityKind::parameter, version->id, name, now);
    parameter.fields = {{"parameterType", parameter_type_of(value)}, {"value", value.string_or("")}};
    TRY(insert_attached(c, parameter));
  }
  TRY(put_metrics(c, version->id, r.metrics, r.run, now));
  return c.execute(
      "INSERT INTO registry_registrations (version, content, weights, format, commit_id, repository, run, parameters, "
      "config) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {version->id, content, r.weights.text(), r.format, r.commit, r.repository, r.run,
       doc::render_json_canonical(r.parameters), doc::render_json_canonical(r.config)});
}

Result<VersionRecord> Registry::record_metrics(std::string_view model, std::string_view version,
                                               const std::map<std::string, double>& metrics, std::string_view run,
                                               std::string_view actor) {
  for (const auto& [name, value] : metrics) {
    if (name.empty() || !std::isfinite(value))
      return fail(Code::invalid_argument, "metric \"" + name + "\" must be a finite number");
  }
  if (metrics.empty()) return fail(Code::invalid_argument, "no metrics were given");
  TRY_ASSIGN(const auto known, get_version(model, version));
  TRY(database_.write(
      [&](Connection& c) { return put_metrics(c, known.id, metrics, run, milliseconds(world_.clock.now())); }));
  core::Event event;
  event.actor = actor;
  event.action = "measured";
  event.object = known.model + " " + known.version;
  event.digest = known.weights;
  for (const auto& [name, value] : metrics) {
    event.detail += (event.detail.empty() ? "" : ", ") + name + " " + doc::render_json(value);
  }
  events_.record(std::move(event));
  return get_version(model, version);
}

// The audit record and its flag are two commits: a crash between them repeats the record, never loses it.
Result<> Registry::announce(const VersionRecord& record) {
  bool announced = true;
  TRY(database_.read([&](Connection& c) {
    return c.query("SELECT announced FROM registry_registrations WHERE version = ?", {record.id},
                   [&](const storage::Row& row) { announced = row.integer(0) != 0; });
  }));
  if (announced) return {};
  core::Event event;
  event.actor = record.author.empty() ? "unknown" : record.author;
  event.action = "registered";
  event.object = record.model + " " + record.version;
  event.digest = record.weights;
  event.detail = record.model + " " + record.version + " (" + record.format + ")";
  if (!record.commit.empty()) event.detail += " from commit " + record.commit.substr(0, 7);
  events_.record(std::move(event));
  return database_.write([&](Connection& c) {
    return c.execute("UPDATE registry_registrations SET announced = 1 WHERE version = ?", {record.id});
  });
}

Result<> Registry::announce_forgotten() {
  std::vector<std::int64_t> versions;
  TRY(database_.read([&](Connection& c) {
    return c.query("SELECT version FROM registry_registrations WHERE announced = 0 ORDER BY version", {},
                   [&](const storage::Row& row) { versions.push_back(row.integer(0)); });
  }));
  if (versions.empty()) return {};
  TRY_ASSIGN(const auto records, list_versions(""));
  for (const auto& record : records) {
    if (std::ranges::find(versions, record.id) != versions.end()) TRY(announce(record));
  }
  return {};
}

Result<std::optional<VersionRecord>> Registry::find_version(std::string_view model, std::string_view version) const {
  TRY_ASSIGN(auto records, read_records(database_, model, version));
  if (records.empty()) return std::nullopt;
  return std::move(records.front());
}

Result<VersionRecord> Registry::get_version(std::string_view model, std::string_view version) const {
  TRY_ASSIGN(auto found, find_version(model, version));
  if (found) return std::move(*found);
  TRY_ASSIGN(const auto others, read_records(database_, model, ""));
  std::string hint;
  for (std::size_t i = others.size() > 5 ? others.size() - 5 : 0; i < others.size(); ++i) {
    hint += (hint.empty() ? "the newest are " : ", ") + others[i].version;
  }
  return fail(Code::not_found, "there is no version " + std::string(version) + " of model " + std::string(model),
              std::move(hint));
}

Result<std::vector<VersionRecord>> Registry::list_versions(std::string_view model) const {
  return read_records(database_, model, "");
}

Result<std::vector<std::string>> Registry::list_models() const {
  std::vector<std::string> names;
  TRY(database_.read([&](Connection& c) {
    return c.query("SELECT name FROM registry_contexts WHERE kind = 'registered-model' ORDER BY name", {},
                   [&](const storage::Row& row) { names.push_back(row.text(0)); });
  }));
  return names;
}

}  // namespace slipway::registry
