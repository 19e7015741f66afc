// The grammar of k8s.io/client-go/util/jsonpath/parser.go inside one pair of braces.

#include <charconv>
#include <memory>

#include "core/text.hpp"
#include "objects/jsonpath/steps.hpp"
#include "objects/jsonpath/unquote.hpp"

namespace slipway::objects::jsonpath {
namespace {

using core::is_digit;
using core::trimmed;

bool is_line_end(char c) { return c == '\r' || c == '\n'; }
bool is_name_start(char c) { return core::is_letter(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
bool ends_name(char c) { return is_line_end(c) || std::string_view(" \t.,[]$@{}").find(c) != std::string_view::npos; }

// A part of the whole text: a side of a filter and an index of a list are parsed on their own.
class Parser {
 public:
  Parser(const std::shared_ptr<const core::Source>& source, std::string_view text, std::size_t offset)
      : source_(source), text_(text), offset_(offset) {}

  Result<std::vector<Step>> parse() {
    while (at_ < text_.size()) TRY(next());
    return std::move(steps_);
  }

 private:
  std::unexpected<Error> bad(std::string message, std::size_t at) const {
    core::Mark mark;
    mark.source = source_;
    mark.line = 1;
    mark.column = static_cast<std::uint32_t>(offset_ + at + 1);
    return fail(Error(Code::invalid_argument, std::move(message)).at(std::move(mark)));
  }

  Step& add(Step::What what) {
    steps_.emplace_back().what = what;
    return steps_.back();
  }

  Result<> next() {
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("[?(")) return filter();
    if (rest.starts_with("..")) return descent();
    const char c = rest.front();
    if (is_line_end(c)) return bad("unclosed action", at_);
    if (c == ' ' || c == '@' || c == '$') {
      ++at_;
      return {};
    }
    if (c == '[') return list();
    if (c == '"' || c == '\'') return quoted();
    if (c == '.') {
      ++at_;
      return key();
    }
    if (c == '+' || c == '-' || is_digit(c)) return number();
    if (is_name_start(c)) return word();
    constexpr char hex[] = "0123456789ABCDEF";
    return bad(
        std::string("unrecognized character in action: U+00") + hex[(c >> 4) & 15] + hex[c & 15] + " '" + c + "'", at_);
  }

  Result<> key() {
    std::string name;
    for (; at_ < text_.size() && !ends_name(text_[at_]); ++at_) {
      if (text_[at_] == '\\' && ++at_ == text_.size()) return bad("unclosed action", at_);
      if (text_[at_] != '\\') name += text_[at_];
    }
    if (name == "*")
      add(Step::What::wildcard);
    else
      add(Step::What::key).key = std::move(name);
    return {};
  }

  Result<> descent() {
    if (!steps_.empty() && steps_.back().what == Step::What::descent)
      return bad("invalid multiple recursive descent", at_);
    at_ += 2;
    add(Step::What::descent);
    if (at_ < text_.size() && (is_name_start(text_[at_]) || is_digit(text_[at_]))) return key();
    return {};
  }

  Result<> word() {
    const std::size_t start = at_;
    while (at_ < text_.size() && !ends_name(text_[at_])) ++at_;
    const std::string_view name = text_.substr(start, at_ - start);
    if (name != "true" && name != "false") return bad("unrecognized identifier " + std::string(name), start);
    add(Step::What::literal).literal = name == "true";
    return {};
  }

  Result<> number() {
    const std::size_t start = at_;
    if (text_[at_] == '+' || text_[at_] == '-') ++at_;
    while (at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '.')) ++at_;
    std::string_view digits = text_.substr(start, at_ - start);
    const std::string whole(digits);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const char* end = digits.data() + digits.size();
    std::int64_t integer = 0;
    if (const auto read = std::from_chars(digits.data(), end, integer); read.ec == std::errc() && read.ptr == end) {
      add(Step::What::literal).literal = integer;
      return {};
    }
    double real = 0;
    if (const auto read = std::from_chars(digits.data(), end, real); read.ec == std::errc() && read.ptr == end) {
      add(Step::What::literal).literal = real;
      return {};
    }
    return bad("cannot parse number " + whole, start);
  }

  Result<> quoted() {
    const std::size_t start = at_;
    const char quote = text_[at_++];
    for (; at_ < text_.size() && !is_line_end(text_[at_]); ++at_) {
      if (text_[at_] != quote || text_[at_ - 1] == '\\') continue;
      ++at_;
      const std::string_view inside = text_.substr(start + 1, at_ - start - 2);
      auto value = unquoted(inside, quote);
      if (!value)
        return bad("unquote string " + std::string(text_.substr(start, at_ - start)) + " error invalid syntax", start);
      add(Step::What::literal).literal = std::move(*value);
      return {};
    }
    return bad("unterminated quoted string", start);
  }

  Result<> list() {
    const std::size_t start = ++at_;
    const std::size_t end = text_.find_first_of("]\n", start);
    if (end == std::string_view::npos || text_[end] == '\n') return bad("unterminated array", start - 1);
    at_ = end + 1;
    const std::string_view inside = text_.substr(start, end - start);
    if (inside.find(',') == std::string_view::npos) return element(inside, start, steps_);
    std::vector<std::vector<Step>> alternatives;
    for (std::size_t from = 0; from <= inside.size();) {
      const std::size_t comma = std::min(inside.find(',', from), inside.size());
      const std::string_view part = trimmed(inside.substr(from, comma - from), " ");
      TRY(element(part, start + static_cast<std::size_t>(part.data() - inside.data()), alternatives.emplace_back()));
      from = comma + 1;
    }
    add(Step::What::alternatives).alternatives = std::move(alternatives);
    return {};
  }

  // What stands between brackets, without commas.
  Result<> element(std::string_view inside, std::size_t start, std::vector<Step>& to) {
    if (inside == "*") inside = ":";
    if (inside.size() >= 2 && inside.front() == '\'' && inside.find('\'', 1) == inside.size() - 1) {
      const std::string path = "." + std::string(inside.substr(1, inside.size() - 2));
      TRY_ASSIGN(auto keys, Parser(source_, path, offset_ + start).parse());
      std::ranges::move(keys, std::back_inserter(to));
      return {};
    }
    Slice slice;
    std::optional<std::int64_t>* const parts[] = {&slice.start, &slice.end, &slice.step};
    std::size_t at = 0;
    std::size_t colons = 0;
    for (;; ++colons) {
      const std::size_t from = at;
      if (at < inside.size() && inside[at] == '-') ++at;
      while (at < inside.size() && is_digit(inside[at])) ++at;
      const std::string_view digits = inside.substr(from, at - from);
      if (at < inside.size() && (inside[at] != ':' || colons == 2))
        return bad("invalid array index " + std::string(inside), start);
      if (!digits.empty()) {
        std::int32_t index = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), index);
        if (read.ec != std::errc()) return bad("array index " + std::string(digits) + " is not a number", start + from);
        *parts[colons] = index;
      }
      if (at++ == inside.size()) break;
    }
    if (colons == 0) {
      slice.single = true;
      slice.end = slice.start.value_or(0) + 1;
    }
    Step& step = to.emplace_back();
    step.what = Step::What::slice;
    step.slice = slice;
    return {};
  }

  Result<> filter() {
    const std::size_t opened = at_;
    at_ += 3;
    const std::size_t start = at_;
    char quote = 0;
    bool closed = false;
    for (;; ++at_) {
      if (at_ == text_.size() || text_[at_] == '\n') return bad("unterminated filter", opened);
      const char c = text_[at_];
      if (c == ')' && (quote != 0) == closed) break;
      if (c != '"' && c != '\'') continue;
      if (quote == 0)
        quote = c;
      else if (c == quote && text_[at_ - 1] != '\\')
        closed = true;
    }
    const std::string_view inside = text_.substr(start, at_ - start);
    if (++at_ == text_.size() || text_[at_] != ']') return bad("unclosed array expect ]", at_);
    ++at_;
    return condition(inside, start);
  }

  Result<> condition(std::string_view inside, std::size_t start) {
    constexpr std::string_view signs = "!<>=";
    const std::size_t sign = inside.find_first_of(signs);
    std::size_t right = sign == std::string_view::npos ? sign : inside.find_first_not_of(signs, sign);
    if (sign != std::string_view::npos && right == std::string_view::npos) right = inside.size() - 1;
    if (sign == 0 || right == std::string_view::npos || right == sign) {
      TRY_ASSIGN(auto wanted, Parser(source_, inside, offset_ + start).parse());
      add(Step::What::filter).alternatives.push_back(std::move(wanted));
      return {};
    }
    const std::string_view text = inside.substr(sign, right - sign);
    constexpr std::pair<std::string_view, Compare> known[] = {
        {"==", Compare::equal},      {"!=", Compare::not_equal}, {"<", Compare::less},
        {"<=", Compare::less_equal}, {">", Compare::greater},    {">=", Compare::greater_equal},
    };
    const auto* found = std::ranges::find(known, text, &std::pair<std::string_view, Compare>::first);
    if (found == std::end(known)) return bad("unrecognized filter operator " + std::string(text), start + sign);
    TRY_ASSIGN(auto one, Parser(source_, inside.substr(0, sign), offset_ + start).parse());
    TRY_ASSIGN(auto other, Parser(source_, inside.substr(right), offset_ + start + right).parse());
    Step& step = add(Step::What::filter);
    step.compare = found->second;
    step.alternatives.push_back(std::move(one));
    step.alternatives.push_back(std::move(other));
    return {};
  }

  const std::shared_ptr<const core::Source>& source_;
  std::string_view text_;
  std::size_t offset_;
  std::size_t at_ = 0;
  std::vector<Step> steps_;
};

}  // namespace

Result<std::vector<Step>> parse_steps(std::string_view text) {
  const auto source = std::make_shared<const core::Source>(core::Source{"<json path>", std::string(text)});
  return Parser(source, source->text, 0).parse();
}

}  // namespace slipway::objects::jsonpath
