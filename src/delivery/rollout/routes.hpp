#pragma once
// The canary's part of a VirtualService and of a DestinationRule: reads what they show, and edits documents so that
// they show another weight or another revision. Pure; the store is the controller's business.

#include <optional>
#include <string>

#include "delivery/rollout/spec.hpp"

namespace slipway::delivery::rollout {

inline constexpr std::string_view hash_label = "rollouts-pod-template-hash";

// The canary's weight as the managed routes show it; nullopt when they do not agree or their weights do not sum to 100.
// failed_precondition when a route is missing or lacks one of the two destinations.
Result<std::optional<int>> canary_weight(const core::doc::Value& virtual_service, const Routing& routing);
// Gives the canary `percent` and stable the rest in each managed route; nothing else of the document changes.
Result<> set_canary_weight(core::doc::Value& virtual_service, const Routing& routing, int percent);

// The revision that a subset selects: its rollouts-pod-template-hash label, "" without one. failed_precondition when
// the DestinationRule has no such subset.
Result<std::string> subset_hash(const core::doc::Value& destination_rule, const std::string& subset);
Result<> set_subset_hash(core::doc::Value& destination_rule, const std::string& subset, const std::string& hash);

// What a rollout owns in a document that is applied again from a repository: weights and revision labels of `live` go
// into `fresh`. Routes are found by name (or by position), destinations by host and subset.
void keep_live_weights(core::doc::Value& fresh, const core::doc::Value& live);
void keep_live_subsets(core::doc::Value& fresh, const core::doc::Value& live);

}  // namespace slipway::delivery::rollout
