#include "registry/records.hpp"

#include "registry/entities/entities.hpp"
#include "storage/database.hpp"

namespace slipway::registry {
namespace {

using storage::Connection;

doc::Value parse_or_empty(const std::string& text) {
  auto value = doc::parse_json(text, "<registry row>");
  return value ? std::move(*value) : doc::Value(doc::Object{});
}

constexpr std::string_view versions_sql = R"(
  SELECT v.id, m.name, v.name, v.created, v.fields,
         r.weights, r.format, r.commit_id, r.repository, r.run, r.parameters, r.config
  FROM registry_contexts v
  JOIN registry_contexts m ON m.id = v.parent
  LEFT JOIN registry_registrations r ON r.version = v.id
  WHERE v.kind = 'model-version' AND (?1 = '' OR m.name = ?1) AND (?2 = '' OR v.name = ?2)
  ORDER BY v.id)";

VersionRecord record_of(const storage::Row& row) {
  VersionRecord record;
  record.id = row.integer(0);
  record.model = row.text(1);
  record.version = row.text(2);
  record.created = Time(std::chrono::milliseconds(row.integer(3)));
  const auto fields = parse_or_empty(row.text(4));
  record.state = fields["state"].string_or("LIVE");
  record.description = fields["description"].string_or("");
  record.author = fields["author"].string_or("");
  record.parameters = doc::Object{};
  record.config = doc::Object{};
  if (!row.is_null(5)) {
    record.weights = record.uri = row.text(5);
    record.format = row.text(6);
    record.commit = row.text(7);
    record.repository = row.text(8);
    record.run = row.text(9);
    record.parameters = parse_or_empty(row.text(10));
    record.config = parse_or_empty(row.text(11));
  }
  return record;
}

// What a Kubeflow client registered piece by piece.
void add_artifact(VersionRecord& record, const Entity& artifact, bool is_ours) {
  const auto text = [&](std::string_view field) {
    const auto* value = artifact.fields.find(field);
    return value == nullptr ? std::string() : value->string_or("");
  };
  if (artifact.kind == EntityKind::metric) {
    const auto* value = artifact.fields.find("value");
    if (value != nullptr && value->is_number()) record.metrics[artifact.name] = value->as_double();
  } else if (!is_ours && artifact.kind == EntityKind::parameter) {
    record.parameters.as_object().set(artifact.name, text("value"));
  } else if (!is_ours && artifact.kind == EntityKind::model_artifact) {
    record.uri = text("uri");
    record.format = text("modelFormatName");
    if (core::Digest::parse(record.uri)) record.weights = record.uri;
  }
}

}  // namespace

Result<std::vector<VersionRecord>> read_records(storage::Database& database, std::string_view model,
                                                std::string_view version) {
  std::vector<VersionRecord> records;
  TRY(database.read([&](Connection& c) -> Result<> {
    records.clear();
    TRY(c.query(versions_sql, {std::string(model), std::string(version)},
                [&](const storage::Row& row) { records.push_back(record_of(row)); }));
    for (auto& record : records) {
      const bool is_ours = !record.weights.empty();
      EntityFilter filter;
      filter.artifacts = true;
      filter.attached_to = record.id;
      TRY_ASSIGN(const auto artifacts, list(c, filter));
      for (const auto& artifact : artifacts.items) add_artifact(record, artifact, is_ours);
    }
    return {};
  }));
  return records;
}

doc::Value render(const VersionRecord& record) {
  doc::Object metrics;
  for (const auto& [name, value] : record.metrics) metrics.set(name, value);
  doc::Object out{{"id", std::to_string(record.id)},
                  {"model", record.model},
                  {"version", record.version},
                  {"state", record.state},
                  {"description", record.description},
                  {"weights", record.weights},
                  {"uri", record.uri},
                  {"format", record.format},
                  {"commit", record.commit},
                  {"repository", record.repository},
                  {"run", record.run},
                  {"author", record.author},
                  {"parameters", record.parameters},
                  {"config", record.config}};
  out.set("metrics", std::move(metrics));
  out.set("created", core::render_rfc3339_micro(record.created));
  return out;
}

}  // namespace slipway::registry
