#include <array>
#include <charconv>
#include <limits>

#include "core/text.hpp"
#include "slo/promql/ast.hpp"
#include "slo/promql/promql.hpp"

namespace slipway::slo::promql {
namespace {

constexpr int max_depth = 64;
constexpr std::size_t max_length = 64 * 1024;
constexpr std::array<std::string_view, 5> aggregations{"sum", "avg", "min", "max", "count"};
constexpr std::array<std::string_view, 24> functions{"rate",
                                                     "increase",
                                                     "delta",
                                                     "irate",
                                                     "resets",
                                                     "sum_over_time",
                                                     "avg_over_time",
                                                     "min_over_time",
                                                     "max_over_time",
                                                     "count_over_time",
                                                     "histogram_quantile",
                                                     "vector",
                                                     "scalar",
                                                     "time",
                                                     "absent",
                                                     "abs",
                                                     "ceil",
                                                     "floor",
                                                     "round",
                                                     "clamp_min",
                                                     "clamp_max",
                                                     "sgn",
                                                     "last_over_time",
                                                     "exp"};

bool is_start(char c) { return core::is_letter(c) || c == '_' || c == ':'; }
using core::is_digit;

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

class Parser {
 public:
  explicit Parser(std::string_view text)
      : text_(text), source_(std::make_shared<core::Source>("query", std::string(text))) {}

  Result<Node> parse() {
    TRY_ASSIGN(Node node, level(0, 0));
    skip();
    if (at_ < text_.size()) return error("unexpected \"" + std::string(text_.substr(at_, 1)) + "\"");
    return node;
  }

 private:
  std::unexpected<Error> error(std::string message, Code code = Code::invalid_argument) const {
    core::Mark mark;
    mark.source = source_;
    mark.line = 1;
    std::size_t start = 0;
    for (std::size_t i = 0; i < at_ && i < text_.size(); ++i) {
      if (text_[i] != '\n') continue;
      ++mark.line;
      start = i + 1;
    }
    mark.column = static_cast<std::uint32_t>(at_ - start + 1);
    return fail(Error(code, std::move(message)).at(std::move(mark)));
  }

  void skip() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        ++at_;
      } else {
        return;
      }
    }
  }
  bool take(std::string_view token) {
    skip();
    if (!text_.substr(at_).starts_with(token)) return false;
    const std::size_t end = at_ + token.size();
    if (is_start(token.front()) && end < text_.size() && (is_start(text_[end]) || is_digit(text_[end]))) return false;
    at_ = end;
    return true;
  }
  std::string word() {
    skip();
    std::size_t end = at_;
    if (end < text_.size() && is_start(text_[end])) {
      while (end < text_.size() && (is_start(text_[end]) || is_digit(text_[end]))) ++end;
    }
    std::string name(text_.substr(at_, end - at_));
    at_ = end;
    return name;
  }

  // Lowest first, as in Prometheus: or; and unless; comparisons; + -; * / %; ^ (right associative).
  std::string_view operator_at(int precedence) {
    static constexpr std::array<std::array<std::string_view, 6>, 6> levels{
        {{"or"}, {"and", "unless"}, {"==", "!=", "<=", ">=", "<", ">"}, {"+", "-"}, {"*", "/", "%"}, {"^"}}};
    for (const auto op : levels[static_cast<std::size_t>(precedence)]) {
      if (!op.empty() && take(op)) return op;
    }
    return {};
  }

  Result<Node> level(int precedence, int depth) {
    if (depth > max_depth) return error("nested too deeply");
    if (precedence == 6) return unary(depth + 1);
    TRY_ASSIGN(Node left, level(precedence + 1, depth));
    int terms = 0;
    for (auto op = operator_at(precedence); !op.empty(); op = operator_at(precedence)) {
      if (++terms > 256) return error("more than 256 operators in a row");
      Node node;
      node.kind = Node::Kind::binary;
      node.name = std::string(op);
      TRY(modifiers(node));
      TRY_ASSIGN(Node right, precedence == 5 ? level(5, depth + 1) : level(precedence + 1, depth));
      node.parts.push_back(std::move(left));
      node.parts.push_back(std::move(right));
      left = std::move(node);
    }
    return left;
  }

  Result<> modifiers(Node& node) {
    if (take("bool")) node.returns_bool = true;
    const bool on = take("on");
    if (on || take("ignoring")) {
      node.has_grouping = true;
      node.excludes_labels = !on;
      TRY_ASSIGN(node.labels, label_list());
      node.group_left = take("group_left");
      node.group_right = !node.group_left && take("group_right");
      skip();
      const bool has_list = (node.group_left || node.group_right) && at_ < text_.size() && text_[at_] == '(';
      if (has_list) {
        // group_left () is a list; group_left (expression) cannot be told apart, so Prometheus takes it for a list too.
        TRY_ASSIGN(const auto extra, label_list());
        if (!extra.empty()) return error("labels of group_left are not supported", Code::unimplemented);
      }
    }
    return {};
  }

  Result<std::vector<std::string>> label_list() {
    std::vector<std::string> labels;
    if (!take("(")) return error("expected \"(\" and labels");
    while (!take(")")) {
      std::string label = word();
      if (label.empty()) return error("expected a label");
      labels.push_back(std::move(label));
      if (!take(",")) {
        if (take(")")) break;
        return error("expected \",\" or \")\"");
      }
    }
    return labels;
  }

  Result<Node> unary(int depth) {
    if (depth > max_depth) return error("nested too deeply");
    if (take("-")) {
      Node node;
      node.kind = Node::Kind::negate;
      TRY_ASSIGN(Node operand, level(5, depth + 1));
      node.parts.push_back(std::move(operand));
      return node;
    }
    if (take("+")) return unary(depth + 1);
    TRY_ASSIGN(Node node, primary(depth));
    return postfix(std::move(node));
  }

  Result<core::Duration> duration() {
    skip();
    std::size_t end = at_;
    while (end < text_.size() && (is_digit(text_[end]) || (text_[end] >= 'a' && text_[end] <= 'z'))) ++end;
    const auto parsed = core::parse_prometheus_duration(text_.substr(at_, end - at_));
    if (!parsed) return error("expected a duration such as 5m");
    at_ = end;
    return *parsed;
  }

  Result<Node> postfix(Node node) {
    if (take("[")) {
      if (node.kind != Node::Kind::selector || node.range)
        return error("only a selector has a range; subqueries are not supported", Code::unimplemented);
      TRY_ASSIGN(const core::Duration range, duration());
      node.range = range;
      if (!take("]")) return error("expected \"]\"; subqueries are not supported", Code::unimplemented);
    }
    if (take("offset")) {
      if (node.kind != Node::Kind::selector) return error("only a selector has an offset");
      TRY_ASSIGN(node.offset, duration());
    }
    return node;
  }

  Result<Node> primary(int depth) {
    skip();
    if (at_ >= text_.size()) return error("the query ends here; expected a value");
    const char c = text_[at_];
    if (take("(")) {
      TRY_ASSIGN(Node inner, level(0, depth + 1));
      if (!take(")")) return error("expected \")\"");
      return inner;
    }
    if (is_digit(c) || c == '.') return number();
    if (c == '{') return selector("");
    const std::size_t start = at_;
    const std::string name = word();
    if (name.empty()) return error("unexpected \"" + std::string(1, c) + "\"");
    if (name == "NaN" || name == "Inf" || name == "inf" || name == "nan") {
      Node node;
      node.number = name[0] == 'N' || name[0] == 'n' ? std::numeric_limits<double>::quiet_NaN()
                                                     : std::numeric_limits<double>::infinity();
      return node;
    }
    skip();
    const bool is_called = at_ < text_.size() && text_[at_] == '(';
    if (contains(aggregations, name)) {
      const std::size_t after = at_;
      const bool groups = take("by") || take("without");
      at_ = after;
      if (is_called || groups) return aggregate(name, depth);
    }
    if (is_called) {
      if (contains(functions, name)) return call(name, depth);
      at_ = start;
      return error("function " + name + " is not supported", Code::unimplemented);
    }
    return selector(name);
  }

  Result<Node> number() {
    Node node;
    const char* first = text_.data() + at_;
    const auto [end, status] = std::from_chars(first, text_.data() + text_.size(), node.number);
    if (status != std::errc{}) return error("not a number");
    at_ += static_cast<std::size_t>(end - first);
    return node;
  }

  Result<Node> selector(const std::string& name) {
    Node node;
    node.kind = Node::Kind::selector;
    if (!name.empty()) node.matchers.push_back({"__name__", Matcher::Op::equal, name, nullptr});
    if (take("{")) {
      while (!take("}")) {
        TRY_ASSIGN(Matcher matcher, this->matcher());
        node.matchers.push_back(std::move(matcher));
        if (!take(",")) {
          if (take("}")) break;
          return error("expected \",\" or \"}\"");
        }
      }
    }
    if (node.matchers.empty()) return error("a selector needs a name or a label");
    return node;
  }

  Result<Matcher> matcher() {
    Matcher matcher;
    matcher.label = word();
    if (matcher.label.empty()) return error("expected a label");
    if (take("=~")) {
      matcher.op = Matcher::Op::matches;
    } else if (take("!~")) {
      matcher.op = Matcher::Op::not_matches;
    } else if (take("!=")) {
      matcher.op = Matcher::Op::not_equal;
    } else if (!take("=")) {
      return error("expected =, !=, =~ or !~");
    }
    TRY_ASSIGN(matcher.value, string());
    if (matcher.op == Matcher::Op::matches || matcher.op == Matcher::Op::not_matches) {
      auto regex = core::Regex::parse(matcher.value);
      if (!regex) return error(regex.error().message);
      matcher.regex = std::move(*regex);
    }
    return matcher;
  }

  Result<std::string> string() {
    skip();
    if (at_ >= text_.size() || (text_[at_] != '"' && text_[at_] != '\'' && text_[at_] != '`'))
      return error("expected a quoted text");
    const char quote = text_[at_];
    std::string value;
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == quote) {
        at_ = i + 1;
        return value;
      }
      if (text_[i] == '\\' && quote != '`' && i + 1 < text_.size()) {
        ++i;
        value += text_[i] == 'n' ? '\n' : text_[i];
      } else {
        value += text_[i];
      }
    }
    return error("this text has no closing quote");
  }

  Result<> grouping(Node& node) {
    const bool by = take("by");
    if (!by && !take("without")) return {};
    if (node.has_grouping) return error("grouped twice");
    node.has_grouping = true;
    node.excludes_labels = !by;
    TRY_ASSIGN(node.labels, label_list());
    return {};
  }

  Result<Node> aggregate(const std::string& name, int depth) {
    Node node;
    node.kind = Node::Kind::aggregate;
    node.name = name;
    TRY(grouping(node));
    TRY_ASSIGN(node.parts, arguments(depth));
    if (node.parts.size() != 1) return error(name + " takes one vector");
    TRY(grouping(node));
    return node;
  }

  Result<Node> call(const std::string& name, int depth) {
    Node node;
    node.kind = Node::Kind::call;
    node.name = name;
    TRY_ASSIGN(node.parts, arguments(depth));
    const std::size_t wanted = name == "time"                                                               ? 0
                               : name == "histogram_quantile" || name == "clamp_min" || name == "clamp_max" ? 2
                                                                                                            : 1;
    if (node.parts.size() != wanted) return error(name + " takes " + std::to_string(wanted) + " argument(s)");
    return node;
  }

  Result<std::vector<Node>> arguments(int depth) {
    std::vector<Node> parts;
    if (!take("(")) return error("expected \"(\"");
    if (take(")")) return parts;
    do {
      TRY_ASSIGN(Node part, level(0, depth + 1));
      parts.push_back(std::move(part));
    } while (take(","));
    if (!take(")")) return error("expected \")\"");
    return parts;
  }

  std::string_view text_;
  std::shared_ptr<const core::Source> source_;
  std::size_t at_ = 0;
};
}  // namespace

Result<Expression> Expression::parse(std::string_view text) {
  if (text.size() > max_length) return fail(Code::invalid_argument, "a query may have at most 64 KiB");
  TRY_ASSIGN(Node root, Parser(text).parse());
  return Expression(std::make_shared<const Node>(std::move(root)));
}

}  // namespace slipway::slo::promql
