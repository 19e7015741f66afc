#include "server/validate.hpp"

#include "delivery/analysis/spec.hpp"
#include "delivery/promotion/environment.hpp"
#include "delivery/rollout/spec.hpp"
#include "gateway/traffic/parse.hpp"
#include "objects/kinds.hpp"
#include "serving/spec.hpp"
#include "slo/objective.hpp"

namespace slipway::server {
namespace {

// A parser's answer, its value left out.
template <class T>
Result<> checked(const Result<T>& parsed) {
  if (!parsed) return fail(parsed.error());
  return {};
}

// An AnalysisTemplate is checked as the AnalysisRun it would become; arguments that come with the Rollout are any text.
Result<> check_template(objects::Object object) {
  doc::Value& arguments = object.spec().at_or_insert("args");
  if (arguments.is_array()) {
    for (doc::Value& argument : arguments.as_array()) {
      if (argument.is_object() && argument["value"].is_null()) argument.as_object().set("value", "any");
    }
  } else {
    arguments = doc::Array{};
  }
  return checked(delivery::analysis::parse_spec(object, std::chrono::minutes(5)));
}

}  // namespace

Result<> validate(const objects::Object& object) {
  namespace kinds = objects::kinds;
  TRY_ASSIGN(const objects::Kind kind, kinds::find(object.api_version(), object.kind()));
  if (kind == kinds::llm_deployment) return checked(serving::parse_spec(object));
  if (kind == kinds::gateway) return checked(gateway::traffic::parse_gateway(object));
  if (kind == kinds::virtual_service) return checked(gateway::traffic::parse_virtual_service(object));
  if (kind == kinds::destination_rule) return checked(gateway::traffic::parse_destination_rule(object));
  if (kind == kinds::rollout) return checked(delivery::rollout::parse_spec(object));
  if (kind == kinds::analysis_template) return check_template(object);
  if (kind == kinds::slo) return checked(slo::parse_objectives(object));
  if (kind == kinds::environment) return checked(delivery::promotion::parse_environment(object));
  return {};
}

}  // namespace slipway::server
