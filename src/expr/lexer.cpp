#include "expr/lexer.hpp"

#include <array>
#include <limits>
#include <optional>

#include "core/text.hpp"
#include "expr/number.hpp"

namespace slipway::expr {
namespace {

using core::is_digit;
bool starts_name(char c) { return core::is_letter(c) || c == '_'; }

constexpr std::array<std::string_view, 15> symbols = {"&&", "||", "==", "!=", "<=", ">=", "<", ">",
                                                      "!",  "(",  ")",  "[",  "]",  ",",  "."};

constexpr char quote = '\'';

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::expected<std::vector<Token>, LexError> run() {
    while (true) {
      while (at_ < text_.size() &&
             (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
        at_++;
      if (at_ == text_.size()) break;
      if (auto problem = next()) return std::unexpected(*problem);
    }
    tokens_.push_back({Token::Kind::end, {}, {}, text_.size()});
    return std::move(tokens_);
  }

 private:
  std::optional<LexError> next() {
    const char c = text_[at_];
    if (c == quote) return string();
    if (is_digit(c) || ((c == '-' || c == '+') && at_ + 1 < text_.size() && starts_number(text_[at_ + 1])) ||
        (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]) && !follows_value())) {
      return number();
    }
    if (starts_name(c)) return name();
    if (c == '*') return push(Token::Kind::punctuation, 1, {});
    for (const auto symbol : symbols) {
      if (text_.substr(at_).starts_with(symbol)) return push(Token::Kind::punctuation, symbol.size(), {});
    }
    return LexError{at_, 1, "unexpected character \"" + std::string(1, c) + "\" in the expression"};
  }

  bool starts_number(char c) const { return is_digit(c) || c == '.' || c == 'I'; }
  bool follows_value() const {
    if (tokens_.empty()) return false;
    const auto& last = tokens_.back();
    return last.kind == Token::Kind::name || last.text == ")" || last.text == "]" || last.text == "*";
  }

  std::optional<LexError> push(Token::Kind kind, std::size_t length, core::doc::Value value) {
    tokens_.push_back({kind, text_.substr(at_, length), std::move(value), at_});
    at_ += length;
    return std::nullopt;
  }

  std::optional<LexError> string() {
    std::string value;
    for (auto i = at_ + 1; i < text_.size(); i++) {
      const char c = text_[i];
      if (c != quote) {
        value += c;
      } else if (i + 1 < text_.size() && text_[i + 1] == quote) {  // doubled, it stands for one
        value += quote;
        i++;
      } else {
        return push(Token::Kind::literal, i + 1 - at_, std::move(value));
      }
    }
    return LexError{at_, text_.size() - at_, "this string is not closed"};
  }

  std::optional<LexError> number() {
    auto end = at_ + 1;
    while (end < text_.size()) {
      const char c = text_[end];
      const bool exponent_sign = (c == '+' || c == '-') && (text_[end - 1] == 'e' || text_[end - 1] == 'E');
      if (!is_digit(c) && !starts_name(c) && c != '.' && !exponent_sign) break;
      end++;
    }
    const auto written = text_.substr(at_, end - at_);
    const auto value = parse_number(written);
    if (!value) return LexError{at_, written.size(), "\"" + std::string(written) + "\" is not a number"};
    return push(Token::Kind::literal, written.size(), number_value(*value));
  }

  std::optional<LexError> name() {
    auto end = at_ + 1;
    while (end < text_.size() && (starts_name(text_[end]) || is_digit(text_[end]) || text_[end] == '-')) end++;
    const auto word = text_.substr(at_, end - at_);
    const bool after_dot = !tokens_.empty() && tokens_.back().text == ".";
    if (!after_dot) {
      if (word == "true" || word == "false") return push(Token::Kind::literal, word.size(), word == "true");
      if (word == "null") return push(Token::Kind::literal, word.size(), nullptr);
      if (word == "NaN") return push(Token::Kind::literal, 3, std::numeric_limits<double>::quiet_NaN());
      if (word == "Infinity") return push(Token::Kind::literal, 8, std::numeric_limits<double>::infinity());
    }
    return push(Token::Kind::name, word.size(), {});
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::expected<std::vector<Token>, LexError> tokenize(std::string_view text) { return Lexer(text).run(); }

}  // namespace slipway::expr
