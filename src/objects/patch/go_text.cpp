#include "objects/patch/go_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace slipway::objects::patch {
namespace {

// Shortest digits that read back, %e only for exponents below -4 or from 21 on.
std::string go_float(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  std::array<char, 400> buffer{};
  const auto scientific =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific);
  const std::string text(buffer.data(), scientific.ptr);
  const int exponent = std::atoi(text.substr(text.find('e') + 1).c_str());
  if (exponent < -4 || exponent >= 21) return text;
  const auto fixed = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed);
  return std::string(buffer.data(), fixed.ptr);
}

std::vector<const doc::Object::Member*> sorted_members(const doc::Object& object) {
  std::vector<const doc::Object::Member*> members;
  for (const auto& member : object) members.push_back(&member);
  std::ranges::sort(members, {}, [](const auto* member) -> const std::string& { return member->first; });
  return members;
}

std::string scalar_text(const doc::Value& value) {
  switch (value.type()) {
    case doc::Type::boolean:
      return value.as_bool() ? "true" : "false";
    case doc::Type::integer:
      return std::to_string(value.as_int());
    default:
      return go_float(value.as_double());
  }
}

}  // namespace

std::string go_text(const doc::Value& value) {
  std::string text;
  switch (value.type()) {
    case doc::Type::null:
      return "<nil>";
    case doc::Type::string:
      return value.as_string();
    case doc::Type::array:
      for (const auto& element : value.as_array()) text += (text.empty() ? "" : " ") + go_text(element);
      return "[" + text + "]";
    case doc::Type::object:
      for (const auto* member : sorted_members(value.as_object())) {
        text += (text.empty() ? "" : " ") + member->first + ":" + go_text(member->second);
      }
      return "map[" + text + "]";
    default:
      return scalar_text(value);
  }
}

std::string go_literal(const doc::Value& value) {
  std::string text;
  switch (value.type()) {
    case doc::Type::null:
      return "interface {}(nil)";
    case doc::Type::string:
      return go_quoted(value.as_string());
    case doc::Type::array:
      for (const auto& element : value.as_array()) text += (text.empty() ? "" : ", ") + go_literal(element);
      return "[]interface {}{" + text + "}";
    case doc::Type::object:
      for (const auto* member : sorted_members(value.as_object())) {
        text += (text.empty() ? "" : ", ") + go_quoted(member->first) + ":" + go_literal(member->second);
      }
      return "map[string]interface {}{" + text + "}";
    default:
      return scalar_text(value);
  }
}

std::string go_quoted(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  constexpr std::string_view named = "\a\b\f\n\r\t\v\"\\";
  constexpr std::string_view names = "abfnrtv\"\\";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (const auto at = named.find(c); at != std::string_view::npos) {
      quoted += '\\';
      quoted += names[at];
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += "\\x";
      quoted += hex[byte >> 4U];
      quoted += hex[byte & 15U];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string_view go_type_of(const doc::Value& value) {
  switch (value.type()) {
    case doc::Type::null:
      return "<nil>";
    case doc::Type::boolean:
      return "bool";
    case doc::Type::integer:
      return "int64";
    case doc::Type::number:
      return "float64";
    case doc::Type::string:
      return "string";
    case doc::Type::array:
      return "[]interface {}";
    case doc::Type::object:
      return "map[string]interface {}";
  }
  return "";
}

std::string go_json(const doc::Value& value) {
  std::string escaped;
  for (const char c : doc::render_json_canonical(value)) {
    if (c == '<') {
      escaped += "\\u003c";
    } else if (c == '>') {
      escaped += "\\u003e";
    } else if (c == '&') {
      escaped += "\\u0026";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace slipway::objects::patch
