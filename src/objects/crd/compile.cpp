#include "objects/crd/compile.hpp"

#include <algorithm>

#include "objects/crd/rules.hpp"
#include "objects/schema/builtin.hpp"

namespace slipway::objects::crd {

using schema::Field;
using schema::Merge;
using schema::Shape;
using schema::Type;

const Node* Node::find(std::string_view property) const {
  if (const auto at = properties.find(property); at != properties.end()) return at->second;
  return additional;
}

const doc::Value* find_by_keys(const doc::Array& list, const doc::Value& element,
                               const std::vector<std::string>& keys) {
  if (!element.is_object()) return nullptr;
  for (const doc::Value& candidate : list) {
    if (!candidate.is_object()) continue;
    if (std::ranges::all_of(keys, [&](const std::string& key) { return candidate[key] == element[key]; }))
      return &candidate;
  }
  return nullptr;
}

namespace {

const Type& object_meta() {
  static const Type& type = *schema::builtin().find_type("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  return type;
}

std::optional<double> number(const doc::Value& value) {
  return value.is_number() ? std::optional(value.as_double()) : std::nullopt;
}

std::optional<std::int64_t> whole(const doc::Value& value) {
  return value.is_int() ? std::optional(value.as_int()) : std::nullopt;
}

std::optional<std::uint64_t> size(const std::optional<std::int64_t>& value) {
  return value && *value >= 0 ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
}

std::vector<std::string> texts(const doc::Value& list) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < list.size() && list.is_array(); ++i) all.push_back(list[i].string_or(""));
  return all;
}

Shape shape_of(const doc::Value& schema, const std::string& type) {
  if (schema["x-kubernetes-int-or-string"].bool_or(false)) return Shape::int_or_string;
  if (type == "object") {
    const doc::Value& additional = schema["additionalProperties"];
    if (additional.is_object() || (additional.bool_or(false) && schema["properties"].size() == 0)) return Shape::map;
    return Shape::object;
  }
  if (type == "array") return Shape::list;
  if (type == "string") return Shape::string;
  if (type == "integer") return Shape::integer;
  if (type == "number") return Shape::number;
  if (type == "boolean") return Shape::boolean;
  return Shape::any;
}

}  // namespace

class Compiler {
 public:
  std::shared_ptr<const CompiledSchema> run(const doc::Value& schema) {
    auto made = std::make_shared<CompiledSchema>();
    made_ = made.get();
    any_ = &add_type(Shape::any);
    any_->preserve_unknown = true;
    text_ = &add_type(Shape::string);
    if (schema.is_object()) {
      made->root_ = structural(schema, true);
    } else {
      Node& node = made->nodes_.emplace_back();
      Type& type = add_type(Shape::object);
      type.preserve_unknown = true;
      imply_resource_fields(type, object_meta());
      node.type = &type;
      made->root_ = &node;
    }
    for (Node& node : made->nodes_) compile_rules(node);
    return made;
  }

 private:
  Type& add_type(Shape shape) {
    Type& type = made_->types_.emplace_back();
    type.shape = shape;
    return type;
  }

  const Node* structural(const doc::Value& schema, bool is_root) {
    const std::string name = schema["type"].string_or("");
    Type& type = add_type(shape_of(schema, name));
    Node& node = made_->nodes_.emplace_back();
    node.type = &type;
    read_values(node, schema);
    type.format = schema["format"].string_or("");
    type.nullable = node.nullable;
    type.preserve_unknown = schema["x-kubernetes-preserve-unknown-fields"].bool_or(false);
    type.embedded_resource = schema["x-kubernetes-embedded-resource"].bool_or(false);
    node.embedded_resource = type.embedded_resource;
    read_merge(type, schema);
    read_structure(node, type, schema);
    if (is_root || type.embedded_resource) imply_resource_fields(type, is_root ? metadata_of(schema) : object_meta());
    std::ranges::sort(type.fields, {}, &Field::name);
    keep_constraints(node, type, schema);
    return &node;
  }

  static void read_merge(Type& type, const doc::Value& schema) {
    const std::string list = schema["x-kubernetes-list-type"].string_or("");
    if (type.shape == Shape::list) {
      type.merge = list == "set" ? Merge::set : list == "map" ? Merge::by_key : Merge::atomic;
      if (list == "map") type.merge_keys = texts(schema["x-kubernetes-list-map-keys"]);
    } else if (schema["x-kubernetes-map-type"].string_or("") == "atomic") {
      type.merge = Merge::atomic;
    }
  }

  void read_structure(Node& node, Type& type, const doc::Value& schema) {
    if (type.shape == Shape::list) {
      type.element = any_;
      if (schema["items"].is_object()) {
        node.items = structural(schema["items"], false);
        type.element = node.items->type;
        node.has_rules |= node.items->has_rules;
      }
    }
    const doc::Value& additional = schema["additionalProperties"];
    if (additional.is_object()) {
      node.additional = structural(additional, false);
      node.has_rules |= node.additional->has_rules;
    }
    node.no_additional = additional.is_bool() && !additional.as_bool();
    if (type.shape == Shape::map) {
      type.element = node.additional ? node.additional->type : any_;
      return;
    }
    if (additional.bool_or(false)) type.preserve_unknown = true;
    if (!schema["properties"].is_object()) return;
    for (const auto& [name, property] : schema["properties"].as_object()) {
      const Node* member = structural(property, false);
      node.properties.emplace(name, member);
      node.has_rules |= member->has_rules;
      Field field;
      field.name = name;
      field.type = member->type;
      field.required = std::ranges::find(node.required, name) != node.required.end();
      if (!property["default"].is_null()) field.default_value = property["default"];
      field.keep_zero = true;
      type.fields.push_back(std::move(field));
    }
  }

  // An ObjectMeta, with the texts that the schema adds to it: only definitions that come with the program may
  // (check_structural), for formats whose metadata has more than Kubernetes' (OpenSLO).
  const Type& metadata_of(const doc::Value& schema) {
    std::vector<Field> more;
    const doc::Value& properties = schema["properties"]["metadata"]["properties"];
    for (const auto& [name, property] : properties.is_object() ? properties.as_object() : doc::Object()) {
      if (object_meta().find(name) == nullptr)
        more.push_back({.name = name, .type = text_, .default_value = {}, .patch_merge_key = {}, .description = {}});
    }
    if (more.empty()) return object_meta();
    Type& type = add_type(Shape::object);
    type.name = object_meta().name;
    type.fields = object_meta().fields;
    type.fields.insert(type.fields.end(), more.begin(), more.end());
    std::ranges::sort(type.fields, {}, &Field::name);
    return type;
  }

  // apiVersion, kind and metadata; whatever else the schema says of metadata, it is `meta`.
  void imply_resource_fields(Type& type, const Type& meta) {
    const auto imply = [&](std::string_view name, const Type& what) {
      const auto at =
          std::ranges::find(type.fields, name, [](const Field& field) { return std::string_view(field.name); });
      if (at == type.fields.end()) {
        type.fields.push_back(
            {.name = std::string(name), .type = &what, .default_value = {}, .patch_merge_key = {}, .description = {}});
      } else if (name == "metadata") {
        at->type = &what;
        at->default_value.reset();
      }
    };
    imply("apiVersion", *text_);
    imply("kind", *text_);
    imply("metadata", meta);
    std::ranges::sort(type.fields, {}, &Field::name);
  }

  // What is said of the value itself, and logic.
  void read_values(Node& node, const doc::Value& schema) {
    const std::string type = schema["type"].string_or("");
    if (schema["x-kubernetes-int-or-string"].bool_or(false)) {
      node.types = {"integer", "string"};
    } else if (!type.empty()) {
      node.types = {type};
    }
    node.nullable = schema["nullable"].bool_or(false);
    node.check_format = find_format(schema["format"].string_or(""));
    if (node.check_format) node.format = schema["format"].string_or("");
    node.minimum = number(schema["minimum"]);
    node.maximum = number(schema["maximum"]);
    node.multiple_of = number(schema["multipleOf"]);
    node.exclusive_minimum = schema["exclusiveMinimum"].bool_or(false);
    node.exclusive_maximum = schema["exclusiveMaximum"].bool_or(false);
    node.min_length = whole(schema["minLength"]);
    node.max_length = whole(schema["maxLength"]);
    node.min_items = whole(schema["minItems"]);
    node.max_items = whole(schema["maxItems"]);
    node.min_properties = whole(schema["minProperties"]);
    node.max_properties = whole(schema["maxProperties"]);
    node.pattern_text = schema["pattern"].string_or("");
    if (!node.pattern_text.empty()) {
      if (auto pattern = Pattern::parse(node.pattern_text)) node.pattern = std::move(*pattern);
    }
    if (schema["enum"].is_array()) node.enumeration = schema["enum"].as_array();
    node.unique_items = schema["uniqueItems"].bool_or(false);
    node.required = texts(schema["required"]);
    node.all_of = nested_list(schema["allOf"]);
    node.any_of = nested_list(schema["anyOf"]);
    node.one_of = nested_list(schema["oneOf"]);
    if (schema["not"].is_object()) node.none_of = nested(schema["not"]);
    read_rules(node, schema["x-kubernetes-validations"]);
  }

  std::vector<const Node*> nested_list(const doc::Value& list) {
    std::vector<const Node*> nodes;
    for (std::size_t i = 0; list.is_array() && i < list.size(); ++i) nodes.push_back(nested(list[i]));
    return nodes;
  }

  const Node* nested(const doc::Value& schema) {
    Node& node = made_->nodes_.emplace_back();
    read_values(node, schema);
    if (schema["items"].is_object()) node.items = nested(schema["items"]);
    if (schema["additionalProperties"].is_object()) node.additional = nested(schema["additionalProperties"]);
    node.no_additional = schema["additionalProperties"].is_bool() && !schema["additionalProperties"].as_bool();
    if (schema["properties"].is_object()) {
      for (const auto& [name, property] : schema["properties"].as_object())
        node.properties.emplace(name, nested(property));
    }
    return &node;
  }

  static void read_rules(Node& node, const doc::Value& rules) {
    for (std::size_t i = 0; rules.is_array() && i < rules.size(); ++i) {
      const doc::Value& given = rules[i];
      Rule rule;
      rule.rule = given["rule"].string_or("");
      rule.message = given["message"].string_or("");
      rule.message_expression = given["messageExpression"].string_or("");
      rule.reason = given["reason"].string_or("");
      rule.field_path = given["fieldPath"].string_or("");
      if (given["optionalOldSelf"].is_bool()) rule.optional_old_self = given["optionalOldSelf"].as_bool();
      node.rules.push_back(std::move(rule));
    }
    node.has_rules = !node.rules.empty();
  }

  static void keep_constraints(const Node& node, Type& type, const doc::Value& schema) {
    auto kept = std::make_unique<schema::Constraints>();
    kept->minimum = node.minimum;
    kept->maximum = node.maximum;
    kept->multiple_of = node.multiple_of;
    kept->exclusive_minimum = node.exclusive_minimum;
    kept->exclusive_maximum = node.exclusive_maximum;
    kept->min_length = size(node.min_length);
    kept->max_length = size(node.max_length);
    kept->min_items = size(node.min_items);
    kept->max_items = size(node.max_items);
    kept->min_properties = size(node.min_properties);
    kept->max_properties = size(node.max_properties);
    kept->pattern = node.pattern_text;
    kept->enumeration = node.enumeration;
    kept->unique_items = node.unique_items;
    doc::Object logic;
    for (const char* junctor : {"allOf", "anyOf", "oneOf", "not"}) {
      if (!schema[junctor].is_null()) logic.set(junctor, schema[junctor]);
    }
    if (!logic.empty()) kept->logic = std::move(logic);
    if (schema["x-kubernetes-validations"].is_array()) kept->rules = schema["x-kubernetes-validations"].as_array();
    kept->node = &node;
    type.constraints = std::move(kept);
  }

  CompiledSchema* made_ = nullptr;
  Type* any_ = nullptr;
  Type* text_ = nullptr;
};

std::shared_ptr<const CompiledSchema> compile(const doc::Value& openapi_schema) {
  return Compiler().run(openapi_schema);
}

}  // namespace slipway::objects::crd
