#include "server/validate.hpp"

#include "delivery/validate.hpp"
#include "gateway/validate.hpp"
#include "objects/kinds.hpp"
#include "serving/spec.hpp"
#include "slo/objective.hpp"

namespace slipway::server {

Result<> validate(const objects::Object& object) {
  namespace kinds = objects::kinds;
  TRY_ASSIGN(const objects::Kind kind, kinds::find(object.api_version(), object.kind()));
  if (kind == kinds::promotion) {
    return fail(Error(Code::permission_denied, "a Promotion is asked for and approved, not applied",
                      "use slipway promote, or POST /api/slipway/v1/promotions")
                    .at(object.document()["kind"].mark())
                    .on(object.text()));
  }
  if (kind == kinds::llm_deployment) TRY(serving::parse_spec(object));
  if (kind == kinds::slo) TRY(slo::parse_objectives(object));
  TRY(gateway::validate(object));
  return delivery::validate(object);
}

}  // namespace slipway::server
