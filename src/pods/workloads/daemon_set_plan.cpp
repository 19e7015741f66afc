#include "pods/workloads/daemon_set_plan.hpp"

#include <algorithm>

#include "pods/workloads/deployment_plan.hpp"

namespace slipway::pods::workloads {
namespace {

// Those on a node that count, the oldest of each template; null: there is none.
struct Pair {
  const DaemonPod* old = nullptr;
  const DaemonPod* updated = nullptr;
};

Pair pair_on(const DaemonNode& node) {
  Pair pair;
  for (const auto& pod : node.pods) {
    if (pod.is_ending || pod.is_finished) continue;
    const DaemonPod*& place = pod.is_updated ? pair.updated : pair.old;
    if (place == nullptr || pod.created < place->created) place = &pod;
  }
  return pair;
}

bool keeps_both(const DaemonWish& wish) { return !wish.on_delete && wish.surge > 0; }

// One where one is meant, and no more: a second one while it takes over from the first.
void keep(const DaemonWish& wish, const DaemonNode& node, DaemonPlan& plan) {
  const Pair pair = pair_on(node);
  bool is_empty = true;
  for (const auto& pod : node.pods) {
    is_empty = is_empty && pod.is_finished && !pod.is_ending && !pod.must_wait;
    if (pod.is_ending || pod.must_wait) continue;
    const bool is_first = &pod == pair.old || &pod == pair.updated;
    const DaemonPod* oldest = pair.old == nullptr                          ? pair.updated
                              : pair.updated == nullptr                    ? pair.old
                              : pair.old->created <= pair.updated->created ? pair.old
                                                                           : pair.updated;
    const bool stays = keeps_both(wish) ? is_first : &pod == oldest;
    if (pod.is_finished || !stays) plan.remove.push_back(pod.name);
  }
  if (is_empty && node.is_meant) plan.create.push_back(node.name);
}

// First those that do no work anyway, and then so many that not more than may be are missing.
void replace(const DaemonWish& wish, const std::vector<DaemonNode>& nodes, DaemonPlan& plan) {
  int unavailable = 0;
  std::vector<std::string> candidates;
  for (const auto& node : nodes) {
    if (!node.is_meant) continue;
    const Pair pair = pair_on(node);
    if (pair.updated != nullptr || pair.old == nullptr) {
      unavailable += pair.updated == nullptr || !pair.updated->is_available;
    } else if (!pair.old->is_available) {
      plan.remove.push_back(pair.old->name);
      ++unavailable;
    } else {
      candidates.push_back(pair.old->name);
    }
  }
  for (const auto& name : candidates) {
    if (unavailable++ >= wish.unavailable) return;
    plan.remove.push_back(name);
  }
}

void replace_with_surge(const DaemonWish& wish, const std::vector<DaemonNode>& nodes, DaemonPlan& plan) {
  int surging = 0;
  std::vector<std::string> candidates;
  for (const auto& node : nodes) {
    if (!node.is_meant) continue;
    const Pair pair = pair_on(node);
    if (pair.old == nullptr) continue;
    if (pair.updated == nullptr) {
      if (pair.old->is_available) candidates.push_back(node.name);
      if (!pair.old->is_available) plan.create.push_back(node.name);
    } else if (pair.updated->is_available) {
      plan.remove.push_back(pair.old->name);
    } else {
      ++surging;
    }
  }
  for (const auto& name : candidates) {
    if (surging++ >= wish.surge) return;
    plan.create.push_back(name);
  }
}

}  // namespace

DaemonWish read_daemon_set(const doc::Value& spec, int nodes) {
  const doc::Value& strategy = spec["updateStrategy"];
  DaemonWish wish;
  wish.on_delete = strategy["type"].string_or("RollingUpdate") == "OnDelete";
  wish.surge = part_of(strategy["rollingUpdate"]["maxSurge"], nodes, 0, true);
  const doc::Value& missing = strategy["rollingUpdate"]["maxUnavailable"];
  if (!missing.is_null()) wish.unavailable = part_of(missing, nodes, 0, true);
  if (wish.surge == 0 && wish.unavailable == 0) wish.unavailable = 1;
  return wish;
}

DaemonPlan plan_daemon_set(const DaemonWish& wish, const std::vector<DaemonNode>& nodes) {
  DaemonPlan plan;
  for (const auto& node : nodes) {
    if (node.may_stay) {
      keep(wish, node, plan);
    } else {
      for (const auto& pod : node.pods) {
        if (!pod.is_ending) plan.remove.push_back(pod.name);
      }
    }
  }
  if (wish.on_delete || !plan.create.empty() || !plan.remove.empty()) return plan;
  keeps_both(wish) ? replace_with_surge(wish, nodes, plan) : replace(wish, nodes, plan);
  return plan;
}

DaemonCounts count_daemons(const std::vector<DaemonNode>& nodes) {
  DaemonCounts counts;
  for (const auto& node : nodes) {
    counts.desired += node.is_meant;
    const auto oldest = std::ranges::min_element(
        node.pods, {}, [](const DaemonPod& pod) { return std::tuple(!pod.is_available, pod.created); });
    if (oldest == node.pods.end()) continue;
    counts.current += node.is_meant;
    counts.misscheduled += !node.is_meant;
    if (!node.is_meant) continue;
    counts.ready += oldest->is_ready;
    counts.available += oldest->is_available;
    counts.updated += std::ranges::any_of(node.pods, &DaemonPod::is_updated);
  }
  return counts;
}

}  // namespace slipway::pods::workloads
