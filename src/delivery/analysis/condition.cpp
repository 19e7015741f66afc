#include "delivery/analysis/condition.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

#include "core/text.hpp"

namespace slipway::delivery::analysis {

struct ConditionNode {
  enum class Kind { literal, result, list, index, call, unary, binary, ternary };
  Kind kind = Kind::literal;
  core::doc::Value literal;
  std::string name;  // operator or function
  std::vector<ConditionNode> parts;
};

namespace {
using core::doc::Array;
using core::doc::Value;
using Node = ConditionNode;
using Kind = Node::Kind;

constexpr int max_depth = 64;
constexpr std::size_t max_length = 4096;

struct Function {
  std::string_view name;
  std::size_t least, most;
};
constexpr std::array<Function, 11> functions{{{"len", 1, 1},
                                              {"isNaN", 1, 1},
                                              {"isInf", 1, 1},
                                              {"isNil", 1, 1},
                                              {"default", 2, 2},
                                              {"abs", 1, 1},
                                              {"min", 1, 8},
                                              {"max", 1, 8},
                                              {"asFloat", 1, 1},
                                              {"asInt", 1, 1},
                                              {"float", 1, 1}}};

bool is_name_start(char c) { return core::is_letter(c) || c == '_'; }
using core::is_digit;

class Parser {
 public:
  Parser(std::string_view text, std::string_view source_name)
      : text_(text), source_(std::make_shared<core::Source>(std::string(source_name), std::string(text))) {}

  Result<Node> parse() {
    TRY_ASSIGN(Node node, expression(0));
    skip_space();
    if (at_ < text_.size()) return error("unexpected \"" + std::string(text_.substr(at_, 1)) + "\"");
    return node;
  }

 private:
  std::unexpected<Error> error(std::string message, std::string hint = {}) const {
    core::Mark mark;
    mark.source = source_;
    mark.line = 1;
    std::size_t line_start = 0;
    for (std::size_t i = 0; i < at_ && i < text_.size(); ++i) {
      if (text_[i] == '\n') {
        ++mark.line;
        line_start = i + 1;
      }
    }
    mark.column = static_cast<std::uint32_t>(at_ - line_start + 1);
    return fail(Error(Code::invalid_argument, std::move(message), std::move(hint)).at(std::move(mark)));
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  bool take(std::string_view token) {
    skip_space();
    if (!text_.substr(at_).starts_with(token)) return false;
    const std::size_t end = at_ + token.size();
    const bool is_word = is_name_start(token.front());
    if (is_word && end < text_.size() && (is_name_start(text_[end]) || is_digit(text_[end]))) return false;
    at_ = end;
    return true;
  }
  // The first of the operators at this level, longest spelling first.
  std::string_view take_any(std::initializer_list<std::string_view> tokens) {
    for (const auto token : tokens) {
      if (take(token)) return token;
    }
    return {};
  }

  static Node make(Kind kind, std::string name, std::vector<Node> parts) {
    Node node;
    node.kind = kind;
    node.name = std::move(name);
    node.parts = std::move(parts);
    return node;
  }
  static Node make_binary(std::string_view op, Node left, Node right) {
    std::vector<Node> parts;
    parts.push_back(std::move(left));
    parts.push_back(std::move(right));
    return make(Kind::binary, std::string(op), std::move(parts));
  }

  Result<Node> expression(int depth) {
    if (depth > max_depth) return error("nested too deeply");
    TRY_ASSIGN(Node condition, level(0, depth));
    if (!take("?")) return condition;
    TRY_ASSIGN(Node yes, expression(depth + 1));
    if (!take(":")) return error("expected \":\"");
    TRY_ASSIGN(Node no, expression(depth + 1));
    std::vector<Node> parts;
    parts.push_back(std::move(condition));
    parts.push_back(std::move(yes));
    parts.push_back(std::move(no));
    return make(Kind::ternary, "?:", std::move(parts));
  }

  std::string_view operator_at(int precedence) {
    switch (precedence) {
      case 0:
        return take_any({"||", "or"});
      case 1:
        return take_any({"&&", "and"});
      case 2:
        return take_any({"==", "!=", "<=", ">=", "<", ">", "in"});
      case 3:
        return take_any({"+", "-"});
      case 4:
        return take_any({"*", "/", "%"});
      default:
        return {};
    }
  }
  static std::string_view canonical(std::string_view op) { return op == "or" ? "||" : op == "and" ? "&&" : op; }

  Result<Node> level(int precedence, int depth) {
    if (precedence == 5) return unary(depth);
    TRY_ASSIGN(Node left, level(precedence + 1, depth));
    // Each turn makes the tree one deeper on its left; evaluation recurses, so this is bounded by max_length.
    int terms = 0;
    for (std::string_view op = operator_at(precedence); !op.empty(); op = operator_at(precedence)) {
      if (++terms > 256) return error("more than 256 operators in a row");
      TRY_ASSIGN(Node right, level(precedence + 1, depth));
      left = make_binary(canonical(op), std::move(left), std::move(right));
    }
    return left;
  }

  Result<Node> unary(int depth) {
    if (depth > max_depth) return error("nested too deeply");
    skip_space();
    const bool is_not_equal = text_.substr(at_).starts_with("!=");
    std::string_view op = is_not_equal ? std::string_view{} : take_any({"!", "not", "-", "+"});
    if (op.empty()) return postfix(depth);
    TRY_ASSIGN(Node operand, unary(depth + 1));
    std::vector<Node> parts;
    parts.push_back(std::move(operand));
    return make(Kind::unary, std::string(op == "not" ? "!" : op), std::move(parts));
  }

  Result<Node> postfix(int depth) {
    TRY_ASSIGN(Node node, primary(depth));
    int indexes = 0;
    while (take("[")) {
      if (++indexes > max_depth) return error("nested too deeply");
      TRY_ASSIGN(Node index, expression(depth + 1));
      if (!take("]")) return error("expected \"]\"");
      std::vector<Node> parts;
      parts.push_back(std::move(node));
      parts.push_back(std::move(index));
      node = make(Kind::index, "[]", std::move(parts));
    }
    return node;
  }

  Result<Node> primary(int depth) {
    skip_space();
    if (at_ >= text_.size()) return error("the condition ends here; expected a value");
    const char c = text_[at_];
    if (is_digit(c) || c == '.') return number();
    if (c == '"' || c == '\'') return string(c);
    if (take("(")) {
      TRY_ASSIGN(Node inner, expression(depth + 1));
      if (!take(")")) return error("expected \")\"");
      return inner;
    }
    if (take("[")) {
      TRY_ASSIGN(auto parts, arguments("]", depth));
      return make(Kind::list, "", std::move(parts));
    }
    if (is_name_start(c)) return name(depth);
    return error("unexpected \"" + std::string(1, c) + "\"");
  }

  Result<Node> number() {
    double value = 0;
    const char* first = text_.data() + at_;
    const auto [end, status] = std::from_chars(first, text_.data() + text_.size(), value);
    if (status != std::errc{}) return error("not a number");
    at_ += static_cast<std::size_t>(end - first);
    Node node;
    node.literal = Value(value);
    return node;
  }

  Result<Node> string(char quote) {
    std::string value;
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == quote) {
        at_ = i + 1;
        Node node;
        node.literal = Value(std::move(value));
        return node;
      }
      if (text_[i] == '\\' && i + 1 < text_.size()) ++i;
      value += text_[i];
    }
    return error("this text has no closing quote");
  }

  Result<Node> name(int depth) {
    const std::size_t start = at_;
    while (at_ < text_.size() && (is_name_start(text_[at_]) || is_digit(text_[at_]))) ++at_;
    const std::string word(text_.substr(start, at_ - start));
    Node node;
    if (word == "result") {
      node.kind = Kind::result;
      return node;
    }
    if (word == "true" || word == "false") {
      node.literal = Value(word == "true");
      return node;
    }
    if (word == "nil") return node;
    for (const auto& function : functions) {
      if (function.name != word) continue;
      if (!take("(")) return error("expected \"(\" after " + word);
      TRY_ASSIGN(auto parts, arguments(")", depth));
      if (parts.size() < function.least || parts.size() > function.most) {
        return error(word + " takes " + std::to_string(function.least) + " argument(s), not " +
                     std::to_string(parts.size()));
      }
      return make(Kind::call, word, std::move(parts));
    }
    at_ = start;
    std::vector<std::string> known{"result", "true", "false", "nil"};
    for (const auto& function : functions) known.emplace_back(function.name);
    const std::string near = core::nearest(word, known);
    return error("unknown name \"" + word + "\"",
                 near.empty() ? "the measurement is called `result`" : "did you mean \"" + near + "\"?");
  }

  Result<std::vector<Node>> arguments(std::string_view close, int depth) {
    std::vector<Node> parts;
    if (take(close)) return parts;
    do {
      TRY_ASSIGN(Node part, expression(depth + 1));
      parts.push_back(std::move(part));
    } while (take(","));
    if (!take(close)) return error("expected \"" + std::string(close) + "\"");
    return parts;
  }

  std::string_view text_;
  std::shared_ptr<const core::Source> source_;
  std::size_t at_ = 0;
};

std::unexpected<Error> wrong(std::string message) { return fail(Code::invalid_argument, std::move(message)); }

Result<double> number_of(const Value& value, std::string_view what) {
  if (value.is_number()) return value.as_double();
  return wrong(std::string(what) + " needs a number, not " +
               (value.is_array() ? "the whole vector; use result[0]" : std::string(name_of(value.type()))));
}
Result<bool> truth_of(const Value& value, std::string_view what) {
  if (value.is_bool()) return value.as_bool();
  return wrong(std::string(what) + " needs true or false, not " + std::string(name_of(value.type())));
}

Result<Value> evaluate(const Node& node, const Value& result);

Result<Value> evaluate_call(const Node& node, const Value& result) {
  if (node.name == "default") {
    auto value = evaluate(node.parts[0], result);
    const bool missing = !value || value->is_null() || (value->is_number() && std::isnan(value->as_double()));
    if (missing) return evaluate(node.parts[1], result);
    return value;
  }
  std::vector<Value> values;
  for (const auto& part : node.parts) {
    TRY_ASSIGN(Value value, evaluate(part, result));
    values.push_back(std::move(value));
  }
  const Value& first = values.front();
  if (node.name == "isNil") return Value(first.is_null());
  if (node.name == "len") {
    if (first.is_array()) return Value(static_cast<std::int64_t>(first.size()));
    if (first.is_string()) return Value(static_cast<std::int64_t>(first.as_string().size()));
    return wrong("len needs a vector, not " + std::string(name_of(first.type())));
  }
  TRY_ASSIGN(double x, number_of(first, node.name));
  if (node.name == "isNaN") return Value(std::isnan(x));
  if (node.name == "isInf") return Value(std::isinf(x));
  if (node.name == "abs") return Value(std::fabs(x));
  if (node.name == "asInt") return Value(std::trunc(x));
  for (std::size_t i = 1; i < values.size(); ++i) {
    TRY_ASSIGN(double y, number_of(values[i], node.name));
    x = node.name == "min" ? std::fmin(x, y) : std::fmax(x, y);
  }
  return Value(x);
}

Result<Value> evaluate_index(const Node& node, const Value& result) {
  TRY_ASSIGN(Value list, evaluate(node.parts[0], result));
  TRY_ASSIGN(Value position, evaluate(node.parts[1], result));
  if (!list.is_array()) return wrong("only a vector can be indexed, not " + std::string(name_of(list.type())));
  TRY_ASSIGN(double at, number_of(position, "an index"));
  const double size = static_cast<double>(list.size());
  if (at < 0) at += size;
  if (!(at >= 0) || !(at < size) || at != std::trunc(at)) {
    return wrong("index out of range: the vector has " + std::to_string(list.size()) + " elements");
  }
  return list[static_cast<std::size_t>(at)];
}

bool equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return a.as_double() == b.as_double();  // NaN equals nothing
  return a == b;
}

Result<Value> evaluate_binary(const Node& node, const Value& result) {
  const std::string& op = node.name;
  TRY_ASSIGN(Value left, evaluate(node.parts[0], result));
  if (op == "&&" || op == "||") {
    TRY_ASSIGN(bool first, truth_of(left, op));
    if (first == (op == "||")) return Value(first);
    TRY_ASSIGN(Value right, evaluate(node.parts[1], result));
    TRY_ASSIGN(bool second, truth_of(right, op));
    return Value(second);
  }
  TRY_ASSIGN(Value right, evaluate(node.parts[1], result));
  if (op == "==") return Value(equal(left, right));
  if (op == "!=") return Value(!equal(left, right));
  if (op == "in") {
    if (!right.is_array()) return wrong("\"in\" needs a list on its right");
    for (const auto& element : right.as_array()) {
      if (equal(left, element)) return Value(true);
    }
    return Value(false);
  }
  TRY_ASSIGN(double a, number_of(left, op));
  TRY_ASSIGN(double b, number_of(right, op));
  if (op == "<") return Value(a < b);
  if (op == ">") return Value(a > b);
  if (op == "<=") return Value(a <= b);
  if (op == ">=") return Value(a >= b);
  if (op == "+") return Value(a + b);
  if (op == "-") return Value(a - b);
  if (op == "*") return Value(a * b);
  if (op == "/") return Value(a / b);
  return Value(std::fmod(a, b));
}

Result<Value> evaluate(const Node& node, const Value& result) {
  switch (node.kind) {
    case Kind::literal:
      return node.literal;
    case Kind::result:
      return result;
    case Kind::call:
      return evaluate_call(node, result);
    case Kind::index:
      return evaluate_index(node, result);
    case Kind::binary:
      return evaluate_binary(node, result);
    case Kind::list: {
      Array values;
      for (const auto& part : node.parts) {
        TRY_ASSIGN(Value value, evaluate(part, result));
        values.push_back(std::move(value));
      }
      return Value(std::move(values));
    }
    case Kind::unary: {
      TRY_ASSIGN(Value operand, evaluate(node.parts[0], result));
      if (node.name == "!") {
        TRY_ASSIGN(bool truth, truth_of(operand, "!"));
        return Value(!truth);
      }
      TRY_ASSIGN(double x, number_of(operand, node.name));
      return Value(node.name == "-" ? -x : x);
    }
    case Kind::ternary: {
      TRY_ASSIGN(Value condition, evaluate(node.parts[0], result));
      TRY_ASSIGN(bool truth, truth_of(condition, "?:"));
      return evaluate(node.parts[truth ? 1 : 2], result);
    }
  }
  return wrong("unknown expression");
}
}  // namespace

Result<Condition> Condition::parse(std::string_view text, std::string_view source_name) {
  if (text.size() > max_length) return fail(Code::invalid_argument, "a condition may have at most 4096 characters");
  TRY_ASSIGN(Node root, Parser(text, source_name).parse());
  return Condition(std::make_shared<const Node>(std::move(root)));
}

Result<bool> Condition::evaluate(const core::doc::Value& result) const {
  TRY_ASSIGN(Value value, analysis::evaluate(*root_, result));
  return truth_of(value, "a condition");
}

}  // namespace slipway::delivery::analysis
