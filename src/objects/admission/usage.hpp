#pragma once
// What objects use of a ResourceQuota: pods, requests.cpu, requests.nvidia.com/gpu, count/deployments.apps, and whether
// a quota's scopes take an object in. Pure. https://kubernetes.io/docs/concepts/policy/resource-quotas/

#include <string>
#include <vector>

#include "objects/schema/resource.hpp"
#include "objects/validation/pod_resources.hpp"

namespace slipway::objects::admission {

using validation::ResourceList;

// Under every name that a quota may have for it.
ResourceList usage_of(const schema::Resource& resource, const doc::Value& object);

// `spec` of a ResourceQuota: scopes and scopeSelector. Only Pods have scopes; a quota with any counts nothing else.
bool is_in_scope(const doc::Value& spec, const schema::Resource& resource, const doc::Value& object);

// What the containers of a Pod have to say because the quota limits it, and do not: "limits.cpu for: c1,c2".
std::vector<std::string> unspecified(const doc::Value& pod_spec, const ResourceList& hard);

// The kind whose objects use this entry of `hard`.
struct Counted {
  std::string group, plural;
  auto operator<=>(const Counted&) const = default;
};
Counted counted_by(std::string_view entry);

// "a=1,b=2"
std::string render(const ResourceList& list);

}  // namespace slipway::objects::admission
