#pragma once
// Consult: everybody who has a say is asked about what writes no object of its own: a removal, an eviction, a
// connection into a Pod.
//
// Thread: the control loop only.

#include "objects/api/context.hpp"
#include "objects/api/write_queue.hpp"

namespace slipway::objects::api {

using Consulted = std::move_only_function<void(Answer<>)>;

// Plugins and webhooks, those that mutate first. `done` runs in the queue, at once when only plugins are concerned;
// what was read before may be old otherwise. The review's warnings are the call's by then.
void consult(Context& context, WriteQueue& queue, const CallPtr& call, std::shared_ptr<Review> review, Consulted done);

// The review of a call into something: pods/exec with its PodExecOptions.
std::shared_ptr<Review> review_of_connection(const Call& call);

}  // namespace slipway::objects::api
