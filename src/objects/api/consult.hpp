#pragma once
// Consult: everybody who has a say in what a request does is asked, plugins and webhooks, those that mutate first.
//
// Thread: the control loop only.

#include "objects/api/context.hpp"
#include "objects/api/write_queue.hpp"

namespace slipway::objects::api {

using Consulted = std::move_only_function<void(Answer<>)>;
// Between those that mutate and those that only look: settles what the first made of the object, and may refuse it.
using Settle = std::move_only_function<Answer<>(Review&, bool is_mutated)>;

// `done` runs in the queue, at once when only plugins are concerned; what was read before may be old otherwise. The
// review's warnings are the call's by then. `settle` may be empty: for what writes no object of its own, a removal, an
// eviction, a connection into a Pod.
void consult(Context& context, WriteQueue& queue, const CallPtr& call, std::shared_ptr<Review> review, Consulted done,
             Settle settle = {});

// The rounds that need no waiting, for who cannot wait; the first says whether the object was changed.
Answer<bool> mutate_by_plugins(const Context& context, Review& review);
Answer<> validate_by_plugins(const Context& context, const Review& review);

// What the call itself says; the objects and options are for its handler to add.
std::shared_ptr<Review> review_of(const Call& call, Operation operation);
// The review of a call into something: pods/exec with its PodExecOptions.
std::shared_ptr<Review> review_of_connection(const Call& call);

}  // namespace slipway::objects::api
