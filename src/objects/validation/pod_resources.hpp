#pragma once
// What a Pod asks a node for: the requests and limits of all its containers together, as scheduling and quotas count
// them. Source: k8s.io/component-helpers/resource. Pure; safe from any thread.

#include <functional>
#include <map>
#include <string>

#include "core/doc.hpp"
#include "core/quantity.hpp"

namespace slipway::objects::validation {

using ResourceList = std::map<std::string, core::Quantity, std::less<>>;  // "cpu", "memory", "nvidia.com/gpu", ...

// From requests, limits, capacity, hard: {"cpu": "500m"}. What is no quantity counts as nothing.
ResourceList resource_list(const doc::Value& value);

// Of a PodSpec. Containers run together: their sum. Init containers run one after the other, beside the sidecars
// (restartPolicy Always) that were started before: the largest moment counts. What the Pod as a whole says of cpu,
// memory and huge pages (spec.resources) stands in place of that; overhead comes on top.
ResourceList pod_requests(const doc::Value& spec);
// The same of limits; overhead counts only where there is a limit.
ResourceList pod_limits(const doc::Value& spec);
// Of its containers alone: without spec.resources and overhead.
ResourceList container_requests(const doc::Value& spec);

// Guaranteed, Burstable or BestEffort: status.qosClass.
std::string_view quality_of_service(const doc::Value& spec);

}  // namespace slipway::objects::validation
