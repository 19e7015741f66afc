#pragma once
// What our own controllers make on behalf of somebody's object, a Pod for a ReplicaSet, passes the same plugins as what
// comes over HTTP. Webhooks are not asked: a controller does not wait for an answer.
//
// Thread: the control loop only.

#include "objects/api/context.hpp"

namespace slipway::objects::api {

// `object` is about to be stored for the first time, and may be changed. Nothing is asked about what nobody's
// controller made. What the plugins refuse, in their words and with the code that a controller over a real API server
// would be given: permission_denied for 403, invalid_argument for 422, conflict, unavailable.
Result<> admit_made(Context& context, const ResourcePtr& resource, doc::Value& object);

}  // namespace slipway::objects::api
