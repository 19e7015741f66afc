// Order, sentences and codes are those of k8s.io/apiserver/pkg/admission/plugin/policy/validating.

#include "objects/admission/policies.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "objects/admission/matching.hpp"

namespace slipway::objects::admission {
namespace {

namespace cel = expr::cel;
constexpr std::string_view group_name = "admissionregistration.k8s.io";
constexpr std::size_t longest_message = 5 * 1024;

// One validation that failed, or could not be decided.
struct Denial {
  std::string message, reason;
};

bool is_in_matches(const doc::Value& match, const api::Review& review, const doc::Value& namespace_object) {
  if (match.is_null()) return true;
  if (matches_any_rule(match["excludeResourceRules"], review)) return false;
  // A binding without rules takes what its policy takes.
  const auto& rules = match["resourceRules"];
  return (rules.size() == 0 || matches_any_rule(rules, review)) && matches_selectors(match, review, namespace_object);
}

std::string message_of(const Validation& validation, const cel::Bindings& bindings, cel::Budget& budget) {
  if (validation.message_expression && validation.message_expression->program) {
    const auto value = validation.message_expression->program->evaluate(bindings, budget);
    if (value && value->is_string()) {
      const auto text = core::trimmed(value->as_string(), " \t\r\n");
      if (!text.empty() && text.size() <= longest_message && text.find('\n') == std::string_view::npos)
        return std::string(text);
    }
  }
  if (!validation.message.empty()) return std::string(core::trimmed(validation.message, " \t\r\n"));
  return "failed expression: " + std::string(core::trimmed(validation.expression.text, " \t\r\n"));
}

void bind_variables(cel::Bindings& bindings, const CompiledPolicy& policy, cel::Budget& budget) {
  for (const auto& variable : policy.variables) {
    bindings.lazy(variable.name, [&variable, &bindings, &budget]() -> Result<cel::Value> {
      const auto& program = variable.expression.program;
      if (!program) return fail(Code::invalid_argument, variable.expression.mistake);
      return program->evaluate(bindings, budget);
    });
  }
}

std::vector<Denial> denials_of(const CompiledPolicy& policy, const Seen& seen, bool fails_closed) {
  cel::Budget budget(cel::Budget::per_policy);
  cel::Bindings bindings;
  bind(bindings, seen);
  bind_variables(bindings, policy, budget);
  std::vector<Denial> denials;
  const auto undecided = [&](std::string why) {
    if (fails_closed) denials.push_back({std::move(why), ""});
  };
  const auto matched = evaluate(policy.match_conditions, bindings, budget);
  if (!matched.holds) return {};
  if (!matched.error.empty()) {
    undecided(matched.error);
    return denials;
  }
  for (const auto& validation : policy.validations) {
    const auto& expression = validation.expression;
    if (!expression.program) {
      undecided(expression.mistake);
      continue;
    }
    const auto holds = expression.program->evaluate_bool(bindings, budget);
    if (!holds) {
      undecided("expression '" + expression.text + "' resulted in error: " + holds.error().message);
    } else if (!*holds) {
      denials.push_back({message_of(validation, bindings, budget), validation.reason});
    }
  }
  return denials;
}

api::Failure denied(const api::Review& review, const std::string& message, std::string reason) {
  auto failure = api::forbidden(*review.resource, review.name.name, message);
  if (reason.empty()) reason = "Invalid";
  failure.reason = reason;
  failure.code = reason == "Forbidden"               ? 403
                 : reason == "Unauthorized"          ? 401
                 : reason == "RequestEntityTooLarge" ? 413
                                                     : 422;
  failure.causes.push_back({"", message, ""});
  return failure;
}

bool has_action(const Object& binding, std::string_view action) {
  const auto& actions = binding.spec()["validationActions"];
  for (std::size_t i = 0; i < actions.size(); ++i) {
    if (actions[i].string_or("") == action) return true;
  }
  return false;
}

}  // namespace

struct Policies::Question {
  const api::Review& review;
  const doc::Value& request;
  const doc::Value& namespace_object;
};

Policies::Policies(api::Context& context)
    : context_(context),
      policies_(context, std::string(group_name), "ValidatingAdmissionPolicy"),
      bindings_(context, std::string(group_name), "ValidatingAdmissionPolicyBinding"),
      namespaces_(context, "", "Namespace") {}

doc::Value Policies::namespace_of(const api::Review& review) {
  if (!review.resource->namespaced) return {};
  const auto* found = namespaces_.find({"", review.name.ns});
  return found == nullptr ? doc::Value() : found->document();
}

const CompiledPolicy& Policies::compiled(const Object& policy) {
  auto& [version, made] = compiled_[policy.name().name];
  if (version != policy.resource_version()) {
    made = compile_policy(policy.spec());
    version = policy.resource_version();
  }
  return made;
}

api::Answer<> Policies::check_own_expressions(const api::Review& review) {
  const auto& object = review.object;
  if (review.operation == api::Operation::remove || !review.subresource.empty()) return {};
  validation::Problems problems;
  if (review.resource->kind == "ValidatingAdmissionPolicy") {
    if (!review.before.is_null() && object["spec"] == review.before["spec"]) return {};
    problems = policy_problems(compile_policy(object["spec"]));
  }
  const auto& hooks = object["webhooks"];
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    const auto& said = hooks[i]["matchConditions"];
    if (said.size() == 0 || said == review.before["webhooks"][i]["matchConditions"]) continue;
    auto more = condition_problems(compile_conditions(said), "webhooks[" + std::to_string(i) + "].matchConditions");
    problems.insert(problems.end(), more.begin(), more.end());
  }
  if (problems.empty()) return {};
  std::vector<api::Cause> causes;
  for (const auto& problem : problems)
    causes.push_back({std::string(validation::name_of(problem.reason)), problem.body(), problem.field});
  return api::refuse(api::invalid(*review.resource, review.name.name, std::move(causes)));
}

api::Answer<std::vector<doc::Value>> Policies::params_for(const Object& policy, const Object& binding,
                                                          const api::Review& review) {
  std::vector<doc::Value> params;
  const auto& of_kind = policy.spec()["paramKind"];
  const auto& reference = binding.spec()["paramRef"];
  if (of_kind.is_null() || reference.is_null()) return std::vector<doc::Value>{doc::Value()};
  const auto version = of_kind["apiVersion"].string_or("");
  const auto resource = context_.catalog.stored(group_version_of(version).group, of_kind["kind"].string_or(""));
  const auto refuse = [&](const std::string& why) {
    return api::refuse(denied(review,
                              "ValidatingAdmissionPolicy '" + policy.name().name + "' with binding '" +
                                  binding.name().name + "' denied request: failed to configure binding: " + why,
                              ""));
  };
  if (resource == nullptr) {
    if (policy.spec()["failurePolicy"].string_or("Fail") == "Ignore") return params;
    return refuse("failed to find resource referenced by paramKind: '" + version +
                  ", Kind=" + of_kind["kind"].string_or("") + "'");
  }
  auto ns = reference["namespace"].string_or("");
  if (resource->namespaced && ns.empty()) ns = review.name.ns;
  if (!resource->namespaced) ns.clear();
  const auto kind = kind_of(*resource);
  if (const auto name = reference["name"].string_or(""); !name.empty()) {
    const auto found = context_.backend.find(kind, {ns, name});
    if (found && *found) {
      if (auto object = (*found)->parse()) params.push_back(std::move(object->document()));
    }
  } else if (const auto selector = LabelSelector::from_value(reference["selector"])) {
    (void)context_.backend.list(kind, {ns, std::nullopt}, [&](const Stored& stored) {
      auto object = stored.parse();
      if (object && selector->matches(object->labels())) params.push_back(std::move(object->document()));
      return true;
    });
  }
  if (params.empty() && reference["parameterNotFoundAction"].string_or("Deny") == "Deny")
    return refuse("no params found for policy binding with `Deny` parameterNotFoundAction");
  return params;
}

api::Answer<> Policies::ask(const Object& policy, const Object& binding, const Question& question) {
  const auto& review = question.review;
  TRY_ANSWER(const auto params, params_for(policy, binding, review));
  const bool fails_closed = policy.spec()["failurePolicy"].string_or("Fail") != "Ignore";
  const auto names =
      "ValidatingAdmissionPolicy '" + policy.name().name + "' with binding '" + binding.name().name + "'";
  for (const auto& given : params) {
    const Seen seen{review.object, review.before, question.request, given, question.namespace_object};
    for (auto& denial : denials_of(compiled(policy), seen, fails_closed)) {
      if (has_action(binding, "Warn"))
        review.warnings.push_back("Validation failed for " + names + ": " + denial.message);
      if (has_action(binding, "Deny"))
        return api::refuse(denied(review, names + " denied request: " + denial.message, std::move(denial.reason)));
    }
  }
  return {};
}

api::Answer<> Policies::validate(const api::Review& review) {
  if (review.resource->group == group_name) TRY_DONE(check_own_expressions(review));
  if (is_exempt(review) || bindings_.all().empty()) return {};
  const auto namespace_object = namespace_of(review);
  doc::Value request;
  for (const auto& binding : bindings_.all()) {
    const auto* policy = policies_.find({"", binding.spec()["policyName"].string_or("")});
    if (policy == nullptr || !is_in_matches(policy->spec()["matchConstraints"], review, namespace_object) ||
        !is_in_matches(binding.spec()["matchResources"], review, namespace_object)) {
      continue;
    }
    if (request.is_null()) request = request_of(review, "");
    TRY_DONE(ask(*policy, binding, {review, request, namespace_object}));
  }
  return {};
}

}  // namespace slipway::objects::admission
