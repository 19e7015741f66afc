#include "objects/crd/extensions.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace slipway::objects::crd {

using validation::Problems;

namespace {

constexpr std::array<std::string_view, 2> map_types{"atomic", "granular"};
constexpr std::array<std::string_view, 3> list_types{"atomic", "set", "map"};

std::string text(const doc::Value& schema, std::string_view key) { return schema[key].string_or(""); }

class ExtensionCheck {
 public:
  ExtensionCheck(const doc::Value& schema, const Path& path)
      : schema_(schema), path_(path), type_(text(schema, "type")), list_type_(schema["x-kubernetes-list-type"]) {}

  Problems run() {
    const doc::Value& preserve = schema_["x-kubernetes-preserve-unknown-fields"];
    if (preserve.is_bool() && !preserve.as_bool())
      invalid("x-kubernetes-preserve-unknown-fields", false, "must be true or undefined");
    check_map_type();
    check_list_type();
    check_keys();
    check_items();
    return std::move(problems_);
  }

 private:
  void invalid(std::string_view key, const doc::Value& value, std::string sentence) {
    problems_.push_back(validation::invalid(path_.child_text(key), value, std::move(sentence)));
  }
  void required(std::string_view key, std::string sentence) {
    problems_.push_back(validation::required(path_.child_text(key), std::move(sentence)));
  }
  void must_be_of_type(std::string_view wanted, const std::string& extension) {
    if (type_ == wanted) return;
    const std::string sentence = "must be " + std::string(wanted) + " if " + extension + " is specified";
    if (type_.empty()) {
      required("type", sentence);
    } else {
      invalid("type", type_, sentence);
    }
  }

  void check_map_type() {
    const doc::Value& map_type = schema_["x-kubernetes-map-type"];
    if (map_type.is_null()) return;
    must_be_of_type("object", "x-kubernetes-map-type");
    if (std::ranges::find(map_types, map_type.string_or("")) == map_types.end()) {
      problems_.push_back(validation::not_supported(path_.child_text("x-kubernetes-map-type"), map_type, map_types));
    }
  }

  void check_list_type() {
    if (list_type_.is_null()) return;
    must_be_of_type("array", "x-kubernetes-list-type");
    const std::string list_type = list_type_.string_or("");
    if (type_ == "array" && list_type == "set") check_set(schema_["items"]);
    if (std::ranges::find(list_types, list_type) == list_types.end()) {
      problems_.push_back(
          validation::not_supported(path_.child_text("x-kubernetes-list-type"), list_type_, list_types));
    }
  }

  void check_set(const doc::Value& items) {
    const std::string type = text(items, "type");
    const std::string sentence = "must be atomic as item of a list with x-kubernetes-list-type=set";
    const doc::Value& inner = items["x-kubernetes-list-type"];
    if (type == "array" && !inner.is_null() && inner.string_or("") != "atomic")
      invalid("items.x-kubernetes-list-type", inner, sentence);
    if (type == "object" && text(items, "x-kubernetes-map-type") != "atomic")
      invalid("items.x-kubernetes-map-type", inner, sentence);
  }

  void check_keys() {
    const doc::Value& keys = schema_["x-kubernetes-list-map-keys"];
    const std::string list_type = list_type_.string_or("");
    if (keys.size() > 0 && list_type != "map") {
      const std::string sentence = "must be map if x-kubernetes-list-map-keys is non-empty";
      if (list_type_.is_null()) {
        required("x-kubernetes-list-type", sentence);
      } else {
        invalid("x-kubernetes-list-type", list_type_, sentence);
      }
    }
    if (list_type != "map") return;
    const doc::Value& items = schema_["items"];
    if (keys.size() == 0) required("x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map");
    if (items.is_null()) required("items", "must have a schema if x-kubernetes-list-type is map");
    if (items.is_array()) invalid("items", items, "must only have a single schema if x-kubernetes-list-type is map");
    if (!items.is_object()) return;
    if (text(items, "type") != "object") {
      invalid("items.type", text(items, "type"), "must be object if parent array's x-kubernetes-list-type is map");
      return;
    }
    std::set<std::string> seen;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::string key = keys[i].string_or("");
      const doc::Value& property = items["properties"][key];
      if (property.is_null())
        invalid("x-kubernetes-list-map-keys", keys, "entries must all be names of item properties");
      if (text(property, "type") == "array" || text(property, "type") == "object") {
        invalid("items.properties[" + key + "].type", "object",
                "must be a scalar type if parent array's x-kubernetes-list-type is map");
      }
      if (!seen.insert(key).second) invalid("x-kubernetes-list-map-keys", keys, "must not contain duplicate entries");
    }
  }

  // Elements of sets and lists of type map can be told apart.
  void check_items() {
    const std::string list_type = list_type_.string_or("");
    const doc::Value& items = schema_["items"];
    if (!items.is_object() || (list_type != "set" && list_type != "map")) return;
    const auto forbid = [&](const std::string& key, std::string sentence) {
      problems_.push_back(validation::forbidden(path_.child_text(key), std::move(sentence)));
    };
    if (items["nullable"].bool_or(false))
      forbid("items.nullable", "cannot be nullable when x-kubernetes-list-type is " + list_type);
    if (list_type != "map") return;
    const doc::Value& keys = schema_["x-kubernetes-list-map-keys"];
    const doc::Value& wanted = items["required"];
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::string key = keys[i].string_or("");
      const doc::Value& property = items["properties"][key];
      if (property.is_null()) continue;
      const bool is_required =
          wanted.is_array() && std::ranges::find(wanted.as_array(), doc::Value(key)) != wanted.as_array().end();
      const std::string at = "items.properties[" + key + "].";
      if (!is_required && property["default"].is_null()) {
        required(at + "default",
                 "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property");
      }
      if (property["nullable"].bool_or(false))
        forbid(at + "nullable", "this property is in x-kubernetes-list-map-keys, so it cannot be nullable");
    }
  }

  const doc::Value& schema_;
  const Path& path_;
  std::string type_;
  const doc::Value& list_type_;
  Problems problems_;
};

}  // namespace

Problems check_extensions(const doc::Value& schema, const Path& path) { return ExtensionCheck(schema, path).run(); }

}  // namespace slipway::objects::crd
