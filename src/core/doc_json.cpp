// RFC 8259, strictly. Written by hand: positions of duplicates, exact integers and one clear sentence for each mistake
// were more code around a library's parser than the parser is.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_set>

#include "core/doc.hpp"
#include "core/doc_scalar.hpp"
#include "core/utf8.hpp"

namespace slipway::core::doc {

namespace {

class JsonParser {
 public:
  JsonParser(std::string_view text, std::string_view source_name) : text_(text), source_name_(source_name) {}

  Result<Value> parse() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    if (const std::size_t invalid = find_invalid_utf8(text_); invalid != std::string_view::npos) {
      return error_at(invalid, "invalid UTF-8", "save the file as UTF-8");
    }
    Value value;
    skip_space();
    if (!parse_value(value, 0)) return fail(std::move(problem_));
    skip_space();
    if (at_ < text_.size()) return error_at(at_, "unexpected " + describe() + " after the end of the document");
    return value;
  }

 private:
  std::unexpected<Error> error_at(std::size_t offset, std::string message, std::string hint = {}) {
    problem(offset, 1, std::move(message), std::move(hint));
    return fail(std::move(problem_));
  }

  bool problem(std::size_t offset, std::size_t length, std::string message, std::string hint = {}) {
    auto source = std::make_shared<const Source>(Source{std::string(source_name_), std::string(text_)});
    problem_ = Error(Code::invalid_argument, std::move(message), std::move(hint))
                   .at(mark_at(std::move(source), offset, length));
    return false;
  }

  std::string describe() const {
    if (at_ >= text_.size()) return "end of the text";
    const char c = text_[at_];
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return "control character";
    std::size_t end = at_ + 1;
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
    return "'" + std::string(text_.substr(at_, end - at_)) + "'";
  }

  bool expected(std::string what, std::string hint = {}) {
    return problem(at_, 1, "expected " + std::move(what) + ", found " + describe(), std::move(hint));
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }

  bool next_is(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool parse_word(std::string_view word, Value value, Value& out) {
    if (!text_.substr(at_).starts_with(word)) return expected("a value", "strings stand in double quotes");
    at_ += word.size();
    out = std::move(value);
    return true;
  }

  bool parse_value(Value& out, int depth) {
    if (at_ >= text_.size()) return expected("a value");
    switch (text_[at_]) {
      case '{':
        return parse_object(out, depth);
      case '[':
        return parse_array(out, depth);
      case '"': {
        std::string text;
        if (!parse_string(text)) return false;
        out = std::move(text);
        return true;
      }
      case 't':
        return parse_word("true", true, out);
      case 'f':
        return parse_word("false", false, out);
      case 'n':
        return parse_word("null", nullptr, out);
      case '/':
      case '#':
        return expected("a value", "JSON has no comments");
      case '\'':
        return expected("a value", "strings stand in double quotes");
      default:
        return parse_number(out);
    }
  }

  bool too_deep(int depth) {
    if (depth < depth_limit) return false;
    problem(at_, 1, "nested deeper than " + std::to_string(depth_limit) + " levels");
    return true;
  }

  bool parse_array(Value& out, int depth) {
    if (too_deep(depth)) return false;
    ++at_;
    out = Array();
    Array& array = out.as_array();
    if (!next_is(']')) {
      do {
        skip_space();
        if (at_ < text_.size() && text_[at_] == ']') return expected("a value", "remove the comma before it");
        if (!parse_value(array.emplace_back(), depth + 1)) return false;
      } while (next_is(','));
      if (!next_is(']')) return expected("',' or ']'");
    }
    return true;
  }

  bool parse_object(Value& out, int depth) {
    if (too_deep(depth)) return false;
    ++at_;
    out = Object();
    Object& object = out.as_object();
    std::unordered_set<std::string> seen;  // only for objects with many members
    if (!next_is('}')) {
      do {
        skip_space();
        if (at_ >= text_.size() || text_[at_] != '"') {
          return expected("a key in double quotes",
                          at_ < text_.size() && text_[at_] == '}' ? "remove the comma before it" : "");
        }
        const std::size_t key_start = at_;
        std::string key;
        if (!parse_string(key)) return false;
        if (is_duplicate(object, seen, key)) {
          return problem(key_start, at_ - key_start, "duplicate key \"" + key + "\"", "keep one of them");
        }
        if (!next_is(':')) return expected("':'");
        skip_space();
        object.append(std::move(key), Value());
        if (!parse_value((object.end() - 1)->second, depth + 1)) return false;
      } while (next_is(','));
      if (!next_is('}')) return expected("',' or '}'");
    }
    return true;
  }

  static bool is_duplicate(const Object& object, std::unordered_set<std::string>& seen, const std::string& key) {
    constexpr std::size_t few = 16;
    if (object.size() < few) return object.contains(key);
    if (seen.empty()) {
      for (const auto& [name, value] : object) seen.insert(name);
    }
    return !seen.insert(key).second;
  }

  bool parse_string(std::string& out) {
    const std::size_t start = at_++;
    while (true) {
      const std::size_t chunk = at_;
      skip_unescaped();
      out.append(text_.substr(chunk, at_ - chunk));
      if (at_ >= text_.size()) return problem(start, 1, "this string has no end", "add the closing double quote");
      if (text_[at_] == '"') {
        ++at_;
        return true;
      }
      if (text_[at_] != '\\') return problem(at_, 1, "control character in a string", "write \\n, \\t or \\u00XX");
      if (!parse_escape(out)) return false;
    }
  }

  // The whole text is UTF-8, which was looked at before.
  void skip_unescaped() {
    while (true) {
      at_ += plain_run(text_.substr(at_));
      if (at_ >= text_.size() || static_cast<unsigned char>(text_[at_]) < 0x80) return;
      while (at_ < text_.size() && static_cast<unsigned char>(text_[at_]) >= 0x80) ++at_;
    }
  }

  bool parse_escape(std::string& out) {
    const std::size_t start = at_;
    const char kind = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    at_ += 2;
    switch (kind) {
      case '"':
      case '\\':
      case '/':
        out += kind;
        return true;
      case 'b':
        out += '\b';
        return true;
      case 'f':
        out += '\f';
        return true;
      case 'n':
        out += '\n';
        return true;
      case 'r':
        out += '\r';
        return true;
      case 't':
        out += '\t';
        return true;
      case 'u':
        break;
      default:
        return problem(start, 2, "unknown escape in a string", "a backslash itself is written \\\\");
    }
    std::uint32_t unit = 0;
    if (!parse_hex4(unit)) return problem(start, 2, "\\u needs four hex digits");
    if (unit >= 0xD800 && unit < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
      at_ += 2;
      std::uint32_t low = 0;
      if (!parse_hex4(low)) return problem(at_ - 2, 2, "\\u needs four hex digits");
      if (low >= 0xDC00 && low < 0xE000) unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    if (unit >= 0xD800 && unit < 0xE000) return problem(start, 6, "half of a surrogate pair is not a character");
    append_utf8(out, unit);
    return true;
  }

  bool parse_hex4(std::uint32_t& out) {
    if (at_ + 4 > text_.size()) return false;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, out, 16);
    if (error != std::errc() || end != text_.data() + at_ + 4) return false;
    at_ += 4;
    return true;
  }

  // Whether the first significant digit of a number stands before the decimal point, its exponent counted in.
  static bool is_large(std::string_view number) {
    if (number.front() == '-') number.remove_prefix(1);
    const std::size_t e = std::min(number.find_first_of("eE"), number.size());
    const std::size_t dot = std::min(number.find('.'), e);
    const auto first = static_cast<std::int64_t>(number.find_first_of("123456789"));
    std::int64_t exponent = 0;
    if (e < number.size()) {
      std::string_view text = number.substr(e + 1);
      if (text.front() == '+') text.remove_prefix(1);
      if (std::from_chars(text.data(), text.data() + text.size(), exponent).ec != std::errc())
        return text.front() != '-';
      exponent = std::clamp<std::int64_t>(exponent, -1'000'000'000, 1'000'000'000);
    }
    return static_cast<std::int64_t>(dot) - first + exponent > 0;
  }

  std::size_t skip_digits() {
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ - start;
  }

  bool parse_number(Value& out) {
    const std::size_t start = at_;
    bool integral = true;
    if (text_[at_] == '-') ++at_;
    const std::size_t first_digit = at_;
    const std::size_t whole = skip_digits();
    if (whole == 0) {
      at_ = start;
      return expected("a value", text_[start] == '-' || text_[start] == '+' || text_[start] == '.'
                                     ? ""
                                     : "strings stand in double quotes");
    }
    if (whole > 1 && text_[first_digit] == '0') return problem(start, at_ - start, "a number must not begin with 0");
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      integral = false;
      if (skip_digits() == 0) return expected("a digit");
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      integral = false;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (skip_digits() == 0) return expected("a digit");
    }
    const char* const begin = text_.data() + start;
    const char* const end = text_.data() + at_;
    if (std::int64_t integer = 0; integral && std::from_chars(begin, end, integer).ec == std::errc()) {
      out = integer;
      return true;
    }
    double number = 0;
    const auto error = std::from_chars(begin, end, number).ec;
    if (error == std::errc::result_out_of_range) {
      // Too small reads as 0, as everywhere; too large has no value.
      if (is_large(text_.substr(start, at_ - start))) return problem(start, at_ - start, "this number is too large");
      number = 0;
    }
    out = number;
    return true;
  }

  std::string_view text_;
  std::string_view source_name_;
  std::size_t at_ = 0;
  Error problem_;
};

}  // namespace

Result<Value> parse_json(std::string_view text, std::string_view source_name) {
  return JsonParser(text, source_name).parse();
}

}  // namespace slipway::core::doc
