// The rules and sentences are those of k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation.

#include "objects/crd/openapi.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "objects/crd/extensions.hpp"
#include "objects/crd/path.hpp"
#include "objects/crd/rule_texts.hpp"
#include "objects/crd/rules.hpp"

namespace slipway::objects::crd {

using validation::Problems;

namespace {

constexpr std::array<std::string_view, 6> known_types{"array", "boolean", "integer", "number", "object", "string"};

std::string text(const doc::Value& schema, std::string_view key) { return schema[key].string_or(""); }
bool is_set(const doc::Value& schema, std::string_view key) { return schema[key].bool_or(false); }

bool names_resource(std::string_view property) {
  return property == "metadata" || property == "kind" || property == "apiVersion";
}

// What holds for a schema because of those around it.
struct Surroundings {
  bool is_root = false;
  bool inside_metadata = false;
  bool inside_logic = false;
  std::string no_defaults_because;  // "in top-level metadata"; empty: defaults are allowed
  std::string not_correlated_in;    // the first part around it whose old elements nobody can tell; empty: none
};

std::optional<std::int64_t> most_members(const doc::Value& schema) {
  const std::string type = text(schema, "type");
  const auto most = [&](const char* key) {
    return schema[key].is_int() ? std::optional(schema[key].as_int()) : std::nullopt;
  };
  if (type == "array") return most("maxItems");
  if (type == "object" && !schema["additionalProperties"].is_null()) return most("maxProperties");
  return 1;
}

class OpenApiCheck {
 public:
  explicit OpenApiCheck(const std::string& path) : path_(path) {}

  void visit(const doc::Value& schema, const Node* node, const Surroundings& around, const Cardinality& often) {
    if (!schema.is_object()) return;
    const std::size_t before = schema_problems_.size();
    check_what_is_allowed(schema, around);
    visit_additional(schema, node, around, often);
    visit_properties(schema, node, around, often);
    visit_logic(schema, around);
    visit_items(schema, node, around, often);
    add(check_extensions(schema, path_));
    add(check_rule_texts(schema, path_, node));
    if (schema_problems_.size() == before && node) check_rules(schema, *node, around, often);
  }

  Problems finish() && {
    Problems all = std::move(schema_problems_);
    std::ranges::move(rule_problems_, std::back_inserter(all));
    if (costs_.total <= RuleCosts::most_in_all) return all;
    for (const auto& [path, cost] : costs_.dearest) {
      all.push_back(validation::forbidden(
          path, "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"));
    }
    all.push_back(validation::forbidden(
        path_.text(), too_dear("x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema",
                               costs_.total, RuleCosts::most_in_all)));
    return all;
  }

 private:
  void add(Problems problems) { std::ranges::move(problems, std::back_inserter(schema_problems_)); }
  void forbid(std::string_view key, std::string sentence) {
    schema_problems_.push_back(validation::forbidden(path_.child_text(key), std::move(sentence)));
  }

  void check_what_is_allowed(const doc::Value& schema, const Surroundings& around) {
    const std::string type = text(schema, "type");
    if (!type.empty() && std::ranges::find(known_types, type) == known_types.end())
      schema_problems_.push_back(validation::not_supported(path_.child_text("type"), type, known_types));
    if (!schema["default"].is_null() && !around.no_defaults_because.empty())
      forbid("default", "must not be set " + around.no_defaults_because);
    for (const char* key : {"id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"}) {
      const doc::Value& value = schema[key];
      const bool empty = value.is_null() || (value.is_string() && value.as_string().empty() && key[0] == 'i') ||
                         (value.is_object() && value.size() == 0 && key[0] != 'a');
      if (!empty) forbid(key, std::string(key) + " is not supported");
    }
    if (type == "null") forbid("type", "type cannot be set to null, use nullable as an alternative");
    if (schema["items"].is_array() && schema["items"].size() > 0)
      forbid("items", "items must be a schema object and not an array");
    if (around.inside_metadata && is_set(schema, "x-kubernetes-embedded-resource"))
      forbid("x-kubernetes-embedded-resource", "must not be used inside of resource meta");
    if (is_set(schema, "uniqueItems"))
      forbid("uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
    const doc::Value& additional = schema["additionalProperties"];
    if (!additional.is_null() && schema["properties"].size() > 0 && !(additional.is_bool() && additional.as_bool()))
      forbid("additionalProperties", "additionalProperties and properties are mutual exclusive");
  }

  void visit_additional(const doc::Value& schema, const Node* node, Surroundings around, const Cardinality& often) {
    const doc::Value& additional = schema["additionalProperties"];
    if (!additional.is_object()) return;
    around.is_root = false;
    if (around.inside_metadata) around.no_defaults_because = "inside additionalProperties applying to object metadata";
    const auto step = path_.child("additionalProperties");
    visit(additional, node ? node->additional : nullptr, around, often.times(most_members(schema)));
  }

  void visit_properties(const doc::Value& schema, const Node* node, const Surroundings& around,
                        const Cardinality& often) {
    if (!schema["properties"].is_object()) return;
    const auto properties = path_.child("properties");
    const bool resource = around.is_root || is_set(schema, "x-kubernetes-embedded-resource");
    for (const auto& [name, property] : schema["properties"].as_object()) {
      Surroundings below = around;
      below.is_root = false;
      if (resource && names_resource(name)) {
        below.inside_metadata = true;
        if (around.is_root) below.no_defaults_because = "in top-level " + name;
      }
      const Node* child = nullptr;
      if (node) {
        const auto at = node->properties.find(name);
        child = at == node->properties.end() ? nullptr : at->second;
      }
      const auto step = path_.key(name);
      visit(property, child, below, often.times(most_members(schema)));
    }
  }

  void visit_logic(const doc::Value& schema, Surroundings around) {
    around.is_root = false;
    around.inside_logic = true;
    if (schema["not"].is_object()) {
      const auto step = path_.child("not");
      visit(schema["not"], nullptr, around, Cardinality::once());
    }
    for (const char* junctor : {"allOf", "oneOf", "anyOf"}) {
      const doc::Value& list = schema[junctor];
      const auto step = path_.child(junctor);
      for (std::size_t i = 0; list.is_array() && i < list.size(); ++i) {
        const auto down = path_.index(i);
        visit(list[i], nullptr, around, Cardinality::once());
      }
    }
  }

  void visit_items(const doc::Value& schema, const Node* node, Surroundings around, const Cardinality& often) {
    const doc::Value& items = schema["items"];
    around.is_root = false;
    if (text(schema, "x-kubernetes-list-type") != "map" && around.not_correlated_in.empty())
      around.not_correlated_in = path_.text();
    const auto step = path_.child("items");
    if (items.is_object()) visit(items, node ? node->items : nullptr, around, often.times(most_members(schema)));
    for (std::size_t i = 0; items.is_array() && i < items.size(); ++i) {
      const auto down = path_.index(i);
      visit(items[i], nullptr, around, often);
    }
  }

  void check_rules(const doc::Value& schema, const Node& node, const Surroundings& around, const Cardinality& often) {
    const auto list = path_.child("x-kubernetes-validations");
    for (std::size_t i = 0; i < node.rules.size(); ++i) {
      const Rule& rule = node.rules[i];
      const auto step = path_.index(i);
      const std::string bad = as_go(schema["x-kubernetes-validations"][i]);
      if (rule.program)
        costs_.observe(rule_problems_, path_.child_text("rule"), "estimated rule cost",
                       often.multiply(rule.program->estimated_cost(), *node.type));
      if (!rule.mistake.empty())
        rule_problems_.push_back({validation::Reason::invalid, path_.child_text("rule"), bad, rule.mistake});
      if (!rule.message_mistake.empty()) {
        rule_problems_.push_back(
            {validation::Reason::invalid, path_.child_text("messageExpression"), bad, rule.message_mistake});
      } else if (rule.message_program) {
        costs_.observe(rule_problems_, path_.child_text("messageExpression"), "estimated messageExpression cost",
                       rule.message_program->estimated_cost());
      }
      if (rule.uses_old_self) {
        if (!around.not_correlated_in.empty()) {
          rule_problems_.push_back(validation::invalid(
              path_.child_text("rule"), rule.rule,
              "oldSelf cannot be used on the uncorrelatable portion of the schema within " + around.not_correlated_in));
        }
      } else if (rule.optional_old_self && rule.program) {
        rule_problems_.push_back(validation::invalid(path_.child_text("optionalOldSelf"), *rule.optional_old_self,
                                                     "may not be set if oldSelf is not used in rule"));
      }
    }
  }

  Path path_;
  Problems schema_problems_, rule_problems_;
  RuleCosts costs_;
};

}  // namespace

Problems check_openapi(const doc::Value& schema, const std::string& path, const Node* compiled) {
  OpenApiCheck check(path);
  Surroundings root;
  root.is_root = true;
  check.visit(schema, compiled, root, Cardinality::once());
  return std::move(check).finish();
}

}  // namespace slipway::objects::crd
