#include "objects/openapi/gnostic.hpp"

#include <bit>
#include <cstdint>

namespace slipway::objects::openapi {
namespace {

using doc::Value;

// Writes the fields of one message; what a field may be missing is left out where it is null.
class Message {
 public:
  void text(std::uint32_t number, const Value& value) {
    if (value.is_string() && !value.as_string().empty()) bytes(number, value.as_string());
  }
  void texts(std::uint32_t number, const Value& values) {
    if (!values.is_array()) return;
    for (const Value& value : values.as_array()) bytes(number, value.string_or(""));
  }
  void flag(std::uint32_t number, const Value& value) {
    if (value.bool_or(false)) whole(number, 1);
  }
  void integer(std::uint32_t number, const Value& value) {
    if (value.is_int()) whole(number, static_cast<std::uint64_t>(value.as_int()));
  }
  void real(std::uint32_t number, const Value& value) {
    if (!value.is_number()) return;
    varint(number << 3 | 1);
    const auto bits = std::bit_cast<std::uint64_t>(value.as_double());
    for (int i = 0; i < 8; ++i) out_ += static_cast<char>(bits >> (8 * i));
  }
  void whole(std::uint32_t number, std::uint64_t value) {
    varint(number << 3);
    varint(value);
  }
  void bytes(std::uint32_t number, std::string_view value) {
    varint(number << 3 | 2);
    varint(value.size());
    out_ += value;
  }
  void message(std::uint32_t number, const Message& inner) { bytes(number, inner.out_); }
  std::string take() { return std::move(out_); }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
    out_ += static_cast<char>(value);
  }
  std::string out_;
};

// Any value as YAML, of which JSON is a part.
Message any(const Value& value) {
  Message out;
  out.bytes(2, doc::render_json(value));
  return out;
}

template <class Inner>
Message named(std::string_view name, const Inner& inner) {
  Message out;
  out.bytes(1, name);
  out.message(2, inner);
  return out;
}

Message wrapped(std::uint32_t number, const Message& inner) {
  Message out;
  out.message(number, inner);
  return out;
}

void add_extensions(Message& out, std::uint32_t number, const Value& object) {
  for (const auto& [key, value] : object.as_object()) {
    if (key.starts_with("x-")) out.message(number, named(key, any(value)));
  }
}

Message schema(const Value& value);

Message named_schemas(const Value& schemas) {
  Message out;
  for (const auto& [name, one] : schemas.as_object()) out.message(1, named(name, schema(one)));
  return out;
}

void add_limits(Message& out, const Value& value) {
  out.real(6, value["multipleOf"]);
  out.real(7, value["maximum"]);
  out.flag(8, value["exclusiveMaximum"]);
  out.real(9, value["minimum"]);
  out.flag(10, value["exclusiveMinimum"]);
  out.integer(11, value["maxLength"]);
  out.integer(12, value["minLength"]);
  out.text(13, value["pattern"]);
  out.integer(14, value["maxItems"]);
  out.integer(15, value["minItems"]);
  out.flag(16, value["uniqueItems"]);
  out.integer(17, value["maxProperties"]);
  out.integer(18, value["minProperties"]);
  out.texts(19, value["required"]);
}

Message schema(const Value& value) {
  Message out;
  if (!value.is_object()) return out;
  out.text(1, value["$ref"]);
  out.text(2, value["format"]);
  out.text(3, value["title"]);
  out.text(4, value["description"]);
  if (value.as_object().contains("default")) out.message(5, any(value["default"]));
  add_limits(out, value);
  if (value["enum"].is_array()) {
    for (const Value& one : value["enum"].as_array()) out.message(20, any(one));
  }
  if (const Value& more = value["additionalProperties"]; more.is_object()) {
    out.message(21, wrapped(1, schema(more)));
  } else if (more.is_bool()) {
    Message allowed;
    allowed.whole(2, more.as_bool() ? 1 : 0);
    out.message(21, allowed);
  }
  if (value["type"].is_string()) {
    Message type;
    type.text(1, value["type"]);
    out.message(22, type);
  }
  if (value["items"].is_object()) out.message(23, wrapped(1, schema(value["items"])));
  if (value["properties"].is_object()) out.message(25, named_schemas(value["properties"]));
  add_extensions(out, 31, value);
  return out;
}

// BodyParameter, or PathParameterSubSchema and QueryParameterSubSchema, which differ in where the type stands.
Message parameter(const Value& value) {
  const std::string place = value["in"].string_or("");
  Message inner;
  if (place == "body") {
    inner.text(1, value["description"]);
    inner.text(2, value["name"]);
    inner.text(3, value["in"]);
    inner.flag(4, value["required"]);
    inner.message(5, schema(value["schema"]));
    return wrapped(1, wrapped(1, inner));
  }
  inner.flag(1, value["required"]);
  inner.text(2, value["in"]);
  inner.text(3, value["description"]);
  inner.text(4, value["name"]);
  inner.text(place == "path" ? 5 : 6, value["type"]);
  return wrapped(1, wrapped(2, wrapped(place == "path" ? 4 : 3, inner)));
}

void add_parameters(Message& out, std::uint32_t number, const Value& parameters) {
  if (!parameters.is_array()) return;
  for (const Value& one : parameters.as_array()) out.message(number, parameter(one));
}

Message answers(const Value& all) {
  Message out;
  for (const auto& [status, answer] : all.as_object()) {
    Message inner;
    inner.text(1, answer["description"]);
    if (answer["schema"].is_object()) inner.message(2, wrapped(1, schema(answer["schema"])));
    out.message(1, named(status, wrapped(1, inner)));
  }
  return out;
}

Message operation(const Value& value) {
  Message out;
  out.texts(1, value["tags"]);
  out.text(3, value["description"]);
  out.text(5, value["operationId"]);
  out.texts(6, value["produces"]);
  out.texts(7, value["consumes"]);
  add_parameters(out, 8, value["parameters"]);
  out.message(9, answers(value["responses"]));
  add_extensions(out, 13, value);
  return out;
}

Message path_item(const Value& value) {
  constexpr std::pair<std::string_view, std::uint32_t> methods[] = {
      {"get", 2}, {"put", 3}, {"post", 4}, {"delete", 5}, {"options", 6}, {"head", 7}, {"patch", 8}};
  Message out;
  for (const auto& [method, number] : methods) {
    if (value[method].is_object()) out.message(number, operation(value[method]));
  }
  add_parameters(out, 9, value["parameters"]);
  return out;
}

}  // namespace

std::string encode_gnostic_v2(const Value& swagger) {
  Message out;
  out.text(1, swagger["swagger"]);
  Message info;
  info.text(1, swagger["info"]["title"]);
  info.text(2, swagger["info"]["version"]);
  out.message(2, info);
  Message paths;
  for (const auto& [path, item] : swagger["paths"].as_object()) paths.message(2, named(path, path_item(item)));
  out.message(8, paths);
  out.message(9, named_schemas(swagger["definitions"]));
  return out.take();
}

}  // namespace slipway::objects::openapi
