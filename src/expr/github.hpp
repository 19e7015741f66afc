#pragma once
// GitHub's `${{ }}` expressions: templates in texts, and the conditions of `if:`. The rules of loose equality, of
// conversion to text and of every function follow actions/runner's EvaluationResult and ExpressionConstants.
// Not for what contexts hold: the caller builds them.

#include <string>
#include <string_view>
#include <vector>

#include "expr/ast.hpp"

namespace slipway::expr::github {

// What may be named at one place of a workflow file; anything else is refused when the file is read.
struct Allowed {
  std::vector<std::string_view> contexts;
  bool status_functions = false;  // success() failure() always() cancelled()
};

// How what came before ended: what success(), failure() and cancelled() answer from. After a skipped job neither
// success() nor failure() holds.
enum class Status { success, failure, cancelled, skipped };

// What an expression sees.
struct Scope {
  const core::doc::Object* contexts = nullptr;  // github, env, needs ... by name
  Status status = Status::success;
};

// A text with expressions in it.
struct Template {
  struct Part {
    std::string literal;           // when `expression` is empty
    std::vector<Node> expression;  // none or one
  };
  std::vector<Part> parts;
  bool is_constant() const;
};

// invalid_argument with the position in the file: an unclosed `${{`, a syntax error, an unknown function or context, a
// wrong number of arguments.
core::Result<Template> parse_template(std::string_view text, const core::Mark& mark, const Allowed& allowed);
// `if:` - the braces are optional, empty means success(), and without a status function success() is required too.
core::Result<Node> parse_condition(std::string_view text, const core::Mark& mark, const Allowed& allowed);

// A template that is one expression keeps its type; all others give text.
core::Result<core::doc::Value> evaluate(const Template& text, const Scope& scope);
core::Result<std::string> evaluate_text(const Template& text, const Scope& scope);
core::Result<bool> evaluate_condition(const Node& condition, const Scope& scope);

// "" for null, true, 3.5, "Array", "Object": what a value becomes in the middle of a text.
std::string to_text(const core::doc::Value& value);
bool is_truthy(const core::doc::Value& value);

}  // namespace slipway::expr::github
