#pragma once
// What a Pod asks for, and what a node has, in resources. Pure. Not for what is really used: that is measured
// (connect/usage.hpp).
// https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers

#include <map>
#include <string>

#include "objects/object.hpp"

namespace slipway::pods::scheduling {

using Resources = std::map<std::string, std::int64_t>;  // "cpu", "nvidia.com/gpu": in thousandths

// Of its containers and sidecars together, or of the init container that asks for most beside the sidecars before it;
// of the Pod itself where it says so; with its overhead.
Resources requests_of(const objects::Object& pod);
Resources allocatable_of(const objects::Object& node);

}  // namespace slipway::pods::scheduling
