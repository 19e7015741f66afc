#include "objects/admission/expressions.hpp"

namespace slipway::objects::admission {
namespace {

namespace cel = expr::cel;

cel::Declarations names(bool with_params) {
  cel::Declarations declared;
  declared.add("object").add("oldObject").add("request");
  if (with_params) declared.add("params").add("namespaceObject");
  return declared;
}

Expression compiled(std::string text, const cel::Declarations& declared, cel::Kind wanted, const char* wrong_type) {
  Expression expression;
  auto program = cel::compile(text, declared);
  if (!program) {
    const auto mistakes = cel::render_mistakes(program.error());
    expression.mistake = "compilation failed: " + (mistakes.empty() ? program.error().message : mistakes);
  } else if (wanted != cel::Kind::dyn && program->type().kind() != wanted) {
    expression.mistake = wrong_type;
  } else {
    expression.program = std::move(*program);
  }
  expression.text = std::move(text);
  return expression;
}

std::vector<NamedExpression> conditions_of(const doc::Value& list, const cel::Declarations& declared) {
  std::vector<NamedExpression> conditions;
  for (std::size_t i = 0; i < list.size(); ++i) {
    conditions.push_back({list[i]["name"].string_or(""), compiled(list[i]["expression"].string_or(""), declared,
                                                                  cel::Kind::boolean, "must evaluate to bool")});
  }
  return conditions;
}

void note(validation::Problems& problems, const Expression& expression, std::string field) {
  if (expression.mistake.empty()) return;
  problems.push_back(validation::invalid(std::move(field), expression.text, expression.mistake));
}

std::string at(const std::string& list, std::size_t index, const char* member) {
  return list + "[" + std::to_string(index) + "]." + member;
}

}  // namespace

std::vector<NamedExpression> compile_conditions(const doc::Value& match_conditions) {
  return conditions_of(match_conditions, names(false));
}

CompiledPolicy compile_policy(const doc::Value& spec) {
  CompiledPolicy policy;
  auto declared = names(true);
  policy.match_conditions = conditions_of(spec["matchConditions"], declared);
  const auto& variables = spec["variables"];
  for (std::size_t i = 0; i < variables.size(); ++i) {
    NamedExpression variable{"variables." + variables[i]["name"].string_or(""),
                             compiled(variables[i]["expression"].string_or(""), declared, cel::Kind::dyn, "")};
    // A later one may read it; one that is wrong is not reported again where it is read.
    declared.add(variable.name,
                 variable.expression.program ? variable.expression.program->type() : cel::Type(cel::Kind::dyn));
    policy.variables.push_back(std::move(variable));
  }
  const auto& validations = spec["validations"];
  for (std::size_t i = 0; i < validations.size(); ++i) {
    const auto& said = validations[i];
    Validation validation{
        compiled(said["expression"].string_or(""), declared, cel::Kind::boolean, "must evaluate to bool"),
        said["message"].string_or(""), said["reason"].string_or(""), std::nullopt};
    if (auto text = said["messageExpression"].string_or(""); !text.empty())
      validation.message_expression = compiled(std::move(text), declared, cel::Kind::string, "must evaluate to string");
    policy.validations.push_back(std::move(validation));
  }
  const auto& annotations = spec["auditAnnotations"];
  for (std::size_t i = 0; i < annotations.size(); ++i) {
    auto value = compiled(annotations[i]["valueExpression"].string_or(""), declared, cel::Kind::dyn, "");
    const auto kind = value.program ? value.program->type().kind() : cel::Kind::dyn;
    if (kind != cel::Kind::dyn && kind != cel::Kind::string && kind != cel::Kind::null)
      value.mistake = "must evaluate to one of [string null_type]";
    policy.audit_annotations.push_back({annotations[i]["key"].string_or(""), std::move(value)});
  }
  return policy;
}

validation::Problems condition_problems(const std::vector<NamedExpression>& conditions, const std::string& field) {
  validation::Problems problems;
  for (std::size_t i = 0; i < conditions.size(); ++i)
    note(problems, conditions[i].expression, at(field, i, "expression"));
  return problems;
}

validation::Problems policy_problems(const CompiledPolicy& policy) {
  auto problems = condition_problems(policy.match_conditions, "spec.matchConditions");
  for (std::size_t i = 0; i < policy.variables.size(); ++i)
    note(problems, policy.variables[i].expression, at("spec.variables", i, "expression"));
  for (std::size_t i = 0; i < policy.validations.size(); ++i) {
    note(problems, policy.validations[i].expression, at("spec.validations", i, "expression"));
    if (policy.validations[i].message_expression)
      note(problems, *policy.validations[i].message_expression, at("spec.validations", i, "messageExpression"));
  }
  for (std::size_t i = 0; i < policy.audit_annotations.size(); ++i)
    note(problems, policy.audit_annotations[i].expression, at("spec.auditAnnotations", i, "valueExpression"));
  return problems;
}

void bind(cel::Bindings& bindings, const Seen& seen) {
  bindings.document("object", seen.object);
  bindings.document("oldObject", seen.before);
  bindings.document("request", seen.request);
  bindings.document("params", seen.params);
  bindings.document("namespaceObject", seen.namespace_object);
}

Matched evaluate(const std::vector<NamedExpression>& conditions, const cel::Bindings& bindings, cel::Budget& budget) {
  Matched matched;
  for (const auto& condition : conditions) {
    const auto& program = condition.expression.program;
    if (!program) {
      matched.error = condition.expression.mistake;
      continue;
    }
    const auto holds = program->evaluate_bool(bindings, budget);
    if (!holds) {
      matched.error = "matchCondition '" + condition.name + "' resulted in error: " + holds.error().message;
    } else if (!*holds) {
      return {false, ""};
    }
  }
  return matched;
}

}  // namespace slipway::objects::admission
