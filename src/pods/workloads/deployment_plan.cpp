#include "pods/workloads/deployment_plan.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace slipway::pods::workloads {
namespace {

int part_of(const doc::Value& value, int whole, int fallback_percent, bool round_up) {
  if (value.is_int()) return static_cast<int>(std::max<std::int64_t>(value.as_int(), 0));
  int percent = fallback_percent;
  if (const std::string text = value.string_or(""); text.ends_with('%')) {
    std::from_chars(text.data(), text.data() + text.size() - 1, percent);
  }
  const std::int64_t part = (std::int64_t{whole} * percent + (round_up ? 99 : 0)) / 100;
  return static_cast<int>(std::min<std::int64_t>(part, std::numeric_limits<int>::max()));
}

// Those whose loss hurts least first: not available before available, young before old.
void sort_for_removal(std::vector<const PodSeen*>& pods) {
  std::sort(pods.begin(), pods.end(), [](const PodSeen* a, const PodSeen* b) {
    if (a->is_ready != b->is_ready) return !a->is_ready;
    if (a->is_available != b->is_available) return !a->is_available;
    return a->created != b->created ? a->created > b->created : a->name < b->name;
  });
}

int count_available(const std::vector<const PodSeen*>& pods) {
  return static_cast<int>(
      std::count_if(pods.begin(), pods.end(), [](const PodSeen* pod) { return pod->is_available; }));
}

}  // namespace

DeploymentWish read_wish(const doc::Value& spec) {
  DeploymentWish wish;
  wish.replicas = static_cast<int>(std::max<std::int64_t>(spec["replicas"].int_or(1), 0));
  wish.recreate = spec["strategy"]["type"].string_or("RollingUpdate") == "Recreate";
  const doc::Value& rolling = spec["strategy"]["rollingUpdate"];
  wish.surge = part_of(rolling["maxSurge"], wish.replicas, 25, true);
  wish.unavailable = part_of(rolling["maxUnavailable"], wish.replicas, 25, false);
  if (wish.surge == 0 && wish.unavailable == 0) wish.unavailable = 1;
  return wish;
}

std::optional<Duration> next_available(const std::vector<PodSeen>& pods) {
  std::optional<Duration> next;
  for (const auto& pod : pods) {
    if (pod.available_in) next = next ? std::min(*next, *pod.available_in) : pod.available_in;
  }
  return next;
}

PodCounts count_pods(const std::vector<PodSeen>& pods) {
  PodCounts counts;
  for (const auto& pod : pods) {
    if (pod.is_ending || pod.is_finished) continue;
    ++counts.all;
    counts.ready += pod.is_ready;
    counts.available += pod.is_available;
    counts.current += pod.is_current;
  }
  return counts;
}

DeploymentPlan plan_replicas(int wanted, const std::vector<PodSeen>& pods) {
  DeploymentPlan plan;
  std::vector<const PodSeen*> alive;
  for (const auto& pod : pods) {
    if (pod.is_ending) continue;
    if (pod.is_finished) {
      plan.remove.push_back(pod.name);
    } else {
      alive.push_back(&pod);
    }
  }
  sort_for_removal(alive);
  const int have = static_cast<int>(alive.size());
  for (int i = 0; i < have - wanted; ++i) plan.remove.push_back(alive[static_cast<std::size_t>(i)]->name);
  plan.create = std::max(wanted - have, 0);
  return plan;
}

DeploymentPlan plan_deployment(const DeploymentWish& wish, const std::vector<PodSeen>& pods) {
  DeploymentPlan plan;
  std::vector<const PodSeen*> current, old;
  bool any_old_left = false;
  for (const auto& pod : pods) {
    any_old_left = any_old_left || (!pod.is_current && !pod.is_finished);
    if (pod.is_ending) continue;
    if (pod.is_finished) {
      plan.remove.push_back(pod.name);
      continue;
    }
    (pod.is_current ? current : old).push_back(&pod);
  }
  sort_for_removal(current);
  sort_for_removal(old);
  const int have = static_cast<int>(current.size());
  const int total = have + static_cast<int>(old.size());

  for (int i = 0; i < have - wish.replicas; ++i) plan.remove.push_back(current[static_cast<std::size_t>(i)]->name);
  if (wish.recreate) {
    for (const auto* pod : old) plan.remove.push_back(pod->name);
    plan.create = any_old_left ? 0 : std::max(wish.replicas - have, 0);
    return plan;
  }
  const auto room = std::max<std::int64_t>(std::int64_t{wish.replicas} + wish.surge - total, 0);
  plan.create = static_cast<int>(std::clamp<std::int64_t>(wish.replicas - have, 0, room));

  // Old Pods go as far as enough stay available; unavailable old ones as far as the new ones do not depend on them.
  const int wanted = std::max(wish.replicas - wish.unavailable, 0);
  const int counted_current = std::min(have, wish.replicas);
  const int missing_current = counted_current - std::min(count_available(current), counted_current);
  const int spare = total - wanted - missing_current;
  int available = count_available(current) + count_available(old);
  int removed = 0;
  for (const auto* pod : old) {  // unavailable first
    if (!pod->is_available && removed < spare) {
      plan.remove.push_back(pod->name);
      ++removed;
    } else if (pod->is_available && available > wanted) {
      plan.remove.push_back(pod->name);
      --available;
    }
  }
  return plan;
}

}  // namespace slipway::pods::workloads
