#include <algorithm>
#include <iterator>

#include "objects/crd/checks.hpp"
#include "objects/crd/openapi.hpp"
#include "objects/schema/decode.hpp"

namespace slipway::objects::crd {

using validation::Problems;

namespace {

class DefaultCheck {
 public:
  explicit DefaultCheck(const std::string& path) : path_(path) {}

  void visit(const doc::Value& schema, const Node& node, bool inside_metadata) {
    if (node.embedded_resource) inside_metadata = false;
    if (!schema["default"].is_null()) check(schema["default"], node, inside_metadata);
    if (node.items) {
      const auto step = path_.child("items");
      visit(schema["items"], *node.items, inside_metadata);
    }
    if (!schema["properties"].is_object()) return;
    const auto step = path_.child("properties");
    const bool resource = node.embedded_resource || is_root_;
    is_root_ = false;
    for (const auto& [name, property] : schema["properties"].as_object()) {
      const auto member = node.properties.find(name);
      if (member == node.properties.end()) continue;
      const bool names_it = name == "metadata" || name == "apiVersion" || name == "kind";
      const auto down = path_.key(name);
      visit(property, *member->second, inside_metadata || (resource && names_it));
    }
  }

  Problems problems;

 private:
  void check(const doc::Value& value, const Node& node, bool inside_metadata) {
    const std::string at = path_.child_text("default");
    if (!inside_metadata && node.type) {
      doc::Value pruned = value;
      schema::prune(pruned, *node.type);
      if (!(pruned == value)) problems.push_back(validation::invalid(at, value, "must not have unknown fields"));
      if (Problems found = check_embedded(value, node, node.embedded_resource, at); !found.empty()) return add(found);
    }
    if (Problems found = check_value(value, node, nullptr, at); !found.empty()) return add(found);
    expr::cel::Budget budget;
    RuleFindings as_update = check_rules(value, node, &value, false, at, budget);
    if (!as_update.problems.empty()) return add(as_update.problems);
    add(check_rules(value, node, nullptr, false, at, budget).problems);
  }

  void add(const Problems& found) { std::ranges::copy(found, std::back_inserter(problems)); }

  Path path_;
  bool is_root_ = true;
};

}  // namespace

Problems check_defaults(const doc::Value& schema, const std::string& path, const Node& compiled) {
  DefaultCheck check(path);
  check.visit(schema, compiled, false);
  return std::move(check.problems);
}

}  // namespace slipway::objects::crd
