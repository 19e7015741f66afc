#pragma once
// Aggregated discovery: all groups with all their resources in one document (APIGroupDiscoveryList of
// apidiscovery.k8s.io, v2 and v2beta1, which differ in their name only). Pure; safe from any thread.

#include <span>

#include "core/doc.hpp"
#include "objects/discovery/groups.hpp"

namespace slipway::objects::discovery {

// `version` is "v2" or "v2beta1".
doc::Value aggregated(std::span<const Group> groups, std::string_view version);

}  // namespace slipway::objects::discovery
