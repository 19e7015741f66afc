#include "core/doc_scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "core/error_text.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace slipway::core::doc {

namespace {

bool all_in(std::string_view text, std::string_view set) {
  return !text.empty() && text.find_first_not_of(set) == std::string_view::npos;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
struct NumberShape {
  bool matches = false;
  bool integral = false;
  bool leading_zero = false;
};

NumberShape shape_of(std::string_view text) {
  NumberShape shape;
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t start = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - start;
  };
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const std::size_t first = at;
  const std::size_t whole = digits();
  shape.leading_zero = whole > 1 && text[first] == '0';
  shape.integral = whole > 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    shape.integral = false;
    if (digits() == 0 && whole == 0) return shape;
  } else if (whole == 0) {
    return shape;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    shape.integral = false;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (digits() == 0) return shape;
  }
  shape.matches = at == text.size();
  return shape;
}

Value resolve_number(std::string_view text, bool integral) {
  std::string_view digits = text;
  if (digits.front() == '+') digits.remove_prefix(1);  // from_chars takes none
  if (integral) {
    std::int64_t integer = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), integer);
    if (error == std::errc() && end == digits.data() + digits.size()) return integer;
  }
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  // Too large for a double: a commit id like 12e4567 more likely than a number.
  if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(number)) return text;
  return number;
}

Value resolve_radix(std::string_view text, int base) {
  std::int64_t integer = 0;
  const std::string_view digits = text.substr(2);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), integer, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return text;
  return integer;
}

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// Bytes looked at together, which compilers do in one register: most texts are ASCII and need no byte of theirs
// changed.
constexpr std::size_t block = 16;

bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && is_ascii(c) && c != '"' && c != '\\'; }

bool is_plain_block(const char* bytes) {
  unsigned char special = 0;
  for (std::size_t i = 0; i < block; ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    special |= static_cast<unsigned char>((c < 0x20) | (c >= 0x80) | (c == '"') | (c == '\\'));
  }
  return special == 0;
}

// One of '"', '\\' and the controls.
void append_escaped(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  constexpr std::string_view named = "\"\\\b\t\n\f\r";
  constexpr std::string_view names = "\"\\btnfr";
  if (const auto at = named.find(c); at != std::string_view::npos) {
    out += '\\';
    out += names[at];
    return;
  }
  out += "\\u00";
  out += hex[static_cast<unsigned char>(c) >> 4U];
  out += hex[c & 15];
}

// What stands before the next ASCII character goes from `text` to `out`.
void append_beyond_ascii(std::string& out, std::string_view& text) {
  std::string_view run = text.substr(0, static_cast<std::size_t>(std::ranges::find_if(text, is_ascii) - text.begin()));
  text.remove_prefix(run.size());
  while (!run.empty()) {
    const std::size_t valid = std::min(find_invalid_utf8(run), run.size());
    out += run.substr(0, valid);
    if (valid == run.size()) return;
    append_utf8(out, 0xFFFD);
    run.remove_prefix(valid + 1);
  }
}

}  // namespace

Value resolve_plain(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (!is_digit(text.front()) && text.front() != '-' && text.front() != '+' && text.front() != '.') return text;
  if (text.starts_with("0x") && all_in(text.substr(2), "0123456789abcdefABCDEF")) return resolve_radix(text, 16);
  if (text.starts_with("0o") && all_in(text.substr(2), "01234567")) return resolve_radix(text, 8);
  const NumberShape shape = shape_of(text);
  if (!shape.matches || shape.leading_zero) return text;
  return resolve_number(text, shape.integral);
}

bool looks_typed(std::string_view text) {
  if (!resolve_plain(text).is_string()) return true;
  constexpr std::array words{"y",    "n", "yes", "no",   "on",    "off",   "true", "false",
                             "null", "=", "<<",  ".inf", "-.inf", "+.inf", ".nan"};
  if (std::find(words.begin(), words.end(), in_lower(text)) != words.end()) return true;
  // Dates, times, octals, sexagesimals, numbers with underscores; but not versions and addresses (two dots).
  const char first = text.front();
  return (is_digit(first) || first == '-' || first == '+' || first == '.') &&
         all_in(text, "0123456789_:+-.eETtZzxXobabcdfABCDF ") &&
         text.find_first_of("0123456789") != std::string_view::npos && std::count(text.begin(), text.end(), '.') < 2;
}

std::string render_number(double number) {
  if (!std::isfinite(number)) return "null";
  if (number == 0) return "0";
  std::array<char, 32> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific).ptr;
  std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));

  std::string out;
  if (text.front() == '-') {
    out = "-";
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  std::string digits(1, text[0]);
  if (e > 2) digits += text.substr(2, e - 2);
  int exponent = 0;
  std::string_view exponent_text = text.substr(e + 1);
  if (exponent_text.front() == '+') exponent_text.remove_prefix(1);
  std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);

  // ECMA-262 Number::toString: `count` digits, the dot behind digit number `point`.
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;
  if (count <= point && point <= 21) return out + digits + std::string(static_cast<std::size_t>(point - count), '0');
  if (0 < point && point <= 21)
    return out + digits.substr(0, static_cast<std::size_t>(point)) + "." +
           digits.substr(static_cast<std::size_t>(point));
  if (-6 < point && point <= 0) return out + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  out += digits[0];
  if (count > 1) out += "." + digits.substr(1);
  return out + "e" + (point > 0 ? "+" : "-") + std::to_string(std::abs(point - 1));
}

std::string text_as_written(const Value& scalar) {
  if (scalar.is_string()) return scalar.as_string();
  const Mark& mark = scalar.mark();
  if (mark.source && mark.known()) {
    const std::string_view line = line_of(mark.source->text, mark.line);
    if (mark.column >= 1 && mark.column - 1 + mark.length <= line.size()) {
      const std::string_view written = line.substr(mark.column - 1, mark.length);
      if (resolve_plain(written) == scalar && !written.empty()) return std::string(written);
    }
  }
  switch (scalar.type()) {
    case Type::boolean:
      return scalar.as_bool() ? "true" : "false";
    case Type::integer:
      return std::to_string(scalar.as_int());
    case Type::number:
      return render_number(scalar.as_double());
    default:
      return "";
  }
}

std::size_t plain_run(std::string_view text) {
  std::size_t i = 0;
  while (i + block <= text.size() && is_plain_block(text.data() + i)) i += block;
  while (i < text.size() && is_plain(text[i])) ++i;
  return i;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const std::size_t plain = plain_run(text);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (is_ascii(text.front())) {
      append_escaped(out, text.front());
      text.remove_prefix(1);
    } else {
      append_beyond_ascii(out, text);
    }
  }
  out += '"';
}

Mark mark_at(std::shared_ptr<const Source> source, std::size_t offset, std::size_t length) {
  const std::string_view before = std::string_view(source->text).substr(0, offset);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  Mark mark;
  mark.line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  mark.column = static_cast<std::uint32_t>(before.size() - line_start) + 1;
  mark.length = static_cast<std::uint32_t>(length);
  mark.source = std::move(source);
  return mark;
}

}  // namespace slipway::core::doc
