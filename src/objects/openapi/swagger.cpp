#include "objects/openapi/swagger.hpp"

#include <array>
#include <set>

#include "objects/discovery/version.hpp"
#include "objects/openapi/components.hpp"

namespace slipway::objects::openapi {
namespace {

constexpr std::string_view definitions_prefix = "#/definitions/";

std::string moved_reference(const std::string& reference) {
  if (!reference.starts_with(reference_prefix)) return reference;
  return std::string(definitions_prefix).append(reference, reference_prefix.size());
}

doc::Value schema_v2(const doc::Value& schema);

doc::Object properties_v2(const doc::Value& properties) {
  doc::Object out;
  if (!properties.is_object()) return out;
  for (const auto& [name, property] : properties.as_object()) out.append(name, schema_v2(property));
  return out;
}

bool is_dropped(std::string_view key) {
  static constexpr std::array dropped = {"oneOf", "anyOf", "not", "allOf", "nullable", "$ref", "type", "format"};
  for (const std::string_view one : dropped) {
    if (key == one) return true;
  }
  return false;
}

// Reference, type and format of a schema, whose place in Swagger may be another.
void add_type(doc::Object& out, const doc::Value& schema) {
  const doc::Value& reference = schema["$ref"].is_string() ? schema["$ref"] : schema["allOf"][0]["$ref"];
  if (reference.is_string()) {
    out.append("$ref", moved_reference(reference.as_string()));
    return;
  }
  const bool either = schema["x-kubernetes-int-or-string"].bool_or(false);
  const bool nullable = schema["nullable"].bool_or(false);
  if (schema["type"].is_string() && !either && !nullable) {
    out.append("type", schema["type"]);
  } else if (schema["oneOf"].size() == 2 && !either && !nullable) {  // IntOrString, Quantity
    out.append("type", "string");
  }
  if (schema["format"].is_string()) out.append("format", schema["format"]);
}

doc::Value schema_v2(const doc::Value& schema) {
  if (!schema.is_object()) return schema;  // additionalProperties: false
  doc::Object out;
  add_type(out, schema);
  const bool typed = out.contains("type");
  for (const auto& [key, value] : schema.as_object()) {
    if (is_dropped(key)) continue;
    if (key == "properties") {
      if (typed) out.append(key, properties_v2(value));
    } else if (key == "items") {
      if (typed) out.append(key, schema_v2(value));
    } else if (key == "additionalProperties") {
      out.append(key, schema_v2(value));
    } else {
      out.append(key, value);
    }
  }
  return out;
}

doc::Value parameter_v2(const doc::Value& parameter) {
  doc::Object out;
  for (const auto& [key, value] : parameter.as_object()) {
    if (key != "schema") out.append(key, value);
  }
  out.append("type", parameter["schema"]["type"]);
  return out;
}

doc::Array parameters_v2(const doc::Value& parameters) {
  doc::Array out;
  if (!parameters.is_array()) return out;
  for (const doc::Value& parameter : parameters.as_array()) out.push_back(parameter_v2(parameter));
  return out;
}

doc::Array media_types(const doc::Value& content) {
  doc::Array out;
  if (!content.is_object()) return out;
  for (const auto& [type, schema] : content.as_object()) out.emplace_back(type);
  return out;
}

const doc::Value& first_schema(const doc::Value& content) {
  static const doc::Value none;
  return content.size() == 0 ? none : content.as_object().begin()->second["schema"];
}

doc::Object operation_v2(const doc::Value& operation) {
  doc::Object out;
  doc::Array parameters = parameters_v2(operation["parameters"]);
  const doc::Value& content = operation["requestBody"]["content"];
  if (content.is_object()) {
    doc::Object body{{"name", "body"}, {"in", "body"}};
    if (operation["requestBody"]["required"].bool_or(false)) body.append("required", true);
    body.append("schema", schema_v2(first_schema(content)));
    parameters.emplace_back(std::move(body));
    out.append("consumes", media_types(content));
  }
  doc::Object answers;
  for (const auto& [status, answer] : operation["responses"].as_object()) {
    doc::Object entry{{"description", answer["description"]}};
    if (answer["content"].is_object()) entry.append("schema", schema_v2(first_schema(answer["content"])));
    answers.append(status, std::move(entry));
  }
  out.append("produces", media_types(operation["responses"]["200"]["content"]));
  if (!parameters.empty()) out.append("parameters", std::move(parameters));
  out.append("responses", std::move(answers));
  for (const auto& [key, value] : operation.as_object()) {
    if (key != "parameters" && key != "requestBody" && key != "responses") out.append(key, value);
  }
  return out;
}

}  // namespace

void Swagger::add(const doc::Value& document_v3) {
  for (const auto& [path, item] : document_v3["paths"].as_object()) {
    doc::Object entry;
    for (const auto& [key, value] : item.as_object()) {
      entry.append(key, key == "parameters" ? doc::Value(parameters_v2(value)) : doc::Value(operation_v2(value)));
    }
    paths_.append(path, std::move(entry));
  }
  std::set<std::string_view> known;
  for (const auto& [name, schema] : definitions_) known.insert(name);
  doc::Object fresh;
  for (const auto& [name, schema] : document_v3["components"]["schemas"].as_object()) {
    if (!known.contains(name)) fresh.append(name, schema_v2(schema));
  }
  known.clear();
  for (auto& [name, schema] : fresh) definitions_.append(name, std::move(schema));
}

doc::Value Swagger::take() {
  doc::Object out{{"swagger", "2.0"},
                  {"info", doc::Object{{"title", "Kubernetes"}, {"version", discovery::git_version()}}}};
  out.append("paths", std::move(paths_));
  out.append("definitions", std::move(definitions_));
  return out;
}

}  // namespace slipway::objects::openapi
