#pragma once
// What a Deployment's controller does next, as a function of what it sees: how many replicas each of its ReplicaSets
// has. Pure. The controller around it is deployment.hpp.

#include <map>
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
  bool paused = false;    // a changed template waits
};

// Reads spec.replicas and spec.strategy: percentages of surge are rounded up, those of unavailable down; both zero
// would never move, so then one may be missing.
DeploymentWish read_wish(const doc::Value& spec);
// A number, or a percentage of `whole`.
int part_of(const doc::Value& value, int whole, int fallback_percent, bool round_up);

struct PodSeen {
  std::string name;
  bool is_ready = false;
  bool is_available = false;  // ready for as long as spec.minReadySeconds asks
  bool is_ending = false;     // being deleted
  bool is_finished = false;   // Succeeded or Failed: a ReplicaSet's Pods never are, so it is replaced
  Time created{};
  int cost = 0;                               // as its annotation says: who costs less goes first
  std::optional<Duration> available_in = {};  // of one that is ready and not available
};

// When to look again because a Pod becomes available without a word.
std::optional<Duration> next_available(const std::vector<PodSeen>& pods);

// Of those that neither end nor are finished.
struct PodCounts {
  int all = 0, ready = 0, available = 0;
};
PodCounts count_pods(const std::vector<PodSeen>& pods);

struct ReplicasPlan {
  int create = 0;
  std::vector<std::string> remove;
  bool operator==(const ReplicasPlan&) const = default;
};
// `wanted` Pods, whichever they are: what a ReplicaSet does.
ReplicasPlan plan_replicas(int wanted, const std::vector<PodSeen>& pods);

struct SetSeen {  // a ReplicaSet of the Deployment
  std::string name;
  int size = 0;  // its spec.replicas
  PodCounts pods;
  bool has_pods = false;    // any that is not finished, though it may be ending
  bool is_current = false;  // of the present template; while that waits, none is
  // As annotated when it was scaled last: the Deployment's replicas, and these with the surge.
  std::optional<int> desired, most;
  Time created{};
};

// The sizes that change now; what changed makes the controller look again. `before`: status.replicas.
std::map<std::string, int> plan_deployment(const DeploymentWish& wish, const std::vector<SetSeen>& sets, int before);

}  // namespace slipway::pods::workloads
