#pragma once
// The embedded Kubernetes API as the platform has it: which definitions come with it, and which rules of ours stand
// before its writes. Inside server/ only.

#include <array>
#include <vector>

#include "core/doc.hpp"
#include "core/result.hpp"
#include "server/api.hpp"
#include "server/platform.hpp"

namespace slipway::server {

// Of what the platform itself runs, and its workflows' steps.
inline constexpr std::array own_namespaces{"kubeflow", "slipway-ci", "llm-d-system", "istio-system", "monitoring"};

// The CustomResourceDefinitions that come with the program. Safe from any thread.
Result<std::vector<doc::Value>> bundled_definitions();
// The state's store, of the embedded API with all that belongs to it.
Result<> open_embedded(Platform::State& state, std::vector<doc::Value> definitions);
// The state's store, of the cluster that the profile names. Waits for its answers.
Result<> open_cluster(Platform::State& state, std::vector<doc::Value> definitions);
// Over a cluster all of our kinds are. The state outlives it.
JudgedByUs judged_by_us(const Platform::State& state);
// The embedded API with what it serves of running Pods; of a cluster, what the command line reads.
void add_kubernetes_routes(Platform::State& state);
// The controllers that every Kubernetes has; a cluster has its own.
Result<> start_objects(Platform::State& state);

}  // namespace slipway::server
