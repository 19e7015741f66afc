#pragma once
// The embedded API refuses Promotions that are written by hand (PromotionsAreAskedFor). In a cluster a
// ValidatingAdmissionPolicy does: only the control plane's user writes them.
// https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/

#include <string>

#include "objects/kubernetes_store.hpp"

namespace slipway::server {

// What both tell whoever writes one.
inline constexpr const char* promotions_are_asked_for =
    "a Promotion is asked for and approved, not written: use slipway promote, or POST /api/slipway/v1/promotions";

// Puts the policy into the cluster, or changes it to what it should be. Blocks.
Result<> protect_promotions(objects::KubernetesStore& cluster);

// The policy for this user's name. Pure.
objects::Object promotion_policy(const std::string& user);

}  // namespace slipway::server
