#pragma once
// The routes of /api/slipway/v1 that belong to no single room: apply, promotions, rollouts, inbox, history
// (docs/internals/api.md). Handlers run on the control loop.

#include <functional>

#include "core/events.hpp"
#include "delivery/delivery.hpp"
#include "net/http.hpp"
#include "objects/store.hpp"

namespace slipway::server {

// Whether objects of a kind are ours to judge: not when somebody's own definition stands where ours did. Empty: all
// are.
using JudgedByUs = std::function<bool(const objects::Kind&)>;

// All outlive the router.
struct ApiParts {
  objects::Store& store;
  delivery::Delivery& delivery;
  core::EventSink& events;
  JudgedByUs is_judged_by_us = {};
};
void add_api_routes(net::Router& router, ApiParts parts);

// Applies every object, or none when one of them is refused. Namespaces that do not exist are made. Returns a line for
// each: "Rollout production/support-assistant created". What changed is on record as `by`'s.
Result<std::vector<std::string>> apply_objects(objects::Store& store, core::EventSink& events, const std::string& by,
                                               std::vector<objects::Object> objects,
                                               const JudgedByUs& is_judged_by_us = {});
// Makes the namespace when it is absent.
Result<> ensure_namespace(objects::Store& store, const std::string& name);

}  // namespace slipway::server
