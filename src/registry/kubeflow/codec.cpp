#include "registry/kubeflow/codec.hpp"

#include <algorithm>
#include <charconv>

namespace slipway::registry::kubeflow {
namespace {

std::string_view json_name(const doc::Value& value) {
  switch (value.type()) {
    case doc::Type::boolean:
      return "bool";
    case doc::Type::integer:
    case doc::Type::number:
      return "number";
    case doc::Type::array:
      return "array";
    case doc::Type::object:
      return "object";
    case doc::Type::string:
      return "string";
    case doc::Type::null:
      break;
  }
  return "null";
}

std::unexpected<Error> refuse(std::string message) { return fail(Code::invalid_argument, std::move(message)); }

// The sentence of Go's encoding/json.
std::unexpected<Error> mistyped(const doc::Value& value, const Schema& schema, std::string_view field,
                                std::string_view go_type) {
  return refuse("json: cannot unmarshal " + std::string(json_name(value)) + " into Go struct field " +
                std::string(schema.go_type) + "." + std::string(field) + " of type " + std::string(go_type));
}

bool is_integer_text(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

Result<doc::Value> decode_field(const Schema& schema, const Field& field, const doc::Value& value) {
  switch (field.type) {
    case FieldType::text:
      if (!value.is_string()) break;
      return value;
    case FieldType::milliseconds:
      if (!value.is_string()) break;
      if (!value.as_string().empty() && !is_integer_text(value.as_string())) {
        return refuse(std::string(field.name) + " must be milliseconds since the epoch, not \"" + value.as_string() +
                      "\"");
      }
      return value;
    case FieldType::text_list:
      if (!value.is_array()) break;
      for (const auto& item : value.as_array()) {
        if (!item.is_string()) return mistyped(item, schema, field.name, "string");
      }
      return value;
    case FieldType::number:
      if (!value.is_number()) break;
      return value;
    case FieldType::integer:
      if (value.is_int()) return value;
      if (value.is_string() && is_integer_text(value.as_string())) {
        std::int64_t number = 0;
        std::from_chars(value.as_string().data(), value.as_string().data() + value.as_string().size(), number);
        return number;
      }
      break;
    case FieldType::choice:
      if (!value.is_string()) break;
      if (std::ranges::find(field.choices, value.as_string()) == field.choices.end()) {
        return refuse(value.as_string() + " is not a valid " + std::string(field.go_type));
      }
      return value;
  }
  return mistyped(value, schema, field.name, field.go_type);
}

// {"key": {"metadataType": "MetadataStringValue", "string_value": "x"}}: the value's type must be what it says.
Result<> check_properties(const Schema& schema, const doc::Value& properties) {
  if (!properties.is_object()) return mistyped(properties, schema, "customProperties", "map[string]MetadataValue");
  for (const auto& [key, value] : properties.as_object()) {
    const auto type = value["metadataType"].string_or("");
    bool fine = false;
    if (type == "MetadataStringValue") fine = value["string_value"].is_string();
    if (type == "MetadataIntValue")
      fine = value["int_value"].is_string() && is_integer_text(value["int_value"].as_string());
    if (type == "MetadataDoubleValue") fine = value["double_value"].is_number();
    if (type == "MetadataBoolValue") fine = value["bool_value"].is_bool();
    if (type == "MetadataStructValue") fine = value["struct_value"].is_string();
    if (type == "MetadataProtoValue") fine = value["type"].is_string() && value["proto_value"].is_string();
    if (!fine) return refuse("customProperties." + key + " is not a valid MetadataValue");
  }
  return {};
}

bool has_null_byte(const doc::Value& value) {
  if (value.is_string()) return value.as_string().find('\0') != std::string::npos;
  if (value.is_array()) return std::ranges::any_of(value.as_array(), has_null_byte);
  if (!value.is_object()) return false;
  return std::ranges::any_of(value.as_object(), [](const auto& member) {
    return member.first.find('\0') != std::string::npos || has_null_byte(member.second);
  });
}

bool is_identity(std::string_view key) {
  return key == "id" || key == "createTimeSinceEpoch" || key == "lastUpdateTimeSinceEpoch";
}

std::string_view reason_of(int status) {
  switch (status) {
    case 400:
    case 422:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 409:
      return "Conflict";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

Result<Draft> decode(const Schema& schema, const doc::Value& body, BodyKind kind, bool lenient) {
  if (!body.is_object()) {
    return refuse("json: cannot unmarshal " + std::string(json_name(body)) + " into Go value of type openapi." +
                  std::string(schema.go_type));
  }
  if (has_null_byte(body)) return refuse("null bytes are not allowed");
  Draft draft;
  const bool updating = kind == BodyKind::update;
  for (const auto& [key, value] : body.as_object()) {
    const auto field = std::ranges::find(schema.fields, key, &Field::name);
    const bool is_parent = !schema.parent.empty() && key == schema.parent;
    const bool shown_only = schema.is_artifact() && (key == "experimentId" || key == "experimentRunId");
    if (key == "artifactType" && schema.is_artifact()) continue;  // looked at by artifact_schema_of
    if (updating && (is_identity(key) || key == "name" || is_parent || shown_only)) continue;
    if (kind == BodyKind::full && (shown_only || (is_identity(key) && key != "id"))) continue;
    if (field != schema.fields.end()) {
      if (value.is_null()) continue;
      TRY_ASSIGN(auto decoded, decode_field(schema, *field, value));
      draft.fields.set(key, std::move(decoded));
    } else if (key == "customProperties") {
      if (value.is_null()) continue;
      TRY(check_properties(schema, value));
      draft.fields.set(key, value);
    } else if (key == "name" || key == "externalId" || is_parent || (key == "id" && kind == BodyKind::full)) {
      if (value.is_null()) continue;
      if (!value.is_string()) return mistyped(value, schema, key, "string");
      auto& target = key == "name"         ? draft.name
                     : key == "externalId" ? draft.external_id
                     : is_parent           ? draft.parent
                                           : draft.id;
      target = value.as_string();
    } else if (!lenient) {
      return refuse("json: unknown field \"" + key + "\"");
    }
  }
  if (updating || draft.id) return draft;
  const auto required = [](std::string_view name) {
    return fail(Code::failed_precondition, "required field '" + std::string(name) + "' is zero value.");
  };
  if (schema.named && draft.name.value_or("").empty()) return required("name");
  if (!schema.parent.empty() && draft.parent.value_or("").empty()) return required(schema.parent);
  return draft;
}

Result<const Schema*> artifact_schema_of(const doc::Value& body) {
  const auto& type = body["artifactType"];
  if (!type.is_string()) return refuse("artifactType is missing: bad request");
  const auto* schema = find_artifact_schema(type.as_string());
  if (schema == nullptr) return refuse("unknown artifactType \"" + type.as_string() + "\": bad request");
  return schema;
}

doc::Value render(const Entity& entity, Dialect dialect) {
  const auto& schema = schema_of(entity.kind);
  doc::Object out;
  out.set("customProperties", doc::Object{});
  for (const auto& field : schema.fields) {
    if (!field.fallback.empty()) out.set(field.name, field.fallback);
  }
  for (const auto& [key, value] : entity.fields) out.set(key, value);
  if (dialect == Dialect::v1 && out.contains("step")) out.set("step", std::to_string(out["step"].int_or(0)));
  out.set("id", std::to_string(entity.id));
  out.set("name", entity.name);
  if (!entity.external_id.empty()) out.set("externalId", entity.external_id);
  out.set("createTimeSinceEpoch", std::to_string(entity.created));
  out.set("lastUpdateTimeSinceEpoch", std::to_string(entity.updated));
  if (!schema.parent.empty() && entity.parent) out.set(schema.parent, std::to_string(*entity.parent));
  if (schema.is_artifact()) {
    out.set("artifactType", schema.key);
    if (entity.parent && entity.parent_kind == EntityKind::experiment_run) {
      out.set("experimentRunId", std::to_string(*entity.parent));
      if (entity.grandparent) out.set("experimentId", std::to_string(*entity.grandparent));
    }
  }
  return out;
}

net::Response json_response(int status, const doc::Value& value) {
  net::Response response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json; charset=UTF-8"}};
  response.body = doc::render_json_canonical(value) + "\n";
  return response;
}

net::Response error_response(const Error& error) {
  int status = 500;
  switch (error.code) {
    case Code::invalid_argument:
      status = 400;
      break;
    case Code::not_found:
      status = 404;
      break;
    case Code::conflict:
    case Code::already_exists:
      status = 409;
      break;
    case Code::failed_precondition:
      status = 422;
      break;
    default:
      break;
  }
  return json_response(status, doc::Object{{"code", reason_of(status)}, {"message", error.message}});
}

}  // namespace slipway::registry::kubeflow
