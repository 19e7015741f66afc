#pragma once
// What our own controllers make on behalf of somebody's object, a Pod for a ReplicaSet, passes the same plugins as what
// comes over HTTP. Webhooks are not asked: a controller does not wait for an answer.
//
// Thread: the control loop only.

#include "objects/api/context.hpp"

namespace slipway::objects::api {

// `object` is about to be stored for the first time, and may be changed. Nothing is asked about what nobody's
// controller made. permission_denied and invalid_argument are the plugins' refusals, in their words.
Result<> admit_made(Context& context, const ResourcePtr& resource, doc::Value& object);

}  // namespace slipway::objects::api
