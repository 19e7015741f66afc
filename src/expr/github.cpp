#include "expr/github.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"
#include "expr/github_functions.hpp"
#include "expr/parser.hpp"
#include "expr/position.hpp"

namespace slipway::expr::github {
namespace {

using core::doc::Value;

// The whole text must be known to be right before anything runs.
core::Result<> check(const Node& root, const Allowed& allowed) {
  std::vector<Error> problems;
  walk(root, [&](const Node& node) {
    if (node.kind == Node::Kind::name) {
      if (std::ranges::find(allowed.contexts, node.name) != allowed.contexts.end()) return;
      const std::vector<std::string> known(allowed.contexts.begin(), allowed.contexts.end());
      const auto near = core::nearest(node.name, known);
      std::string hint = near.empty() ? "here one may use " : "did you mean \"" + near + "\"?";
      for (std::size_t i = 0; near.empty() && i < known.size(); i++) hint += (i == 0 ? "" : ", ") + known[i];
      problems.push_back(
          Error(Code::invalid_argument, "unknown context \"" + node.name + "\"", std::move(hint)).at(node.mark));
    } else if (node.kind == Node::Kind::call) {
      if (auto result = check_call(node, allowed.status_functions); !result)
        problems.push_back(std::move(result).error());
    }
  });
  if (!problems.empty()) return fail(core::join(std::move(problems)));
  return {};
}

core::Result<Node> parse_checked(const Piece& piece, const Allowed& allowed) {
  TRY_ASSIGN(auto node, parse(piece));
  TRY(check(node, allowed));
  return node;
}

// The end of the expression that begins at `from`: the first "}}" outside a string.
std::size_t end_of_expression(std::string_view text, std::size_t from) {
  bool quoted = false;
  for (auto i = from; i < text.size(); i++) {
    if (text[i] == '\'') quoted = !quoted;
    if (!quoted && text.substr(i).starts_with("}}")) return i;
  }
  return std::string_view::npos;
}

class GithubSemantics : public Semantics {
 public:
  explicit GithubSemantics(const Scope& scope) : scope_(scope) {}

  core::Result<Operand> name(const Node& node) const override {
    const auto* context = scope_.contexts == nullptr ? nullptr : scope_.contexts->find(node.name);
    return context == nullptr ? Operand() : Operand::borrow(*context);
  }

  core::Result<Operand> member(const Operand& of, const Value& key, const Node&) const override {
    const auto& value = of.value();
    const Value* found = nullptr;
    if (value.is_object()) {
      const auto wanted = to_text(key);
      for (const auto& [name, child] : value.as_object()) {
        if (core::equal_ignoring_case(name, wanted)) {
          found = &child;
          break;
        }
      }
    } else if (value.is_array()) {
      const double index = to_number(key);
      if (index >= 0 && index < static_cast<double>(value.size())) found = &value[static_cast<std::size_t>(index)];
    }
    if (found == nullptr) return Operand();
    return of.identity() != nullptr ? Operand::borrow(*found) : Operand(*found);
  }

  core::Result<bool> truth(const Operand& of, const Node&) const override { return is_truthy(of.value()); }
  core::Result<bool> compare(Op op, const Operand& left, const Operand& right, const Node&) const override {
    return compare_loosely(op, left, right);
  }
  core::Result<Operand> call(const Node& node, const std::vector<Operand>& arguments) const override {
    return call_function(node, arguments, scope_);
  }

 private:
  const Scope& scope_;
};

bool calls_status_function(const Node& root) {
  bool found = false;
  walk(root,
       [&](const Node& node) { found = found || (node.kind == Node::Kind::call && is_status_function(node.name)); });
  return found;
}

Node success_call() {
  Node call;
  call.kind = Node::Kind::call;
  call.name = "success";
  return call;
}

}  // namespace

bool Template::is_constant() const {
  return std::ranges::all_of(parts, [](const Part& part) { return part.expression.empty(); });
}

core::Result<Template> parse_template(std::string_view text, const core::Mark& mark, const Allowed& allowed) {
  Template result;
  std::vector<Error> problems;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto open = text.find("${{", at);
    if (open != at) result.parts.push_back({std::string(text.substr(at, open - at)), {}});
    if (open == std::string_view::npos) break;
    const auto end = end_of_expression(text, open + 3);
    if (end == std::string_view::npos) {
      problems.push_back(Error(Code::invalid_argument, "this \"${{\" is not closed", "add \"}}\"")
                             .at(mark_within(mark, text, open, 3)));
      break;
    }
    auto node = parse_checked({text, mark, open + 3, end - open - 3}, allowed);
    if (node) {
      result.parts.push_back({{}, {std::move(*node)}});
    } else {
      problems.push_back(std::move(node).error());
    }
    at = end + 2;
  }
  if (!problems.empty()) return fail(core::join(std::move(problems)));
  return result;
}

core::Result<Node> parse_condition(std::string_view text, const core::Mark& mark, const Allowed& allowed) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return success_call();
  Piece piece{text, mark, first, text.find_last_not_of(" \t\r\n") + 1 - first};
  if (piece.text().starts_with("${{")) {
    if (!piece.text().ends_with("}}") || end_of_expression(text, first + 3) != first + piece.length - 2) {
      return fail(Error(Code::invalid_argument,
                        "a condition is one expression; text around \"${{ }}\" makes it always true",
                        "put everything inside one \"${{ }}\", or leave the braces out")
                      .at(mark));
    }
    piece.offset += 3;
    piece.length -= 5;
  }
  TRY_ASSIGN(auto node, parse_checked(piece, allowed));
  if (calls_status_function(node)) return node;
  Node both;
  both.kind = Node::Kind::binary;
  both.op = Op::and_;
  both.mark = node.mark;
  both.children.push_back(success_call());
  both.children.push_back(std::move(node));
  return both;
}

core::Result<Value> evaluate(const Template& text, const Scope& scope) {
  const GithubSemantics semantics(scope);
  if (text.parts.size() == 1 && !text.parts[0].expression.empty()) {
    TRY_ASSIGN(auto operand, expr::evaluate(text.parts[0].expression[0], semantics));
    return operand.value();
  }
  std::string result;
  for (const auto& part : text.parts) {
    result += part.literal;
    if (part.expression.empty()) continue;
    TRY_ASSIGN(auto operand, expr::evaluate(part.expression[0], semantics));
    result += to_text(operand.value());
  }
  return Value(std::move(result));
}

core::Result<std::string> evaluate_text(const Template& text, const Scope& scope) {
  TRY_ASSIGN(auto value, evaluate(text, scope));
  return to_text(value);
}

core::Result<bool> evaluate_condition(const Node& condition, const Scope& scope) {
  TRY_ASSIGN(auto operand, expr::evaluate(condition, GithubSemantics(scope)));
  return is_truthy(operand.value());
}

}  // namespace slipway::expr::github
