#include <unordered_map>

#include "objects/schema/builtin.hpp"
#include "objects/schema/code_defaults.hpp"
#include "objects/schema/decode.hpp"

namespace slipway::objects::schema {

namespace {

struct Rule {
  std::vector<std::pair<const Field*, doc::Value>> constants;
  void (*computed)(doc::Object&) = nullptr;
};

const std::unordered_map<const Type*, Rule>& rules() {
  static const auto all = [] {
    std::unordered_map<const Type*, Rule> made;
    for (const ConstantDefaults& row : constant_defaults()) {
      const Type* type = builtin().find_type(row.type);
      const auto values = doc::parse_json(row.json);
      // Both lists are part of the program, and a test looks up every name of them.
      if (!type || !values) continue;
      for (const auto& [key, value] : values->as_object()) {
        if (const Field* field = type->find(key)) made[type].constants.emplace_back(field, value);
      }
    }
    for (const ComputedDefaults& row : computed_defaults()) {
      if (const Type* type = builtin().find_type(row.type)) made[type].computed = row.apply;
    }
    return made;
  }();
  return all;
}

// Absent, null, or a zero that means the same in a Go struct.
bool is_unset(const doc::Value* value, const Field& field, bool is_go) {
  if (!value) return true;
  if (value->is_null()) return is_go || !field.type->nullable;
  if (!is_go) return false;
  switch (value->type()) {
    case doc::Type::string:
      // Even where Go has a pointer, an empty word of an enumeration is no choice; an empty text that is a default
      // stays.
      return value->as_string().empty();
    case doc::Type::integer:
      return !field.keep_zero && value->as_int() == 0;
    case doc::Type::array:
      return value->as_array().empty();
    default:
      return false;
  }
}

// In a custom resource a null is a value only where its schema says nullable.
bool is_no_value(const doc::Value& value, const Type& type) {
  return value.is_null() && type.constraints && !type.nullable;
}

void erase_nulls(doc::Object& object, const Type& type) {
  std::vector<std::string> gone;
  for (const auto& [key, member] : object) {
    const Field* field = type.shape == Shape::map ? nullptr : type.find(key);
    const Type* of = type.shape == Shape::map ? type.element : field ? field->type : nullptr;
    if (of && is_no_value(member, *of) && !(field && field->default_value)) gone.push_back(key);
  }
  for (const std::string& key : gone) object.erase(key);
}

void visit(doc::Value& value, const Type& type);

void visit_object(doc::Object& object, const Type& type) {
  const bool is_go = type.name.starts_with("io.k8s.");
  if (is_go) {
    if (const auto rule = rules().find(&type); rule != rules().end()) {
      for (const auto& [field, constant] : rule->second.constants) {
        if (is_unset(object.find(field->name), *field, true)) object.set(field->name, constant);
      }
      if (rule->second.computed) rule->second.computed(object);
    }
  } else {
    erase_nulls(object, type);
  }
  for (const Field& field : type.fields) {
    if (field.default_value && is_unset(object.find(field.name), field, is_go))
      object.set(field.name, *field.default_value);
  }
  for (auto& [key, member] : object) {
    if (const Field* field = type.find(key)) visit(member, *field->type);
  }
}

void visit(doc::Value& value, const Type& type) {
  if (value.is_object() && (type.shape == Shape::object || type.shape == Shape::any)) {
    visit_object(value.as_object(), type);
  } else if (value.is_object() && type.shape == Shape::map) {
    if (type.constraints) erase_nulls(value.as_object(), type);
    for (auto& [key, member] : value.as_object()) visit(member, *type.element);
  } else if (value.is_array() && type.shape == Shape::list) {
    for (doc::Value& element : value.as_array()) visit(element, *type.element);
  }
}

}  // namespace

void apply_defaults(doc::Value& value, const Type& type) { visit(value, type); }

}  // namespace slipway::objects::schema
