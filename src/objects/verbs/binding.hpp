#pragma once
// What binding a Pod to a node means, as a function of values; the API server and the store of our own controllers
// share it. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/binding-v1/

#include <string>

#include "core/doc.hpp"
#include "core/time.hpp"

namespace slipway::objects::verbs {

// The Pod, to be run by that node. conflict when it is another's already, or is being deleted.
Result<doc::Value> bound(doc::Value pod, const std::string& node, core::Time now);

}  // namespace slipway::objects::verbs
