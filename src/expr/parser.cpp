#include "expr/parser.hpp"

#include <optional>

#include "expr/lexer.hpp"
#include "expr/position.hpp"

namespace slipway::expr {
namespace {

constexpr std::size_t max_length = 21'000;
constexpr int max_depth = 50;
constexpr int max_chain = 500;  // of operators of one level: the tree leans left, and walking it recurses

struct Infix {
  Op op;
  int binding;
};

std::optional<Infix> infix_of(std::string_view symbol) {
  if (symbol == "||") return Infix{Op::or_, 1};
  if (symbol == "&&") return Infix{Op::and_, 2};
  if (symbol == "==") return Infix{Op::equal, 3};
  if (symbol == "!=") return Infix{Op::not_equal, 3};
  if (symbol == "<") return Infix{Op::less, 4};
  if (symbol == "<=") return Infix{Op::less_equal, 4};
  if (symbol == ">") return Infix{Op::greater, 4};
  if (symbol == ">=") return Infix{Op::greater_equal, 4};
  return std::nullopt;
}

class Parser {
 public:
  explicit Parser(const Piece& piece) : piece_(piece) {
    start_ = mark_within(piece.mark, piece.scalar, piece.offset, 1);
  }

  core::Result<Node> run() {
    if (piece_.text().size() > max_length) {
      return fail(problem(0, 1, "the expression is longer than " + std::to_string(max_length) + " characters"));
    }
    auto tokens = tokenize(piece_.text());
    if (!tokens) return fail(problem(tokens.error().offset, tokens.error().length, tokens.error().message));
    tokens_ = std::move(*tokens);
    if (peek().kind == Token::Kind::end) return fail(problem(0, 1, "the expression is empty"));
    TRY_ASSIGN(auto node, expression(0));
    if (peek().kind != Token::Kind::end) return unexpected_token();
    return node;
  }

 private:
  const Token& peek() const { return tokens_[at_]; }
  const Token& take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool accept(std::string_view symbol) {
    if (peek().kind != Token::Kind::punctuation || peek().text != symbol) return false;
    take();
    return true;
  }

  core::Mark mark(std::size_t offset, std::size_t length) const {
    // Most expressions stand on one line: count columns instead of searching the file for every token.
    if (start_.known() && piece_.text().substr(0, offset).find('\n') == std::string_view::npos) {
      auto here = start_;
      here.column += static_cast<std::uint32_t>(offset);
      here.length = static_cast<std::uint32_t>(length);
      return here;
    }
    return mark_within(piece_.mark, piece_.scalar, piece_.offset + offset, length);
  }
  core::Error problem(std::size_t offset, std::size_t length, std::string message) const {
    return Error(Code::invalid_argument, std::move(message)).at(mark(offset, length));
  }
  std::unexpected<Error> unexpected_token() const {
    const auto& token = peek();
    if (token.kind == Token::Kind::end) {
      return fail(problem(token.offset > 0 ? token.offset - 1 : 0, 1, "the expression ends too early"));
    }
    return fail(
        problem(token.offset, token.text.size(), "unexpected \"" + std::string(token.text) + "\" in the expression"));
  }
  Node node(Node::Kind kind, const Token& token) const {
    Node made;
    made.kind = kind;
    made.mark = mark(token.offset, token.text.size());
    return made;
  }

  core::Result<Node> expression(int binding) {
    if (++depth_ > max_depth)
      return fail(problem(peek().offset, 1, "the expression is nested more than 50 levels deep"));
    TRY_ASSIGN(auto left, operand());
    for (int links = 0; peek().kind == Token::Kind::punctuation; links++) {
      const auto infix = infix_of(peek().text);
      if (!infix || infix->binding <= binding) break;
      if (links == max_chain)
        return fail(problem(peek().offset, peek().text.size(), "too many operators in one expression"));
      auto made = node(Node::Kind::binary, take());
      made.op = infix->op;
      TRY_ASSIGN(auto right, expression(infix->binding));
      made.children.push_back(std::move(left));
      made.children.push_back(std::move(right));
      left = std::move(made);
    }
    depth_--;
    return left;
  }

  core::Result<Node> operand() {
    if (peek().text == "!" && peek().kind == Token::Kind::punctuation) {
      auto made = node(Node::Kind::unary, take());
      if (++depth_ > max_depth)
        return fail(Error(Code::invalid_argument, "the expression is nested more than 50 levels deep").at(made.mark));
      TRY_ASSIGN(auto child, operand());
      depth_--;
      made.children.push_back(std::move(child));
      return made;
    }
    TRY_ASSIGN(auto base, primary());
    return postfix(std::move(base));
  }

  core::Result<Node> primary() {
    if (peek().kind == Token::Kind::literal) {
      auto made = node(Node::Kind::literal, peek());
      made.literal = take().value;
      return made;
    }
    if (peek().kind == Token::Kind::name) {
      auto made = node(Node::Kind::name, peek());
      made.name = std::string(take().text);
      if (!accept("(")) return made;
      made.kind = Node::Kind::call;
      if (accept(")")) return made;
      do {
        TRY_ASSIGN(auto argument, expression(0));
        made.children.push_back(std::move(argument));
      } while (accept(","));
      if (!accept(")")) return unexpected_token();
      return made;
    }
    if (accept("(")) {
      TRY_ASSIGN(auto inner, expression(0));
      if (!accept(")")) return unexpected_token();
      return inner;
    }
    return unexpected_token();
  }

  core::Result<Node> postfix(Node base) {
    for (int links = 0;; links++) {
      if (peek().kind != Token::Kind::punctuation || (peek().text != "." && peek().text != "[")) return base;
      if (links == max_depth)
        return fail(problem(peek().offset, 1, "the expression is nested more than 50 levels deep"));
      const bool bracket = take().text == "[";
      auto made = node(bracket ? Node::Kind::index : Node::Kind::member, peek());
      if (accept("*")) {
        made.kind = Node::Kind::wildcard;
        made.children.push_back(std::move(base));
      } else if (bracket) {
        TRY_ASSIGN(auto index, expression(0));
        made.children.push_back(std::move(base));
        made.children.push_back(std::move(index));
      } else {
        if (peek().kind != Token::Kind::name) return unexpected_token();
        made.name = std::string(take().text);
        made.children.push_back(std::move(base));
      }
      if (bracket && !accept("]")) return unexpected_token();
      base = std::move(made);
    }
  }

  const Piece& piece_;
  core::Mark start_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

core::Result<Node> parse(const Piece& piece) { return Parser(piece).run(); }

}  // namespace slipway::expr
