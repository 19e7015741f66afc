#include "expr/cel/parser.hpp"

#include <array>

#include "expr/cel/map.hpp"

namespace slipway::expr::cel {

namespace {

using Parsed = std::expected<Expr, Mistake>;

#define CEL_TRY(declaration, expression) CEL_TRY_(SLIPWAY_CONCAT(cel_try_, __COUNTER__), declaration, expression)
#define CEL_TRY_(result, declaration, expression)                 \
  auto result = (expression);                                     \
  if (!result) return std::unexpected(std::move(result).error()); \
  declaration = std::move(*result)

struct Operator {
  std::string_view text;
  std::string_view name;
  int precedence;
};
constexpr std::array<Operator, 14> operators{{{"||", "_||_", 1},
                                              {"&&", "_&&_", 2},
                                              {"<", "_<_", 3},
                                              {"<=", "_<=_", 3},
                                              {">", "_>_", 3},
                                              {">=", "_>=_", 3},
                                              {"==", "_==_", 3},
                                              {"!=", "_!=_", 3},
                                              {"in", "@in", 3},
                                              {"+", "_+_", 4},
                                              {"-", "_-_", 4},
                                              {"*", "_*_", 5},
                                              {"/", "_/_", 5},
                                              {"%", "_%_", 5}}};

constexpr std::array<std::string_view, 17> reserved{"as",        "break",  "const",  "continue", "else", "for",
                                                    "function",  "if",     "import", "let",      "loop", "package",
                                                    "namespace", "return", "var",    "void",     "while"};

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Parsed run() {
    CEL_TRY(auto expr, expression());
    if (now().kind != Token::Kind::end) return unexpected();
    return expr;
  }

 private:
  const Token& now() const { return tokens_[at_]; }
  bool is(std::string_view text) const {
    return now().text == text && (now().kind == Token::Kind::punctuation || now().kind == Token::Kind::name);
  }
  bool take(std::string_view text) {
    if (!is(text)) return false;
    ++at_;
    return true;
  }
  std::unexpected<Mistake> refuse(std::size_t offset, std::string message) const {
    return std::unexpected(Mistake{offset, std::move(message)});
  }
  std::unexpected<Mistake> unexpected() const {
    if (now().kind == Token::Kind::end) return refuse(now().offset, "Syntax error: unexpected end of the expression");
    return refuse(now().offset, "Syntax error: unexpected '" + std::string(now().text) + "'");
  }
  std::expected<void, Mistake> expect(std::string_view text) {
    if (take(text)) return {};
    if (now().kind == Token::Kind::end) {
      return refuse(now().offset, "Syntax error: '" + std::string(text) + "' is missing at the end of the expression");
    }
    return refuse(now().offset,
                  "Syntax error: unexpected '" + std::string(now().text) + "', expecting '" + std::string(text) + "'");
  }

  Expr node(Expr::Kind kind, std::size_t offset, std::string_view name = {}) const {
    Expr expr;
    expr.kind = kind;
    expr.offset = static_cast<std::uint32_t>(offset);
    expr.name = name;
    return expr;
  }
  Parsed with(Expr expr, std::vector<Expr> children) const {
    expr.children = std::move(children);
    for (const auto& child : expr.children) expr.depth = std::max(expr.depth, child.depth + 1);
    if (expr.depth > deepest_expression) {
      return refuse(expr.offset, "expression recursion limit exceeded: " + std::to_string(deepest_expression));
    }
    return expr;
  }
  template <class... Child>
  Parsed with(Expr expr, Child... child) const {
    std::vector<Expr> children;
    (children.push_back(std::move(child)), ...);
    return with(std::move(expr), std::move(children));
  }

  Parsed expression() {
    struct Level {
      std::uint32_t& depth;
      ~Level() { --depth; }
    };
    if (++nesting_ > deepest_expression) {
      --nesting_;
      return refuse(now().offset, "expression recursion limit exceeded: " + std::to_string(deepest_expression));
    }
    const Level level{nesting_};
    CEL_TRY(auto condition, binary(1));
    if (!is("?")) return condition;
    const auto offset = now().offset;
    ++at_;
    CEL_TRY(auto yes, binary(1));
    if (const auto colon = expect(":"); !colon) return std::unexpected(colon.error());
    CEL_TRY(auto no, expression());
    return with(node(Expr::Kind::call, offset, "_?_:_"), std::move(condition), std::move(yes), std::move(no));
  }

  const Operator* operator_here() const {
    for (const auto& each : operators) {
      if (is(each.text)) return &each;
    }
    return nullptr;
  }

  Parsed binary(int lowest) {
    CEL_TRY(auto left, unary());
    for (const auto* op = operator_here(); op != nullptr && op->precedence >= lowest; op = operator_here()) {
      const auto offset = now().offset;
      ++at_;
      CEL_TRY(auto right, binary(op->precedence + 1));
      if (op->precedence <= 2 && left.kind == Expr::Kind::call && left.name == op->name && !left.member) {
        left.depth = std::max(left.depth, right.depth + 1);
        left.children.push_back(std::move(right));
        if (left.depth > deepest_expression) return refuse(offset, "expression recursion limit exceeded: 250");
        continue;
      }
      CEL_TRY(left, with(node(Expr::Kind::call, offset, op->name), std::move(left), std::move(right)));
    }
    return left;
  }

  Parsed unary() {
    const auto offset = now().offset;
    if (!is("!") && !is("-")) return member();
    const std::string sign(now().text);
    std::size_t count = 0;
    while (take(sign)) ++count;
    const bool number = sign == "-" && now().kind == Token::Kind::literal;
    if (number && negate_literal()) --count;
    CEL_TRY(auto operand, member());
    // Two signs undo each other where the operand is what they ask for; types are checked on one of each.
    if (count > 2) count = count % 2 == 0 ? 2 : 1;
    for (; count > 0; --count) {
      CEL_TRY(operand, with(node(Expr::Kind::call, offset, sign == "!" ? "!_" : "-_"), std::move(operand)));
    }
    return operand;
  }

  bool negate_literal() {
    auto& literal = tokens_[at_].literal;
    if (const auto* i = literal.get<std::int64_t>()) {
      literal = Value(static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(*i)));
      return true;
    }
    if (const auto* d = literal.get<double>()) {
      literal = Value(-*d);
      return true;
    }
    return false;
  }

  Parsed member() {
    CEL_TRY(auto expr, primary());
    for (;;) {
      const auto offset = now().offset;
      if (take(".")) {
        CEL_TRY(expr, selection(std::move(expr), offset));
      } else if (take("[")) {
        const bool optional = take("?");
        CEL_TRY(auto index, expression());
        if (const auto end = expect("]"); !end) return std::unexpected(end.error());
        auto made = node(Expr::Kind::call, offset, optional ? "_[?_]" : "_[_]");
        CEL_TRY(expr, with(std::move(made), std::move(expr), std::move(index)));
      } else if (is("{") && is_dotted_name(expr)) {
        return refuse(offset, "message construction is not supported: there are no message types here, only maps");
      } else {
        return expr;
      }
    }
  }

  static bool is_dotted_name(const Expr& expr) {
    return expr.kind == Expr::Kind::name || (expr.kind == Expr::Kind::select && is_dotted_name(expr.children[0]));
  }

  Parsed selection(Expr of, std::size_t offset) {
    const bool optional = take("?");
    const Token name = now();
    if (name.kind != Token::Kind::name && name.kind != Token::Kind::quoted_name) return unexpected();
    if (name.text == "in" || name.text == "true" || name.text == "false" || name.text == "null") return unexpected();
    ++at_;
    if (!optional && name.kind == Token::Kind::name && is("(")) {
      auto made = node(Expr::Kind::call, now().offset, name.text);
      made.member = true;
      return call(std::move(made), std::move(of));
    }
    auto made = node(Expr::Kind::select, offset, name.text);
    made.optional = optional;
    if (name.kind == Token::Kind::quoted_name) {
      made.unescaped = made.name;
    } else if (auto property = unescape_property(name.text)) {
      made.unescaped = std::move(*property);
    }
    return with(std::move(made), std::move(of));
  }

  Parsed call(Expr made, std::optional<Expr> receiver) {
    std::vector<Expr> children;
    if (receiver) children.push_back(std::move(*receiver));
    ++at_;
    if (!take(")")) {
      do {
        CEL_TRY(auto argument, expression());
        children.push_back(std::move(argument));
      } while (take(","));
      if (const auto end = expect(")"); !end) return std::unexpected(end.error());
    }
    CEL_TRY(auto expr, with(std::move(made), std::move(children)));
    if (auto mistake = expand_macro(expr)) return std::unexpected(std::move(*mistake));
    return expr;
  }

  Parsed primary() {
    const Token token = now();
    if (token.kind == Token::Kind::literal) {
      ++at_;
      auto made = node(Expr::Kind::literal, token.offset);
      made.literal = token.literal;
      return made;
    }
    if (take("(")) {
      CEL_TRY(auto inner, expression());
      if (const auto end = expect(")"); !end) return std::unexpected(end.error());
      return inner;
    }
    if (is("[")) return list();
    if (is("{")) return map();
    take(".");
    const Token name = now();
    if (name.kind != Token::Kind::name || name.text == "in") return unexpected();
    ++at_;
    if (name.text == "true" || name.text == "false" || name.text == "null") {
      auto made = node(Expr::Kind::literal, name.offset);
      if (name.text != "null") made.literal = Value(name.text == "true");
      return made;
    }
    for (const auto word : reserved) {
      if (name.text == word) return refuse(name.offset, "reserved identifier: " + std::string(word));
    }
    if (is("(")) return call(node(Expr::Kind::call, now().offset, name.text), std::nullopt);
    return node(Expr::Kind::name, name.offset, name.text);
  }

  Parsed list() {
    auto made = node(Expr::Kind::list, now().offset);
    std::vector<Expr> children;
    ++at_;
    while (!is("]")) {
      made.optional_entries.push_back(take("?"));
      CEL_TRY(auto element, expression());
      children.push_back(std::move(element));
      if (!take(",")) break;
    }
    if (const auto end = expect("]"); !end) return std::unexpected(end.error());
    return with(std::move(made), std::move(children));
  }

  Parsed map() {
    auto made = node(Expr::Kind::map, now().offset);
    std::vector<Expr> children;
    ++at_;
    while (!is("}")) {
      made.optional_entries.push_back(take("?"));
      CEL_TRY(auto key, expression());
      children.push_back(std::move(key));
      if (const auto colon = expect(":"); !colon) return std::unexpected(colon.error());
      CEL_TRY(auto value, expression());
      children.push_back(std::move(value));
      if (!take(",")) break;
    }
    if (const auto end = expect("}"); !end) return std::unexpected(end.error());
    return with(std::move(made), std::move(children));
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::uint32_t nesting_ = 0;
};

}  // namespace

std::expected<Expr, Mistake> parse(std::string_view text) {
  if (text.size() > longest_expression) {
    return std::unexpected(Mistake{0, "expression code point size exceeds limit: size: " + std::to_string(text.size()) +
                                          ", limit " + std::to_string(longest_expression)});
  }
  std::vector<Token> tokens;
  if (auto mistake = tokenize(text, tokens)) return std::unexpected(std::move(*mistake));
  return Parser(std::move(tokens)).run();
}

}  // namespace slipway::expr::cel
