#include "objects/crd/structural.hpp"

#include <algorithm>
#include <array>

#include "objects/crd/path.hpp"
#include "objects/crd/pattern.hpp"

namespace slipway::objects::crd {

using validation::Problems;

namespace {

enum class Level { root, item, field };

bool is_set(const doc::Value& schema, std::string_view key) { return schema[key].bool_or(false); }
std::string text(const doc::Value& schema, std::string_view key) { return schema[key].string_or(""); }

// {anyOf: [{type: integer}, {type: string}]}, and nothing else in the two.
bool is_int_or_string(const doc::Value& any_of) {
  static const doc::Value pattern = doc::Array{doc::Object{{"type", "integer"}}, doc::Object{{"type", "string"}}};
  return any_of == pattern;
}

class StructuralCheck {
 public:
  StructuralCheck(const std::string& path, bool bundled) : path_(path), bundled_(bundled) {}

  void visit(const doc::Value& schema, Level level) {
    const std::string type = text(schema, "type");
    if (type == "array" && !schema["items"].is_object()) {
      problems.push_back(validation::required(path_.child_text("items"), "must be specified"));
    }
    if (schema["items"].is_object()) {
      const auto step = path_.child("items");
      visit(schema["items"], Level::item);
    }
    visit_properties(schema);
    const doc::Value& additional = schema["additionalProperties"];
    if (!additional.is_null() && level == Level::root)
      problems.push_back(
          validation::forbidden(path_.child_text("additionalProperties"), "must not be used at the root"));
    if (additional.is_object()) {
      const auto step = path_.child("additionalProperties");
      visit(additional, Level::field);
    }
    check_extensions(schema);
    const bool any_of = is_int_or_string(schema["anyOf"]);
    visit_logic(schema, any_of, is_int_or_string(schema["allOf"][std::size_t{0}]["anyOf"]));
    check_type(schema, type, level);
    check_metadata(schema, level);
    if (level == Level::root) visit_completeness(schema, schema, path_.text(), path_.text());
  }

  Problems problems;

 private:
  void visit_properties(const doc::Value& schema) {
    if (!schema["properties"].is_object()) return;
    const auto step = path_.child("properties");
    for (const auto& [name, property] : schema["properties"].as_object()) {
      const auto down = path_.key(name);
      visit(property, Level::field);
    }
  }

  void check_extensions(const doc::Value& schema) {
    if (!is_set(schema, "x-kubernetes-int-or-string")) return;
    for (const char* other : {"x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"}) {
      if (is_set(schema, other)) {
        problems.push_back(
            validation::invalid(path_.child_text(other), true, "must be false if x-kubernetes-int-or-string is true"));
      }
    }
  }

  void check_type(const doc::Value& schema, const std::string& type, Level level) {
    const bool embedded = is_set(schema, "x-kubernetes-embedded-resource");
    const std::string field = path_.child_text("type");
    if (embedded && type != "object") {
      const std::string why = "must be object if x-kubernetes-embedded-resource is true";
      problems.push_back(type.empty() ? validation::required(field, why) : validation::invalid(field, type, why));
    } else if (type.empty() && !is_set(schema, "x-kubernetes-int-or-string") &&
               !is_set(schema, "x-kubernetes-preserve-unknown-fields")) {
      problems.push_back(validation::required(field, level == Level::root ? "must not be empty at the root"
                                                     : level == Level::item
                                                         ? "must not be empty for specified array items"
                                                         : "must not be empty for specified object fields"));
    }
    if (embedded && !schema["additionalProperties"].is_null()) {
      problems.push_back(validation::forbidden(path_.child_text("additionalProperties"),
                                               "must not be used if x-kubernetes-embedded-resource is set"));
    }
    if (level == Level::root && !type.empty() && type != "object")
      problems.push_back(validation::invalid(field, type, "must be object at the root"));
    if (embedded && !is_set(schema, "x-kubernetes-preserve-unknown-fields") && schema["properties"].size() == 0) {
      problems.push_back(validation::required(path_.child_text("properties"),
                                              "must not be empty if x-kubernetes-embedded-resource is true without "
                                              "x-kubernetes-preserve-unknown-fields"));
    }
  }

  void check_metadata(const doc::Value& schema, Level level) {
    const bool resource = level == Level::root || is_set(schema, "x-kubernetes-embedded-resource");
    if (!resource) return;
    const doc::Value& properties = schema["properties"];
    const std::string at = path_.child_text("properties");
    for (const char* name : {"kind", "apiVersion"}) {
      if (!properties[name].is_null() && text(properties[name], "type") != "string") {
        problems.push_back(
            validation::invalid(at + "[" + name + "].type", text(properties[name], "type"), "must be string"));
      }
    }
    const doc::Value& metadata = properties["metadata"];
    if (metadata.is_null()) return;
    if (text(metadata, "type") != "object")
      problems.push_back(validation::invalid(at + "[metadata].type", text(metadata, "type"), "must be object"));
    if (level == Level::root && !bundled_ && !restricts_names_only(metadata)) {
      problems.push_back(validation::forbidden(
          at + "[metadata]",
          "must not specify anything other than name and generateName, but metadata is implicitly specified"));
    }
  }

  // What says nothing in Go, where a zero is no value, is no restriction.
  static bool restricts_names_only(const doc::Value& metadata) {
    if (!metadata.is_object()) return false;
    for (const auto& [key, value] : metadata.as_object()) {
      if (key == "type" || key == "default") continue;
      const bool empty = value.is_null() || (value.is_bool() && !value.as_bool()) ||
                         (value.is_string() && value.as_string().empty()) || (value.is_array() && value.size() == 0) ||
                         (value.is_object() && value.size() == 0 && key == "properties");
      if (empty) continue;
      if (key != "properties" || !value.is_object()) return false;
      for (const auto& [name, property] : value.as_object()) {
        if (name != "name" && name != "generateName") return false;
      }
    }
    return true;
  }

  void visit_logic(const doc::Value& schema, bool skip_any_of, bool skip_first_all_of) {
    if (!skip_any_of) visit_nested_list(schema, "anyOf", false);
    visit_nested_list(schema, "allOf", skip_first_all_of);
    visit_nested_list(schema, "oneOf", false);
    if (schema["not"].is_object()) {
      const auto step = path_.child("not");
      visit_nested(schema["not"], false);
    }
    const std::string pattern = text(schema, "pattern");
    if (pattern.empty()) return;
    if (const auto parsed = Pattern::parse(pattern); !parsed) {
      problems.push_back(
          validation::invalid(path_.child_text("pattern"), pattern,
                              "must be a valid regular expression, but isn't: " + parsed.error().message));
    }
  }

  void visit_nested_list(const doc::Value& schema, std::string_view junctor, bool skip_any_of_in_first) {
    const doc::Value& list = schema[junctor];
    for (std::size_t i = 0; list.is_array() && i < list.size(); ++i) {
      const auto step = path_.child(junctor);
      const auto down = path_.index(i);
      visit_nested(list[i], skip_any_of_in_first && i == 0);
    }
  }

  // Inside logic there are values only, no structure.
  void visit_nested(const doc::Value& schema, bool skip_any_of) {
    visit_logic(schema, skip_any_of, false);
    if (schema["items"].is_object()) {
      const auto step = path_.child("items");
      visit_nested(schema["items"], false);
    }
    if (schema["properties"].is_object()) {
      const auto step = path_.child("properties");
      for (const auto& [name, property] : schema["properties"].as_object()) {
        const auto down = path_.key(name);
        visit_nested(property, false);
      }
    }
    const auto refuse = [&](std::string_view key, const char* sentence) {
      problems.push_back(validation::forbidden(path_.child_text(key), sentence));
    };
    for (const char* key : {"type", "title", "description"}) {
      if (!text(schema, key).empty()) refuse(key, "must be empty to be structural");
    }
    if (!schema["additionalProperties"].is_null()) refuse("additionalProperties", "must be undefined to be structural");
    if (!schema["default"].is_null()) refuse("default", "must be undefined to be structural");
    for (const char* key : {"nullable", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource",
                            "x-kubernetes-int-or-string"}) {
      if (is_set(schema, key)) refuse(key, "must be false to be structural");
    }
    for (const char* key : {"x-kubernetes-list-map-keys", "x-kubernetes-validations"}) {
      if (schema[key].size() > 0) refuse(key, "must be empty to be structural");
    }
    for (const char* key : {"x-kubernetes-list-type", "x-kubernetes-map-type"}) {
      if (!schema[key].is_null()) refuse(key, "must be undefined to be structural");
    }
    if (!schema["properties"]["metadata"].is_null()) {
      problems.push_back(
          validation::forbidden(path_.child_text("properties[metadata]"), "must not be specified in a nested context"));
    }
  }

  // Every part that logic speaks of is a part of the structure.
  void visit_completeness(const doc::Value& logic, const doc::Value& structure, const std::string& at,
                          const std::string& from) {
    if (logic["not"].is_object()) visit_nested_completeness(logic["not"], structure, at, from + ".not");
    for (const char* junctor : {"allOf", "anyOf", "oneOf"}) {
      const doc::Value& list = logic[junctor];
      for (std::size_t i = 0; list.is_array() && i < list.size(); ++i)
        visit_nested_completeness(list[i], structure, at, from + "." + junctor + "[" + std::to_string(i) + "]");
    }
  }

  void visit_nested_completeness(const doc::Value& nested, const doc::Value& structure, const std::string& at,
                                 const std::string& from) {
    if (structure.is_null()) {
      problems.push_back(validation::required(at, "because it is defined in " + from));
      return;
    }
    visit_completeness(nested, structure, at, from);
    if (nested["items"].is_object())
      visit_nested_completeness(nested["items"], structure["items"], at + ".items", from + ".items");
    if (!nested["properties"].is_object()) return;
    for (const auto& [name, property] : nested["properties"].as_object()) {
      const std::string step = ".properties[" + name + "]";
      visit_nested_completeness(property, structure["properties"][name], at + step, from + step);
    }
  }

  Path path_;
  bool bundled_;
};

}  // namespace

std::string what_has_no_structure(const doc::Value& schema) {
  if (!schema.is_object()) return "";
  if (schema["items"].is_array()) return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  if (schema["x-kubernetes-preserve-unknown-fields"].is_bool() &&
      !is_set(schema, "x-kubernetes-preserve-unknown-fields"))
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  for (const char* key : {"id", "$schema", "$ref", "additionalItems"}) {
    const doc::Value& value = schema[key];
    if (value.is_null() || (value.is_string() && value.as_string().empty())) continue;
    return "OpenAPIV3Schema '" + std::string(key == std::string_view("$schema") ? "schema" : key) +
           "' is not supported";
  }
  for (const char* key : {"patternProperties", "dependencies", "definitions"}) {
    if (schema[key].size() > 0) return "OpenAPIV3Schema '" + std::string(key) + "' is not supported";
  }
  for (const char* key : {"items", "additionalProperties", "not"}) {
    if (std::string found = what_has_no_structure(schema[key]); !found.empty()) return found;
  }
  for (const char* key : {"allOf", "anyOf", "oneOf"}) {
    for (std::size_t i = 0; schema[key].is_array() && i < schema[key].size(); ++i) {
      if (std::string found = what_has_no_structure(schema[key][i]); !found.empty()) return found;
    }
  }
  if (!schema["properties"].is_object()) return "";
  for (const auto& [name, property] : schema["properties"].as_object()) {
    if (std::string found = what_has_no_structure(property); !found.empty()) return found;
  }
  return "";
}

Problems check_structural(const doc::Value& schema, const std::string& path, bool bundled) {
  StructuralCheck check(path, bundled);
  check.visit(schema, Level::root);
  std::ranges::sort(check.problems, {}, &validation::Problem::message);
  return std::move(check.problems);
}

}  // namespace slipway::objects::crd
