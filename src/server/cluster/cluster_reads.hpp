#pragma once
// What the command line reads of objects and logs, when the Kubernetes API is a cluster's: GET of one object or of all
// of a kind, and of the log of a Pod that runs here, under the paths that the embedded API has. Everything else is
// asked of the cluster, with its own credentials. Secrets are not told: whoever may read here need not be allowed to
// there. Inside server/ only.

#include "net/http.hpp"
#include "objects/store.hpp"

namespace slipway::pods {
class Node;
}

namespace slipway::server {

// All outlive the router. `cluster_text` says in refusals where to ask instead.
void add_cluster_reads(net::Router& router, objects::Store& store, pods::Node& node, std::string cluster_text);

}  // namespace slipway::server
