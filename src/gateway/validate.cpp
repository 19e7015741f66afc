#include "gateway/validate.hpp"

#include "gateway/traffic/parse.hpp"
#include "objects/kinds.hpp"

namespace slipway::gateway {

Result<> validate(const objects::Object& object) {
  namespace kinds = objects::kinds;
  if (object.kind() == kinds::gateway.kind) TRY(traffic::parse_gateway(object));
  if (object.kind() == kinds::virtual_service.kind) TRY(traffic::parse_virtual_service(object));
  if (object.kind() == kinds::destination_rule.kind) TRY(traffic::parse_destination_rule(object));
  return {};
}

}  // namespace slipway::gateway
