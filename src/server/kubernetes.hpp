#pragma once
// The embedded Kubernetes API as the platform has it: which definitions come with it, and which rules of ours stand
// before its writes. Inside server/ only.

#include "core/result.hpp"
#include "server/platform.hpp"

namespace slipway::server {

// Fills in the state's objects, store, volatile database, access and admission.
Result<> open_objects(Platform::State& state);
// What the API serves of running Pods: logs, exec, attach, port-forward, proxy, metrics.
void serve_connections(Platform::State& state);

}  // namespace slipway::server
