#pragma once
// What the registry keeps, one table a kind of thing: names, fields and their types, as Kubeflow Model Registry has
// them. Everything that decodes, stores or shows an entity reads these tables. Pure.

#include <span>
#include <string_view>
#include <vector>

namespace slipway::registry {

enum class EntityKind {
  registered_model,
  model_version,
  experiment,
  experiment_run,
  model_artifact,
  doc_artifact,
  dataset_artifact,
  metric,
  parameter,
};

enum class FieldType {
  text,
  text_list,
  number,
  integer,       // a JSON number in v1alpha3, text in v1
  milliseconds,  // text that holds an integer
  choice,        // one of a fixed list
};

struct Field {
  std::string_view name;
  FieldType type = FieldType::text;
  std::string_view go_type;  // in the error texts that clients know: "string", "RegisteredModelState"
  std::span<const std::string_view> choices;
  std::string_view fallback;  // shown when it was never set; "" = left out
};

struct Schema {
  EntityKind kind;
  std::string_view key;       // in the database and, for artifacts, on the wire: "model-artifact"
  std::string_view sentence;  // "registered model"
  std::string_view go_type;   // "RegisteredModel"
  std::string_view parent;    // the wire's name of the parent's id: "registeredModelId"; "" when there is none
  bool named;                 // a name is required
  std::vector<Field> fields;
  bool is_artifact() const { return kind >= EntityKind::model_artifact; }
};

const Schema& schema_of(EntityKind kind);
const Schema* find_schema(std::string_view key);                     // nullptr when unknown
const Schema* find_artifact_schema(std::string_view artifact_type);  // "metric"; nullptr when unknown

}  // namespace slipway::registry
