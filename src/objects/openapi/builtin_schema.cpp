#include "objects/openapi/builtin_schema.hpp"

namespace slipway::objects::openapi {
namespace {

using schema::Field;
using schema::Merge;
using schema::Shape;
using schema::Type;

doc::Value one_of(std::string_view first, std::string_view second) {
  return doc::Array{doc::Object{{"type", first}}, doc::Object{{"type", second}}};
}

void add_type(doc::Object& out, std::string_view type, const std::string& format) {
  out.append("type", type);
  if (!format.empty()) out.append("format", format);
}

void add_list_rules(doc::Object& out, const Type& list) {
  const std::string_view how = list.merge == Merge::set ? "set" : list.merge == Merge::by_key ? "map" : "atomic";
  out.append("x-kubernetes-list-type", how);
  if (list.merge == Merge::by_key) {
    out.append("x-kubernetes-list-map-keys", doc::Array(list.merge_keys.begin(), list.merge_keys.end()));
  }
}

doc::Object shape_schema(const Type& type, const Refer& refer);

doc::Value schema_or_reference(const Type& type, const Refer& refer) {
  return type.name.empty() ? doc::Value(shape_schema(type, refer)) : refer(type);
}

void add_patch_rules(doc::Object& out, const Field& field) {
  std::string strategy;
  if (field.patch_merge) strategy = "merge";
  if (field.patch_replace) strategy = "replace";
  if (field.retain_keys) strategy += strategy.empty() ? "retainKeys" : ",retainKeys";
  if (!field.patch_merge_key.empty()) out.append("x-kubernetes-patch-merge-key", field.patch_merge_key);
  if (!strategy.empty()) out.append("x-kubernetes-patch-strategy", strategy);
}

doc::Value property(const Field& field, const Refer& refer) {
  const std::string_view description =
      field.description.empty() ? common_description(field.name) : std::string_view(field.description);
  doc::Object extra;
  if (!description.empty()) extra.append("description", description);
  if (field.default_value) extra.append("default", *field.default_value);
  add_patch_rules(extra, field);
  if (field.type->name.empty()) {
    doc::Object out = shape_schema(*field.type, refer);
    for (auto& [key, value] : extra) out.append(key, std::move(value));
    return out;
  }
  doc::Value reference = refer(*field.type);
  if (extra.empty()) return reference;
  // Beside $ref nothing counts.
  doc::Array all;
  all.push_back(std::move(reference));
  doc::Object out;
  out.append("allOf", std::move(all));
  for (auto& [key, value] : extra) out.append(key, std::move(value));
  return out;
}

void add_fields(doc::Object& out, const Type& type, const Refer& refer) {
  out.append("type", "object");
  doc::Object properties;
  doc::Array required;
  for (const Field& field : type.fields) {
    properties.append(field.name, property(field, refer));
    if (field.required) required.emplace_back(field.name);
  }
  if (!properties.empty()) out.append("properties", std::move(properties));
  if (!required.empty()) out.append("required", std::move(required));
  if (type.merge == Merge::atomic) out.append("x-kubernetes-map-type", "atomic");
}

doc::Object shape_schema(const Type& type, const Refer& refer) {
  doc::Object out;
  switch (type.shape) {
    case Shape::any:
      out.append("x-kubernetes-preserve-unknown-fields", true);
      break;
    case Shape::object:
      add_fields(out, type, refer);
      break;
    case Shape::map:
      out.append("type", "object");
      out.append("additionalProperties", schema_or_reference(*type.element, refer));
      if (type.merge == Merge::atomic) out.append("x-kubernetes-map-type", "atomic");
      break;
    case Shape::list:
      out.append("type", "array");
      out.append("items", schema_or_reference(*type.element, refer));
      add_list_rules(out, type);
      break;
    case Shape::integer:
      add_type(out, "integer", type.format);
      break;
    case Shape::number:
      add_type(out, "number", type.format);
      break;
    case Shape::boolean:
      add_type(out, "boolean", type.format);
      break;
    case Shape::int_or_string:
      out.append("format", "int-or-string");
      out.append("oneOf", one_of("integer", "string"));
      break;
    case Shape::quantity:
      out.append("oneOf", one_of("string", "number"));
      break;
    case Shape::string:
    case Shape::time:
    case Shape::micro_time:
    case Shape::duration:
    case Shape::bytes:
      add_type(out, "string", type.format);
      break;
  }
  return out;
}

}  // namespace

doc::Object builtin_schema(const Type& type, const Refer& refer) {
  doc::Object out = shape_schema(type, refer);
  if (!type.description.empty()) out.append("description", type.description);
  return out;
}

std::string_view common_description(std::string_view field) {
  if (field == "apiVersion") return "Group and version of the kind, like apps/v1.";
  if (field == "kind") return "What this is, in the singular and with a capital letter.";
  if (field == "metadata") return "Name, labels and what else all objects have.";
  return {};
}

}  // namespace slipway::objects::openapi
