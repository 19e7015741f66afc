// string.format(list): %s %d %f %e %b %x %X %o, as cel-go's strings extension prints.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/text.hpp"
#include "expr/cel/functions.hpp"
#include "expr/cel/map.hpp"
#include "expr/cel/text.hpp"

namespace slipway::expr::cel::library {

namespace {

using Text = std::string;
constexpr std::size_t longest_text = 16U << 20U;
constexpr int deepest = 100;  // lists in lists

struct Refused {
  std::string why;
};
using Printed = std::expected<Text, Refused>;

std::unexpected<Refused> refuse(std::string why) { return std::unexpected(Refused{std::move(why)}); }

Text quoted(std::string_view text) {
  Text out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
      case '\\':
        out += '\\';
        out += c;
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        out += c;
    }
  }
  return out + "\"";
}

Text special_double(double value) {
  if (std::isnan(value)) return "NaN";
  return value < 0 ? "-Infinity" : "Infinity";
}

Text printed_double(double value, std::chars_format format, int precision) {
  std::array<char, 1500> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format, precision);
  return {buffer.data(), end.ptr};
}

// 1.5e+03 as cel-go has it for people who read English: 1.5×10⁰³.
Text scientific(double value, int precision) {
  static constexpr std::array<std::string_view, 10> raised{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  const auto text = printed_double(value, std::chars_format::scientific, precision);
  const auto e = text.find('e');
  Text out = text.substr(0, e) + "×10";
  if (text[e + 1] == '-') out += "⁻";
  for (const char c : text.substr(e + 2)) out += raised[static_cast<std::size_t>(c - '0')];
  return out;
}

Printed plain(const Value& value, int depth);

Printed inside(const Value& value, int depth) {
  auto out = plain(value, depth);
  if (!out) return out;
  if (value.is_string()) return quoted(*out);
  if (value.kind() == Kind::bytes) return "b" + quoted(*out);
  if (value.kind() == Kind::timestamp) return "timestamp(" + quoted(*out) + ")";
  if (value.kind() == Kind::duration) return "duration(" + quoted(*out) + ")";
  if (const auto* number = value.get<double>()) {
    if (!std::isfinite(*number)) return quoted(*out);
    return printed_double(*number, std::chars_format::fixed, 6);
  }
  return out;
}

Printed list_text(const List& list, int depth) {
  Text out = "[";
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto element = inside(list.at(i), depth + 1);
    if (!element) return element;
    out += (i == 0 ? "" : ", ") + *element;
    if (out.size() > longest_text) return refuse("the text is longer than 16 MiB");
  }
  return out + "]";
}

Printed map_text(const Map& map, int depth) {
  std::vector<std::pair<Text, Text>> pairs;
  std::size_t size = 0;
  for (const auto& [key, value] : entries_of(map)) {
    auto name = inside(key, depth + 1);
    auto element = inside(value, depth + 1);
    if (!name) return name;
    if (!element) return element;
    size += name->size() + element->size();
    if (size > longest_text) return refuse("the text is longer than 16 MiB");
    pairs.emplace_back(std::move(*name), std::move(*element));
  }
  std::sort(pairs.begin(), pairs.end());
  Text out = "{";
  for (const auto& [name, element] : pairs) out += (out.size() == 1 ? "" : ", ") + name + ":" + element;
  return out + "}";
}

Printed plain(const Value& value, int depth) {
  if (depth > deepest) return refuse("the value is too deep");
  switch (value.kind()) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return value.as_bool() ? "true" : "false";
    case Kind::integer:
      return std::to_string(*value.get<std::int64_t>());
    case Kind::uinteger:
      return std::to_string(*value.get<std::uint64_t>());
    case Kind::number: {
      const double number = *value.get<double>();
      if (!std::isfinite(number)) return special_double(number);
      return render_double(number);
    }
    case Kind::string:
      return Text(value.as_string());
    case Kind::bytes:
      return Text(value.get<Bytes>()->view);
    case Kind::timestamp:
      return render_timestamp(*value.get<Timestamp>());
    case Kind::duration:
      return render_duration(*value.get<std::chrono::nanoseconds>());
    case Kind::type:
      return value.get<TypeName>()->name;
    case Kind::list:
      return list_text(*value.get<List>(), depth);
    case Kind::map:
      return map_text(*value.get<Map>(), depth);
    default:
      return refuse(
          "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, "
          "durations, and timestamps, was given " +
          value.type_name());
  }
}

Text in_base(std::uint64_t magnitude, bool negative, int base, bool upper) {
  std::array<char, 70> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), magnitude, base).ptr;
  Text out(buffer.data(), end);
  if (upper) {
    for (char& c : out) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return negative ? "-" + out : out;
}

Text only_for(char verb) {
  if (verb == 'b') return "only integers and bools can be formatted as binary, was given ";
  if (verb == 'o') return "octal clause can only be used on integers, was given ";
  return "only integers, byte buffers, and strings can be formatted as hex, was given ";
}

Printed number_in_base(const Value& value, char verb) {
  const int base = verb == 'b' ? 2 : verb == 'o' ? 8 : 16;
  if (const auto* i = value.get<std::int64_t>()) {
    const auto magnitude = *i < 0 ? 0 - static_cast<std::uint64_t>(*i) : static_cast<std::uint64_t>(*i);
    return in_base(magnitude, *i < 0, base, verb == 'X');
  }
  if (const auto* u = value.get<std::uint64_t>()) return in_base(*u, false, base, verb == 'X');
  if (const auto* b = value.get<bool>(); b != nullptr && verb == 'b') return *b ? "1" : "0";
  std::string_view bytes;
  if (value.is_string()) {
    bytes = value.as_string();
  } else if (const auto* raw = value.get<Bytes>()) {
    bytes = raw->view;
  } else {
    return refuse(only_for(verb) + value.type_name());
  }
  if (base != 16) return refuse(only_for(verb) + value.type_name());
  Text out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 16) out += '0';
    out += in_base(byte, false, 16, verb == 'X');
  }
  return out;
}

Printed clause(char verb, int precision, const Value& value) {
  switch (verb) {
    case 's':
      return plain(value, 0);
    case 'd':
      if (value.kind() != Kind::integer && value.kind() != Kind::uinteger && value.kind() != Kind::number) {
        return refuse("decimal clause can only be used on integers, was given " + value.type_name());
      }
      if (const auto* number = value.get<double>(); number != nullptr && std::isfinite(*number)) {
        return refuse("decimal clause can only be used on integers, was given double");
      }
      return plain(value, 0);
    case 'f':
    case 'e': {
      const auto* number = value.get<double>();
      if (number == nullptr) {
        const bool word = value.is_string() && (value.as_string() == "NaN" || value.as_string() == "Infinity" ||
                                                value.as_string() == "-Infinity");
        if (word) return Text(value.as_string());
        return refuse(Text(verb == 'f' ? "fixed-point" : "scientific") +
                      " clause can only be used on doubles, was given " + value.type_name());
      }
      if (!std::isfinite(*number)) return special_double(*number);
      return verb == 'f' ? printed_double(*number, std::chars_format::fixed, precision < 0 ? 6 : precision)
                         : scientific(*number, precision < 0 ? 6 : precision);
    }
    case 'b':
    case 'o':
    case 'x':
    case 'X':
      return number_in_base(value, verb);
    default:
      return refuse("unrecognized formatting clause \"" + Text(1, verb) + "\"");
  }
}

Value format(const Call& call) {
  const auto pattern = call.text(0);
  const auto& arguments = call.as<List>(1);
  Text out;
  std::size_t next = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      out += pattern[i];
      continue;
    }
    if (++i >= pattern.size()) return Value::failure("unexpected end of string");
    if (pattern[i] == '%') {
      out += '%';
      continue;
    }
    if (next >= arguments.size()) return Value::failure("index " + std::to_string(next) + " out of range");
    int precision = -1;
    if (pattern[i] == '.') {
      precision = 0;
      for (++i; i < pattern.size() && core::is_digit(pattern[i]); ++i) {
        precision = precision * 10 + (pattern[i] - '0');
        if (precision > 1000) return Value::failure("error while parsing precision: it is above 1000");
      }
      if (i >= pattern.size()) return Value::failure("could not find end of precision specifier");
    }
    auto printed = clause(pattern[i], precision, arguments.at(next));
    if (!printed) return Value::failure("error during formatting: " + printed.error().why);
    ++next;
    out += *printed;
    if (out.size() > longest_text) return Value::failure("the text that the expression makes is longer than 16 MiB");
  }
  return text_value(std::move(out));
}

constexpr Line lines[] = {{"string->format(list<dyn>): string", format, Cost::result_twice}};

}  // namespace

Library string_format() { return lines; }

}  // namespace slipway::expr::cel::library
