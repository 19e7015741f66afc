#pragma once
// Snapshot: the rules and endpoints that the data plane serves by, compiled, immutable, and complete in itself. What
// travels from the control plane to the gateways, and what a gateway keeps on disk. Not for editing: compile anew.

#include "gateway/traffic/model.hpp"

namespace slipway::gateway::traffic {

struct Endpoint {
  std::string pod;  // "ns/name", "" when the slice does not say
  std::string address;
  int port = 0;
  std::string version;  // the Pod's label `version`
  // Istio's canonical revision: the label service.istio.io/canonical-revision, else rollouts-pod-template-hash (ours,
  // so that a rollout's revisions are told apart without that label), app.kubernetes.io/version, version, or "latest".
  std::string revision;
  std::string text() const { return address + ":" + std::to_string(port); }
  bool operator==(const Endpoint&) const = default;
};

// The ready endpoints of one Service port, or of one subset of it.
struct Backend {
  std::string ns, service;
  int port = 0;
  std::string subset;  // "" for all
  LoadBalancer load_balancer;
  ConnectionPool connection_pool;
  std::vector<Endpoint> endpoints;
  std::string problem;       // why it can have none: `no Service "x"`; "" when it merely has none ready
  std::string text() const;  // "chat.production:80/canary"
  bool operator==(const Backend&) const = default;
};

struct Route {
  std::string origin;     // "VirtualService ns/name"
  std::size_t index = 0;  // in its http[]
  std::string salt;       // of the sticky split: "ns/name/" and the route's name, or its index
  HttpRoute rule;
  std::vector<std::size_t> backends;  // of each destination, into Snapshot::backends
  std::string text() const;           // `route "primary" (http[0]) of VirtualService ns/name`
};

struct VirtualHost {
  std::string domain;               // lower case: "chat.example.com", "*.example.com" or "*"
  std::vector<std::size_t> routes;  // in order of trial, into Snapshot::routes
};

struct Snapshot {
  std::uint64_t version = 0;  // milliseconds since 1970 when it was published, and always rising; 0: none yet
  std::vector<Backend> backends;
  std::vector<Route> routes;
  std::vector<VirtualHost> hosts;  // exact names, then wildcards from long to short, then "*"
};

doc::Value to_json(const Snapshot& snapshot);
// The routes are parsed as strictly as the control plane parsed them.
Result<Snapshot> snapshot_from_json(const doc::Value& value);

}  // namespace slipway::gateway::traffic
