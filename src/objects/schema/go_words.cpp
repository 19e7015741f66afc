#include "objects/schema/go_words.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

#include "core/digest.hpp"
#include "core/quantity.hpp"
#include "core/text.hpp"
#include "core/time.hpp"

namespace slipway::objects::schema {

namespace {

std::string number_text(const doc::Value& value) {
  std::string text = doc::render_json(value);
  if (!value.is_int() && text.find_first_of(".e") == std::string::npos) text += ".0";  // it was written like that
  return text;
}

std::string word_of(const doc::Value& value, bool with_number) {
  switch (value.type()) {
    case doc::Type::boolean:
      return "bool";
    case doc::Type::integer:
    case doc::Type::number:
      return with_number ? "number " + number_text(value) : "number";
    case doc::Type::string:
      return "string";
    case doc::Type::array:
      return "array";
    default:
      return "object";
  }
}

std::string integer_problem(const doc::Value& value, bool small, const std::string& where) {
  if (value.is_int()) {
    const std::int64_t number = value.as_int();
    if (!small ||
        (number >= std::numeric_limits<std::int32_t>::min() && number <= std::numeric_limits<std::int32_t>::max()))
      return {};
  }
  return cannot_unmarshal(value, small ? "int32" : "int64", where);
}

std::string base64_problem(const std::string& text) {
  if (core::from_base64(in_one_line(text))) return {};
  constexpr std::string_view others = "+/\r\n";
  std::size_t at = 0;  // of the character that is wrong, or of the group of four that is not whole
  while (at < text.size() && (core::is_alphanumeric(text[at]) || others.contains(text[at]))) ++at;
  if (at == text.size()) at -= at % 4;
  return "illegal base64 data at input byte " + std::to_string(at);
}

std::string quantity_problem(const doc::Value& value) {
  if (value.is_number()) return {};
  const auto parsed = core::Quantity::parse(value.is_string() ? value.as_string() : "?");
  return parsed ? std::string() : parsed.error().message;
}

// Microseconds are six digits, no more and no less.
std::string micro_problem(const std::string& text) {
  constexpr std::string_view layout = ".000000";
  const std::size_t at = std::string_view("2006-01-02T15:04:05").size();
  std::size_t digits = 0;
  while (at + 1 + digits < text.size() && core::is_digit(text[at + 1 + digits])) ++digits;
  const bool whole = text.size() > at && text[at] == '.' && digits + 1 >= layout.size();
  if (whole && digits + 1 == layout.size()) return {};
  return whole ? "cannot parse \"" + text.substr(at + layout.size()) + "\" as \"Z07:00\""
               : "cannot parse \"" + text.substr(at) + "\" as \".000000\"";
}

std::string time_problem(const std::string& text, const Type& type) {
  const bool micro = type.shape == Shape::micro_time;
  std::string problem = "cannot parse \"" + text + "\" as \"2006\"";
  if (core::parse_rfc3339(text)) {
    problem = micro ? micro_problem(text) : std::string();
    if (problem.empty()) return {};
  }
  return "parsing time \"" + text + "\" as \"2006-01-02T15:04:05" + (micro ? ".000000" : "") + "Z07:00\": " + problem;
}

}  // namespace

std::string in_one_line(std::string_view base64) {
  std::string text;
  std::ranges::remove_copy_if(base64, std::back_inserter(text), [](char c) { return c == '\r' || c == '\n'; });
  return text;
}

std::string go_name(const Type& type) {
  switch (type.shape) {
    case Shape::list:
      return "[]" + go_name(*type.element);
    case Shape::map:
      return "map[string]" + go_name(*type.element);
    case Shape::integer:
      return type.format == "int32" ? "int32" : "int64";
    case Shape::boolean:
      return "bool";
    case Shape::number:
      return "float64";
    case Shape::bytes:
      return "[]uint8";
    case Shape::object: {
      const std::size_t last = type.name.rfind('.');
      if (last == std::string::npos || last == 0) return type.name;
      return type.name.substr(type.name.rfind('.', last - 1) + 1);
    }
    default:
      return "string";
  }
}

std::string cannot_unmarshal(const doc::Value& value, std::string_view go_type, const std::string& where) {
  const bool to_integer = go_type == "int32" || go_type == "int64";
  return "json: cannot unmarshal " + word_of(value, to_integer) + " into Go " +
         (where.empty() ? "value" : "struct field " + where) + " of type " + std::string(go_type);
}

std::string scalar_problem(const doc::Value& value, const Type& type, const std::string& where) {
  switch (type.shape) {
    case Shape::integer:
      return integer_problem(value, type.format == "int32", where);
    case Shape::number:
      return value.is_number() ? std::string() : cannot_unmarshal(value, "float64", where);
    case Shape::boolean:
      return value.is_bool() ? std::string() : cannot_unmarshal(value, "bool", where);
    case Shape::int_or_string:
      if (value.is_string()) return {};
      return integer_problem(value, true, where);
    case Shape::quantity:
      return quantity_problem(value);
    default:
      break;
  }
  if (!value.is_string()) return cannot_unmarshal(value, go_name(type), where);
  switch (type.shape) {
    case Shape::bytes:
      return base64_problem(value.as_string());
    case Shape::time:
    case Shape::micro_time:
      return time_problem(value.as_string(), type);
    case Shape::duration: {
      const auto parsed = core::parse_go_duration(value.as_string());
      return parsed ? std::string() : "time: invalid duration \"" + value.as_string() + "\"";
    }
    default:
      return {};
  }
}

}  // namespace slipway::objects::schema
