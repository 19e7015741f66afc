#pragma once
// The CEL expressions of admission: match conditions of webhooks and policies, and all that a ValidatingAdmissionPolicy
// says. Compiled once for each version of an object; pure.

#include <optional>
#include <string>
#include <vector>

#include "expr/cel/program.hpp"
#include "objects/validation/problem.hpp"

namespace slipway::objects::admission {

struct Expression {
  std::string text;
  std::optional<expr::cel::Program> program;  // empty: `mistake` says why
  std::string mistake;
};

struct NamedExpression {
  std::string name;
  Expression expression;
};

struct Validation {
  Expression expression;
  std::string message, reason;
  std::optional<Expression> message_expression;
};

struct CompiledPolicy {
  std::vector<NamedExpression> match_conditions;
  std::vector<NamedExpression> variables;  // named "variables.x"
  std::vector<Validation> validations;
  std::vector<NamedExpression> audit_annotations;
};

std::vector<NamedExpression> compile_conditions(const doc::Value& match_conditions);
CompiledPolicy compile_policy(const doc::Value& spec);

// What is wrong with the expressions, at their fields: "spec.validations[0].expression".
validation::Problems condition_problems(const std::vector<NamedExpression>& conditions, const std::string& field);
validation::Problems policy_problems(const CompiledPolicy& policy);

// What expressions see. All outlive their evaluation.
struct Seen {
  const doc::Value& object;
  const doc::Value& before;
  const doc::Value& request;
  const doc::Value& params;
  const doc::Value& namespace_object;
};
void bind(expr::cel::Bindings& bindings, const Seen& seen);

// Whether all conditions hold. An error of one counts only when no other says no; it is in words.
struct Matched {
  bool holds = true;
  std::string error;
};
Matched evaluate(const std::vector<NamedExpression>& conditions, const expr::cel::Bindings& bindings,
                 expr::cel::Budget& budget);

}  // namespace slipway::objects::admission
