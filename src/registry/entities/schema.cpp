#include "registry/entities/schema.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace slipway::registry {
namespace {

using enum FieldType;
constexpr std::array<std::string_view, 2> live_states = {"LIVE", "ARCHIVED"};
constexpr std::array<std::string_view, 7> artifact_states = {"UNKNOWN", "PENDING",   "LIVE",     "MARKED_FOR_DELETION",
                                                             "DELETED", "ABANDONED", "REFERENCE"};
constexpr std::array<std::string_view, 5> run_statuses = {"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"};
constexpr std::array<std::string_view, 4> parameter_types = {"string", "number", "boolean", "object"};

Field plain(std::string_view name) { return {name, text, "string", {}, ""}; }
Field list(std::string_view name) { return {name, text_list, "[]string", {}, ""}; }

const Field artifact_state{"state", choice, "ArtifactState", artifact_states, "UNKNOWN"};

const std::vector<Schema>& schemas() {
  static const std::vector<Schema> table = {
      {EntityKind::registered_model,
       "registered-model",
       "registered model",
       "RegisteredModel",
       "",
       true,
       {plain("description"),
        plain("readme"),
        plain("maturity"),
        list("language"),
        list("tasks"),
        plain("provider"),
        plain("logo"),
        plain("license"),
        plain("licenseLink"),
        plain("libraryName"),
        plain("owner"),
        {"state", choice, "RegisteredModelState", live_states, "LIVE"}}},
      {EntityKind::model_version,
       "model-version",
       "model version",
       "ModelVersion",
       "registeredModelId",
       true,
       {plain("description"), plain("author"), {"state", choice, "ModelVersionState", live_states, "LIVE"}}},
      {EntityKind::experiment,
       "experiment",
       "experiment",
       "Experiment",
       "",
       true,
       {plain("description"), plain("owner"), {"state", choice, "ExperimentState", live_states, "LIVE"}}},
      {EntityKind::experiment_run,
       "experiment-run",
       "experiment run",
       "ExperimentRun",
       "experimentId",
       false,
       {plain("description"),
        plain("owner"),
        {"startTimeSinceEpoch", milliseconds, "string", {}, ""},
        {"endTimeSinceEpoch", milliseconds, "string", {}, ""},
        {"status", choice, "ExperimentRunStatus", run_statuses, "RUNNING"},
        {"state", choice, "ExperimentRunState", live_states, "LIVE"}}},
      {EntityKind::model_artifact,
       "model-artifact",
       "model artifact",
       "ModelArtifact",
       "",
       false,
       {plain("description"), plain("uri"), plain("modelFormatName"), plain("modelFormatVersion"), plain("storageKey"),
        plain("storagePath"), plain("serviceAccountName"), plain("modelSourceKind"), plain("modelSourceClass"),
        plain("modelSourceGroup"), plain("modelSourceId"), plain("modelSourceName"), artifact_state}},
      {EntityKind::doc_artifact,
       "doc-artifact",
       "doc artifact",
       "DocArtifact",
       "",
       false,
       {plain("description"), plain("uri"), artifact_state}},
      {EntityKind::dataset_artifact,
       "dataset-artifact",
       "dataset artifact",
       "DataSet",
       "",
       false,
       {plain("description"), plain("uri"), plain("digest"), plain("sourceType"), plain("source"), plain("schema"),
        plain("profile"), artifact_state}},
      {EntityKind::metric,
       "metric",
       "metric",
       "Metric",
       "",
       false,
       {plain("description"),
        {"value", number, "float64", {}, ""},
        {"timestamp", milliseconds, "string", {}, ""},
        {"step", integer, "int64", {}, ""},
        artifact_state}},
      {EntityKind::parameter,
       "parameter",
       "parameter",
       "Parameter",
       "",
       false,
       {plain("description"),
        plain("value"),
        {"parameterType", choice, "ParameterType", parameter_types, ""},
        artifact_state}},
  };
  return table;
}

}  // namespace

const Schema& schema_of(EntityKind kind) { return schemas()[static_cast<std::size_t>(kind)]; }

const Schema* find_schema(std::string_view key) {
  const auto it = std::ranges::find(schemas(), key, &Schema::key);
  return it == schemas().end() ? nullptr : &*it;
}

const Schema* find_artifact_schema(std::string_view artifact_type) {
  const auto* schema = find_schema(artifact_type);
  return schema != nullptr && schema->is_artifact() ? schema : nullptr;
}

}  // namespace slipway::registry
