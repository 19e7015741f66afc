#pragma once
// The platform's own processes as Pods: the gateway in istio-system, Prometheus in monitoring, the proxy
// of Services in kube-system. There is one way to
// start, watch, log and stop a process, so `get pods` shows everything that runs.

#include <string>
#include <vector>

#include "objects/store.hpp"

namespace slipway::server {

struct InfrastructurePod {
  std::string ns, name, container;
  std::vector<std::string> argv;
  std::string ready_path;  // of its HTTP readiness probe
  int ready_port = 0;
  std::string ready_host = "127.0.0.1";
};

// The Pod's object. Pure.
objects::Object render_pod(const InfrastructurePod& pod);
// Makes the Pod what it should be: a Pod whose command changed (another binary, another port) is replaced. The old
// one's removal takes its grace period: call again until it returns true.
Result<bool> ensure_pod(objects::Store& store, const InfrastructurePod& pod);

}  // namespace slipway::server
