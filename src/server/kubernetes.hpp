#pragma once
// The embedded Kubernetes API as the platform has it: which definitions come with it, and which rules of ours stand
// before its writes. Inside server/ only.

#include <vector>

#include "core/doc.hpp"
#include "core/result.hpp"
#include "server/platform.hpp"

namespace slipway::server {

// The CustomResourceDefinitions that come with the program. Safe from any thread.
Result<std::vector<doc::Value>> bundled_definitions();
// Fills in the state's objects, store, volatile database, access and admission.
Result<> open_objects(Platform::State& state, std::vector<doc::Value> definitions);
// What the API serves of running Pods: logs, exec, attach, port-forward, proxy, metrics.
void serve_connections(Platform::State& state);

}  // namespace slipway::server
