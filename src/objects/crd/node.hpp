#pragma once
// Node: one schema of a CustomResourceDefinition as the checks of values want it: patterns, formats and rules compiled.
// The tree has the shape of the OpenAPI schema, logic (allOf, anyOf, ...) included; the structural part of it has a
// schema::Type beside each node. Inside of crd/.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/doc.hpp"
#include "expr/cel/program.hpp"
#include "objects/crd/formats.hpp"
#include "objects/crd/pattern.hpp"
#include "objects/schema/schema.hpp"

namespace slipway::objects::crd {

// One of x-kubernetes-validations.
struct Rule {
  std::string rule, message, message_expression;
  std::string reason;      // "FieldValueForbidden"; empty: FieldValueInvalid
  std::string field_path;  // "spec.labels[app]", below where the rule stands; empty: there
  std::optional<bool> optional_old_self;
  std::optional<expr::cel::Program> program;          // empty when `mistake` says why
  std::optional<expr::cel::Program> message_program;  // empty when there is no messageExpression, or a mistake in it
  std::string mistake, message_mistake;
  bool uses_old_self = false;
};

struct Node {
  const schema::Type* type = nullptr;  // null inside logic
  std::vector<std::string> types;      // "integer", "string"; empty: any
  bool nullable = false;
  bool embedded_resource = false;
  std::string format;  // only when it is checked
  FormatCheck check_format = nullptr;
  std::optional<double> minimum, maximum, multiple_of;
  bool exclusive_minimum = false, exclusive_maximum = false;
  std::optional<std::int64_t> min_length, max_length, min_items, max_items, min_properties, max_properties;
  std::string pattern_text;
  std::optional<Pattern> pattern;
  std::vector<doc::Value> enumeration;
  bool unique_items = false;
  std::vector<std::string> required;

  const Node* items = nullptr;
  std::map<std::string, const Node*, std::less<>> properties;
  const Node* additional = nullptr;  // of the values of a map
  bool no_additional = false;        // additionalProperties: false
  std::vector<const Node*> all_of, any_of, one_of;
  const Node* none_of = nullptr;  // `not`
  std::vector<Rule> rules;
  bool has_rules = false;  // here or below

  const Node* find(std::string_view property) const;  // a property, or the values of the map; nullptr
  bool is_set() const { return type && type->shape == schema::Shape::list && type->merge == schema::Merge::set; }
  bool is_list_map() const {
    return type && type->shape == schema::Shape::list && type->merge == schema::Merge::by_key;
  }
  std::string type_name() const { return types.size() == 1 ? types.front() : std::string(); }
};

// The element of `list` with the same keys as `element`, by the keys of a list of type map; nullptr.
const doc::Value* find_by_keys(const doc::Array& list, const doc::Value& element, const std::vector<std::string>& keys);

}  // namespace slipway::objects::crd
