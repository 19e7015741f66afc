#include <algorithm>

#include "core/quantity.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "objects/schema/decode.hpp"
#include "objects/schema/go_words.hpp"

namespace slipway::objects::schema {

namespace {

bool is_implied(const Type& type, std::string_view field) {
  return type.embedded_resource && (field == "apiVersion" || field == "kind" || field == "metadata");
}

template <class Predicate>
void erase_members(doc::Object& object, Predicate goes) {
  // Found first: most objects lose nothing.
  std::vector<std::string> gone;
  for (const auto& [key, member] : object) {
    if (goes(key, member)) gone.push_back(key);
  }
  for (const std::string& key : gone) object.erase(key);
}

// Raw JSON of a custom resource may have fields that are known.
bool has_fields(const Type& type) {
  return type.shape == Shape::object || (type.shape == Shape::any && !type.fields.empty());
}

// Calls `visit(member, field)` for the known members of an object and `visit_element(value, type)` for those of lists
// and maps.
template <class Visit>
void for_each_child(doc::Value& value, const Type& type, Visit visit) {
  if (has_fields(type) && value.is_object()) {
    for (auto& [key, member] : value.as_object()) {
      if (const Field* field = type.find(key)) visit(member, *field->type);
    }
  } else if (type.shape == Shape::map && value.is_object()) {
    for (auto& [key, member] : value.as_object()) visit(member, *type.element);
  } else if (type.shape == Shape::list && value.is_array()) {
    for (doc::Value& element : value.as_array()) visit(element, *type.element);
  } else if (type.wire != Wire::plain && type.shape == Shape::any) {
    if (value.is_object()) visit(value, *type.element);
    if (value.is_array() && type.wire == Wire::schema_or_array) {
      for (doc::Value& element : value.as_array()) visit(element, *type.element);
    }
  }
}

bool is_zero(const doc::Value& value, const Type& type) {
  switch (type.shape) {
    case Shape::string:
    case Shape::bytes:
      return value.is_string() && value.as_string().empty();
    case Shape::integer:
    case Shape::number:
      return value.is_number() && value.as_double() == 0;
    case Shape::boolean:
      return value.is_bool() && !value.as_bool();
    case Shape::list:
    case Shape::map:
      return value.size() == 0;
    default:
      return false;
  }
}

doc::Value zero_of(const Type& type) {
  switch (type.shape) {
    case Shape::object:
      return doc::Object();
    case Shape::integer:
    case Shape::number:
    case Shape::int_or_string:
      return 0;
    case Shape::boolean:
      return false;
    case Shape::quantity:
      return "0";
    default:
      return "";
  }
}

void normalize_scalar(doc::Value& value, const Type& type) {
  if (type.shape == Shape::quantity) {
    const std::string text = value.string_or("");
    // Nano and micro are below what core's quantities can tell apart, and exponents stay exponents.
    const bool exponent = text.find_first_of("eE") != std::string::npos && core::is_digit(text.back());
    if (exponent || text.ends_with('n') || text.ends_with('u')) return;
    if (const auto quantity = core::Quantity::parse(text)) value = quantity->render();
  } else if (type.shape == Shape::bytes && value.is_string()) {
    if (value.as_string().find_first_of("\r\n") != std::string::npos) value = in_one_line(value.as_string());
  } else if ((type.shape == Shape::time || type.shape == Shape::micro_time) && value.is_string()) {
    const auto time = core::parse_rfc3339(value.as_string());
    if (time) value = type.shape == Shape::time ? core::render_rfc3339(*time) : core::render_rfc3339_micro(*time);
  }
}

}  // namespace

void prune(doc::Value& value, const Type& type) {
  if (has_fields(type) && value.is_object() && !type.preserve_unknown) {
    erase_members(value.as_object(),
                  [&](const std::string& key, const doc::Value&) { return !type.find(key) && !is_implied(type, key); });
  }
  for_each_child(value, type, prune);
}

void show_zeros(doc::Value& value, const Type& type) {
  if (type.shape == Shape::object && value.is_object()) {
    for (const Field& field : type.fields) {
      if (field.always_shown && !value.as_object().contains(field.name))
        value.as_object().append(field.name, zero_of(*field.type));
    }
  }
  for_each_child(value, type, show_zeros);
}

void normalize(doc::Value& value, const Type& type) {
  for_each_child(value, type, normalize);
  if (type.shape == Shape::object && value.is_object()) {
    erase_members(value.as_object(), [&](const std::string& key, const doc::Value& member) {
      const Field* field = type.find(key);
      return field && (member.is_null() || (!field->keep_zero && is_zero(member, *field->type)));
    });
  } else if (type.shape == Shape::map && value.is_object()) {
    // A null is the zero of its type in Go: a text is empty, everything else is null again.
    if (type.element->shape == Shape::string) {
      for (auto& [key, member] : value.as_object()) {
        if (member.is_null()) member = "";
      }
    }
    erase_members(value.as_object(), [](const std::string&, const doc::Value& member) { return member.is_null(); });
  } else {
    normalize_scalar(value, type);
  }
}

}  // namespace slipway::objects::schema
