#include "objects/api/context.hpp"

#include "objects/conversion/convert.hpp"

namespace slipway::objects::api {

Result<doc::Value> to_client(const Call& call, doc::Value stored) {
  if (!call.is_converted()) return stored;
  return conversion::convert(std::move(stored), *call.stored, *call.resource);
}

Result<doc::Value> to_stored(const Call& call, doc::Value given) {
  if (!call.is_converted()) return given;
  return conversion::convert(std::move(given), *call.resource, *call.stored);
}

}  // namespace slipway::objects::api
