#include "objects/openapi/custom_schema.hpp"

#include "objects/openapi/builtin_schema.hpp"

namespace slipway::objects::openapi {
namespace {

doc::Value common_text(std::string_view field) {
  return doc::Object{{"type", "string"}, {"description", common_description(field)}};
}

// apiVersion, kind and metadata of an object, in place of what was written of them.
void add_object_fields(doc::Value& schema, const doc::Value& metadata) {
  doc::Value& properties = schema.at_or_insert("properties");
  if (!properties.is_object()) properties = doc::Object();
  doc::Object all;
  for (const std::string_view field : {"apiVersion", "kind"}) all.append(std::string(field), common_text(field));
  all.append("metadata", doc::Object{{"allOf", doc::Array{metadata}}, {"description", common_description("metadata")}});
  for (auto& [key, value] : properties.as_object()) {
    if (!all.contains(key)) all.append(key, std::move(value));
  }
  properties = std::move(all);
}

void complete_embedded(doc::Value& schema, const doc::Value& metadata) {
  if (!schema.is_object()) return;
  for (auto& [key, value] : schema.as_object()) {
    if (key == "properties" && value.is_object()) {
      for (auto& [name, property] : value.as_object()) complete_embedded(property, metadata);
    } else if (key == "items" || key == "additionalProperties") {
      complete_embedded(value, metadata);
    }
  }
  if (schema["x-kubernetes-embedded-resource"].bool_or(false)) add_object_fields(schema, metadata);
}

}  // namespace

doc::Object custom_schema(const doc::Value& written, const doc::Value& metadata) {
  doc::Value schema = written;
  if (!schema.is_object()) {
    schema = doc::Object{{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}};
  }
  complete_embedded(schema, metadata);
  schema.as_object().set("type", "object");
  add_object_fields(schema, metadata);
  return std::move(schema.as_object());
}

}  // namespace slipway::objects::openapi
