#pragma once
// What a Deployment's controller does next, as a function of what it sees. Pure. The controller around it is
// deployment.hpp.

#include <optional>
#include <string>
#include <vector>

#include "core/doc.hpp"
#include "core/time.hpp"

namespace slipway::pods::workloads {

struct DeploymentWish {
  int replicas = 1;
  int surge = 1;          // how many Pods over `replicas` while the template changes
  int unavailable = 0;    // how many may be missing meanwhile
  bool recreate = false;  // strategy Recreate: the old go before the new come
};

// Reads spec.replicas and spec.strategy: percentages of surge are rounded up, those of unavailable down; both zero
// would never move, so then one may be missing.
DeploymentWish read_wish(const doc::Value& spec);

struct PodSeen {
  std::string name;
  bool is_current = false;  // of the current template
  bool is_ready = false;
  bool is_available = false;  // ready for as long as spec.minReadySeconds asks
  bool is_ending = false;     // being deleted
  bool is_finished = false;   // Succeeded or Failed: a Deployment's Pods never are, so it is replaced
  Time created{};
  std::optional<Duration> available_in = {};  // of one that is ready and not available
};

// When to look again because a Pod becomes available without a word.
std::optional<Duration> next_available(const std::vector<PodSeen>& pods);

// Of those that neither end nor are finished.
struct PodCounts {
  int all = 0, ready = 0, available = 0;
  int current = 0;  // of the current template
};
PodCounts count_pods(const std::vector<PodSeen>& pods);

struct DeploymentPlan {
  int create = 0;
  std::vector<std::string> remove;
  bool operator==(const DeploymentPlan&) const = default;
};

// `wanted` Pods, whichever they are: what a ReplicaSet does. `is_current` does not matter.
DeploymentPlan plan_replicas(int wanted, const std::vector<PodSeen>& pods);

DeploymentPlan plan_deployment(const DeploymentWish& wish, const std::vector<PodSeen>& pods);

}  // namespace slipway::pods::workloads
