#include "delivery/validate.hpp"

#include "delivery/analysis/spec.hpp"
#include "delivery/promotion/environment.hpp"
#include "delivery/rollout/spec.hpp"
#include "objects/kinds.hpp"

namespace slipway::delivery {
namespace {

using core::doc::Array;
using core::doc::Value;

// An AnalysisTemplate is checked as the AnalysisRun it would become; arguments that come with the Rollout are any text.
Result<> check_template(objects::Object object) {
  Value& arguments = object.spec().at_or_insert("args");
  if (arguments.is_array()) {
    for (Value& argument : arguments.as_array()) {
      if (argument.is_object() && argument["value"].is_null()) argument.as_object().set("value", "any");
    }
  } else {
    arguments = Array{};
  }
  TRY(analysis::parse_spec(object, std::chrono::minutes(5)));
  return {};
}

}  // namespace

Result<> validate(const objects::Object& object) {
  namespace kinds = objects::kinds;
  if (object.kind() == kinds::rollout.kind) TRY(rollout::parse_spec(object));
  if (object.kind() == kinds::analysis_template.kind) return check_template(object);
  if (object.kind() == kinds::environment.kind) TRY(promotion::parse_environment(object));
  return {};
}

}  // namespace slipway::delivery
