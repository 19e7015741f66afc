// cel-go's strings extension, version 2, which Kubernetes has. Positions count characters.

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "expr/cel/functions.hpp"
#include "expr/cel/map.hpp"
#include "expr/cel/text.hpp"

namespace slipway::expr::cel::library {

namespace {

// Replacing and joining can make much of little; what is larger than a document may be is a mistake.
constexpr std::size_t longest_text = 16U << 20U;

Value too_long() { return Value::failure("the text that the expression makes is longer than 16 MiB"); }
Value out_of_range(std::int64_t index) { return Value::failure("index out of range: " + std::to_string(index)); }
Value number(std::size_t value) { return Value(static_cast<std::int64_t>(value)); }

Value contains(const Call& call) { return Value(call.text(0).find(call.text(1)) != std::string_view::npos); }
Value starts_with(const Call& call) { return Value(call.text(0).starts_with(call.text(1))); }
Value ends_with(const Call& call) { return Value(call.text(0).ends_with(call.text(1))); }

Value char_at(const Call& call) {
  const auto at = character_offsets(call.text(0));
  const auto index = call.integer(1);
  if (index < 0 || static_cast<std::size_t>(index) >= at.size()) return out_of_range(index);
  const auto i = static_cast<std::size_t>(index);
  if (i + 1 == at.size()) return text_value("");
  return part_of(call[0], at[i], at[i + 1] - at[i]);
}

Value index_of(const Call& call) {
  const auto text = call.text(0);
  const auto wanted = call.text(1);
  const auto offset = call.arguments.size() == 3 ? call.integer(2) : 0;
  if (wanted.empty()) return Value(offset);
  if (offset < 0) return out_of_range(offset);
  const auto at = character_offsets(text);
  if (static_cast<std::size_t>(offset) + 1 >= at.size()) return Value(std::int64_t{-1});
  const auto found = text.find(wanted, at[static_cast<std::size_t>(offset)]);
  if (found == std::string_view::npos) return Value(std::int64_t{-1});
  return number(count_characters(text.substr(0, found)));
}

Value last_index_of(const Call& call) {
  const auto text = call.text(0);
  const auto wanted = call.text(1);
  const auto at = character_offsets(text);
  const bool given = call.arguments.size() == 3;
  if (wanted.empty()) return given ? Value(call.integer(2)) : number(at.size() - 1);
  if (given && call.integer(2) < 0) return out_of_range(call.integer(2));
  if (given && static_cast<std::size_t>(call.integer(2)) + 1 >= at.size()) return Value(std::int64_t{-1});
  const auto from = given ? at[static_cast<std::size_t>(call.integer(2))] : std::string_view::npos;
  const auto found = text.rfind(wanted, from);
  if (found == std::string_view::npos) return Value(std::int64_t{-1});
  return number(count_characters(text.substr(0, found)));
}

Value lower_ascii(const Call& call) {
  std::string out(call.text(0));
  for (char& c : out) c = core::lower(c);
  return text_value(std::move(out));
}
Value upper_ascii(const Call& call) {
  std::string out(call.text(0));
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text_value(std::move(out));
}

Value replace(const Call& call) {
  const auto text = call.text(0);
  const auto from = call.text(1);
  const auto to = call.text(2);
  std::int64_t left = call.arguments.size() == 4 ? call.integer(3) : -1;
  std::string out;
  std::size_t at = 0;
  for (; left != 0; --left) {
    const auto found = text.find(from, at);
    if (found == std::string_view::npos) break;
    if (out.size() + to.size() > longest_text) return too_long();
    out += text.substr(at, found - at);
    out += to;
    at = found + from.size();
    if (!from.empty()) continue;
    if (at == text.size()) return text_value(std::move(out));
    const auto length = utf8_length(text.substr(at));
    out += text.substr(at, length);
    at += length;
  }
  return text_value(std::move(out += text.substr(at)));
}

Value split(const Call& call) {
  const auto text = call.text(0);
  const auto separator = call.text(1);
  const std::int64_t most = call.arguments.size() == 3 ? call.integer(2) : -1;
  std::vector<Value> out;
  if (most == 0 || (separator.empty() && text.empty())) return Value::list(std::move(out));
  std::size_t at = 0;
  while (most < 0 || static_cast<std::int64_t>(out.size()) + 1 < most) {
    const auto end = separator.empty() ? at + utf8_length(text.substr(at)) : text.find(separator, at);
    if (end == std::string_view::npos || (separator.empty() && end >= text.size())) break;
    out.push_back(part_of(call[0], at, end - at));
    at = end + separator.size();
  }
  out.push_back(part_of(call[0], at, text.size() - at));
  return Value::list(std::move(out));
}

Value substring(const Call& call) {
  const auto at = character_offsets(call.text(0));
  const auto size = static_cast<std::int64_t>(at.size()) - 1;
  const auto start = call.integer(1);
  const auto end = call.arguments.size() == 3 ? call.integer(2) : size;
  if (call.arguments.size() == 3 && start > end) {
    return Value::failure("invalid substring range. start: " + std::to_string(start) + ", end: " + std::to_string(end));
  }
  if (start < 0 || start > size) return out_of_range(start);
  if (end < 0 || end > size) return out_of_range(end);
  const auto from = at[static_cast<std::size_t>(start)];
  return part_of(call[0], from, at[static_cast<std::size_t>(end)] - from);
}

// The length in bytes of the blank of Unicode at the front; 0: none.
std::size_t blank_length(std::string_view text) {
  static constexpr std::string_view wide[] = {"\u0085", "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003",
                                              "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A",
                                              "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"};
  if (text.empty()) return 0;
  if (std::string_view(" \t\n\v\f\r").find(text.front()) != std::string_view::npos) return 1;
  for (const auto each : wide) {
    if (text.starts_with(each)) return each.size();
  }
  return 0;
}

Value trim(const Call& call) {
  const auto text = call.text(0);
  std::size_t begin = 0;
  while (const auto length = blank_length(text.substr(begin))) begin += length;
  std::size_t end = text.size();
  for (bool more = true; more && end > begin;) {
    more = false;
    for (std::size_t length = 1; length <= 3 && length <= end - begin; ++length) {
      if (blank_length(text.substr(end - length, length)) != length) continue;
      end -= length;
      more = true;
      break;
    }
  }
  return part_of(call[0], begin, end - begin);
}

Value join(const Call& call) {
  const auto& list = call.as<List>(0);
  const auto separator = call.arguments.size() == 2 ? call.text(1) : std::string_view();
  std::string out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto element = list.at(i);
    if (!element.is_string()) return Value::failure("join: invalid input: " + scalar_text(element));
    if (i != 0) out += separator;
    out += element.as_string();
    if (out.size() > longest_text) return too_long();
  }
  return text_value(std::move(out));
}

Value reverse(const Call& call) {
  const auto text = call.text(0);
  const auto at = character_offsets(text);
  std::string out;
  for (std::size_t i = at.size() - 1; i > 0; --i) out += text.substr(at[i - 1], at[i] - at[i - 1]);
  return text_value(std::move(out));
}

Value quote(const Call& call) {
  static constexpr std::string_view special = "\a\b\f\n\r\t\v\\\"";
  static constexpr std::string_view letters = "abfnrtv\\\"";
  std::string out = "\"";
  const auto text = call.text(0);
  const auto at = character_offsets(text);
  for (std::size_t i = 0; i + 1 < at.size(); ++i) {
    const auto character = text.substr(at[i], at[i + 1] - at[i]);
    if (const auto place = special.find(character.front()); place != std::string_view::npos) {
      out += '\\';
      out += letters[place];
    } else {
      out += core::character_length(character) > 0 ? character : "\uFFFD";
    }
  }
  return text_value(out + "\"");
}

constexpr Line lines[] = {
    {"string->contains(string): bool", contains, Cost::contains},
    {"string->startsWith(string): bool", starts_with, Cost::affix},
    {"string->endsWith(string): bool", ends_with, Cost::affix},
    {"string->charAt(int): string", char_at},
    {"string->indexOf(string): int", index_of, Cost::contains},
    {"string->indexOf(string, int): int", index_of, Cost::contains},
    {"string->lastIndexOf(string): int", last_index_of, Cost::contains},
    {"string->lastIndexOf(string, int): int", last_index_of, Cost::contains},
    {"string->lowerAscii(): string", lower_ascii, Cost::text},
    {"string->upperAscii(): string", upper_ascii, Cost::text},
    {"string->replace(string, string): string", replace, Cost::result_twice},
    {"string->replace(string, string, int): string", replace, Cost::result_twice},
    {"string->split(string): list<string>", split, Cost::text_twice},
    {"string->split(string, int): list<string>", split, Cost::text_twice},
    {"string->substring(int): string", substring, Cost::text},
    {"string->substring(int, int): string", substring, Cost::text},
    {"string->trim(): string", trim, Cost::text},
    {"list<string>->join(): string", join, Cost::result_twice},
    {"list<string>->join(string): string", join, Cost::result_twice},
    {"string->reverse(): string", reverse, Cost::text_twice},
    {"strings.quote(string): string", quote, Cost::text_twice},
};

}  // namespace

Library strings() { return lines; }

}  // namespace slipway::expr::cel::library
