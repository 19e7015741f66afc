#include "expr/cel/lexer.hpp"

#include <array>
#include <charconv>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "expr/cel/text.hpp"

namespace slipway::expr::cel {

namespace {

bool starts_name(char c) { return core::is_letter(c) || c == '_'; }
bool in_name(char c) { return starts_name(c) || core::is_digit(c); }
bool is_hex(char c) { return core::is_digit(c) || (core::lower(c) >= 'a' && core::lower(c) <= 'f'); }

// An unsigned 64-bit literal that is only right behind a minus: 9223372036854775808.
constexpr std::uint64_t smallest_magnitude = 9223372036854775808ULL;

class Lexer {
 public:
  Lexer(std::string_view text, std::vector<Token>& out) : text_(text), out_(out) {}

  std::optional<Mistake> run() {
    while (skip_blanks(), at_ < text_.size()) {
      const char c = text_[at_];
      const std::size_t begin = at_;
      if (auto quote = string_prefix(); quote != std::string_view::npos) {
        if (!string_literal(quote)) return problem_;
      } else if (starts_name(c)) {
        while (at_ < text_.size() && in_name(text_[at_])) ++at_;
        add(Token::Kind::name, begin);
      } else if (c == '`') {
        const auto end = text_.find('`', at_ + 1);
        if (end == std::string_view::npos || end == at_ + 1)
          return Mistake{begin, "Syntax error: a quoted name has no end"};
        at_ = end + 1;
        add(Token::Kind::quoted_name, begin);
        out_.back().text = text_.substr(begin + 1, end - begin - 1);
      } else if (core::is_digit(c) || (c == '.' && core::is_digit(peek(1)))) {
        if (!number()) return problem_;
      } else if (!punctuation()) {
        return Mistake{begin, "Syntax error: token recognition error at: '" +
                                  std::string(text_.substr(begin, utf8_length(text_.substr(begin)))) + "'"};
      }
    }
    add(Token::Kind::end, at_);
    return std::nullopt;
  }

 private:
  char peek(std::size_t ahead) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void add(Token::Kind kind, std::size_t begin, Value literal = {}) {
    out_.push_back({kind, text_.substr(begin, at_ - begin), std::move(literal), begin});
  }

  void skip_blanks() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
        ++at_;
      } else if (c == '/' && peek(1) == '/') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else {
        return;
      }
    }
  }

  // How many letters of r and b stand before a quote here; npos when no string begins.
  std::size_t string_prefix() const {
    std::size_t i = 0;
    if (core::lower(peek(i)) == 'b') ++i;
    if (core::lower(peek(i)) == 'r') ++i;
    return peek(i) == '"' || peek(i) == '\'' ? i : std::string_view::npos;
  }

  bool fail(std::size_t offset, std::string message) {
    problem_ = Mistake{offset, std::move(message)};
    return false;
  }

  bool string_literal(std::size_t prefix) {
    const std::size_t begin = at_;
    string_ = begin;
    const auto letters = core::in_lower(text_.substr(at_, prefix));
    const bool raw = letters.ends_with('r');
    const bool bytes = letters.starts_with('b');
    at_ += prefix;
    const char quote = text_[at_];
    const bool triple = peek(1) == quote && peek(2) == quote;
    at_ += triple ? 3 : 1;
    std::string out;
    for (;;) {
      if (at_ >= text_.size()) return fail(begin, "Syntax error: a string has no end");
      const char c = text_[at_];
      if (c == quote && (!triple || (peek(1) == quote && peek(2) == quote))) {
        at_ += triple ? 3 : 1;
        break;
      }
      if (!triple && (c == '\n' || c == '\r')) return fail(begin, "Syntax error: a string has no end on its line");
      if (c == '\\' && !raw) {
        if (!escape(out, bytes)) return false;
      } else if (c == '\r') {
        out += '\n';
        at_ += peek(1) == '\n' ? 2 : 1;
      } else {
        out += c;
        ++at_;
      }
    }
    add(Token::Kind::literal, begin, bytes ? Value::bytes(std::move(out)) : Value::string(std::move(out)));
    return true;
  }

  bool escape(std::string& out, bool bytes) {
    static constexpr std::string_view letters = "abfnrtv\"'\\?`";
    static constexpr std::string_view meanings = "\a\b\f\n\r\t\v\"'\\?`";
    const std::size_t begin = at_;
    const char c = peek(1);
    if (const auto simple = letters.find(c); c != '\0' && simple != std::string_view::npos) {
      out += meanings[simple];
      at_ += 2;
      return true;
    }
    std::size_t digits = 0;
    int base = 16;
    std::size_t skip = 2;
    if (c == 'x' || c == 'X') {
      digits = 2;
    } else if (bytes && (c == 'u' || c == 'U')) {
      return fail(string_, "unable to unescape string");
    } else if (c == 'u' || c == 'U') {
      digits = c == 'u' ? 4 : 8;
    } else if (c >= '0' && c <= '3') {
      digits = 3;
      base = 8;
      skip = 1;
    } else {
      return fail(begin, "Syntax error: unknown escape in a string: '\\" + std::string(1, c) + "'");
    }
    const auto number = text_.substr(std::min(at_ + skip, text_.size()), digits);
    std::uint32_t code = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), code, base);
    const bool read = number.size() == digits && error == std::errc() && end == number.data() + digits;
    if (read && (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)))
      return fail(string_, "invalid unicode code point");
    if (!read) {
      return fail(begin, "Syntax error: a bad escape in a string: '\\" + std::string(1, c) + "'");
    }
    if (bytes) {
      out += static_cast<char>(code);
    } else {
      core::append_utf8(out, code);
    }
    at_ += skip + digits;
    return true;
  }

  bool number() {
    const std::size_t begin = at_;
    if (peek(0) == '0' && peek(1) == 'x' && is_hex(peek(2))) {
      at_ += 2;
      while (is_hex(peek(0))) ++at_;
      return integer(begin, text_.substr(begin + 2, at_ - begin - 2), 16);
    }
    while (core::is_digit(peek(0))) ++at_;
    bool real = false;
    if (peek(0) == '.' && core::is_digit(peek(1))) {
      real = true;
      ++at_;
      while (core::is_digit(peek(0))) ++at_;
    }
    if (core::lower(peek(0)) == 'e') {
      const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 2 : 1;
      if (core::is_digit(peek(sign))) {
        real = true;
        at_ += sign;
        while (core::is_digit(peek(0))) ++at_;
      }
    }
    const auto digits = text_.substr(begin, at_ - begin);
    if (!real) return integer(begin, digits, 10);
    const auto value = parse_double(digits.front() == '.' ? "0" + std::string(digits) : std::string(digits));
    if (!value) return fail(begin, "invalid double literal");
    add(Token::Kind::literal, begin, Value(*value));
    return true;
  }

  bool integer(std::size_t begin, std::string_view digits, int base) {
    std::uint64_t value = 0;
    const bool fits = std::from_chars(digits.data(), digits.data() + digits.size(), value, base).ec == std::errc();
    if (core::lower(peek(0)) == 'u') {
      ++at_;
      if (!fits) return fail(begin, "invalid uint literal");
      add(Token::Kind::literal, begin, Value(value));
      return true;
    }
    const bool negated = !out_.empty() && out_.back().text == "-" && out_.back().kind == Token::Kind::punctuation;
    if (!fits || value > smallest_magnitude || (value == smallest_magnitude && !negated)) {
      return fail(begin, "invalid int literal");
    }
    add(Token::Kind::literal, begin, Value(static_cast<std::int64_t>(value)));
    return true;
  }

  bool punctuation() {
    static constexpr std::array<std::string_view, 24> all{"==", "!=", "<=", ">=", "&&", "||", "<", ">",
                                                          "[",  "]",  "{",  "}",  "(",  ")",  ".", ",",
                                                          "-",  "!",  "?",  ":",  "+",  "*",  "/", "%"};
    for (const auto each : all) {
      if (!text_.substr(at_).starts_with(each)) continue;
      const std::size_t begin = at_;
      at_ += each.size();
      add(Token::Kind::punctuation, begin);
      return true;
    }
    return false;
  }

  std::string_view text_;
  std::vector<Token>& out_;
  std::size_t at_ = 0;
  std::size_t string_ = 0;  // where the one that is read begins
  Mistake problem_;
};

}  // namespace

std::optional<Mistake> tokenize(std::string_view text, std::vector<Token>& out) { return Lexer(text, out).run(); }

}  // namespace slipway::expr::cel
