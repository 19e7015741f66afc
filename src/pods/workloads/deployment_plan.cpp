#include "pods/workloads/deployment_plan.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <tuple>

namespace slipway::pods::workloads {
namespace {

// Those whose loss hurts least first: not ready before ready, cheap before dear, not available before available, young
// before old.
void sort_for_removal(std::vector<const PodSeen*>& pods) {
  std::sort(pods.begin(), pods.end(), [](const PodSeen* a, const PodSeen* b) {
    if (a->is_ready != b->is_ready) return !a->is_ready;
    if (a->cost != b->cost) return a->cost < b->cost;
    if (a->is_available != b->is_available) return !a->is_available;
    return a->created != b->created ? a->created > b->created : a->name < b->name;
  });
}

using Sizes = std::map<std::string, int>;

std::int64_t total_size(const std::vector<SetSeen>& sets) {
  std::int64_t total = 0;
  for (const auto& set : sets) total += set.size;
  return total;
}

std::int64_t total_available(const std::vector<SetSeen>& sets) {
  std::int64_t total = 0;
  for (const auto& set : sets) total += set.pods.available;
  return total;
}

// nullptr: the present template waits.
const SetSeen* current_of(const std::vector<SetSeen>& sets) {
  const auto found = std::ranges::find_if(sets, &SetSeen::is_current);
  return found == sets.end() ? nullptr : &*found;
}

std::vector<SetSeen> old_of(const std::vector<SetSeen>& sets) {
  std::vector<SetSeen> old;
  std::ranges::copy_if(sets, std::back_inserter(old),
                       [](const SetSeen& set) { return !set.is_current && set.size > 0; });
  std::ranges::sort(old, {}, [](const SetSeen& set) { return std::tuple(set.created, set.name); });
  return old;
}

std::int64_t most_of(const DeploymentWish& wish) {
  return wish.replicas == 0 ? 0 : std::int64_t{wish.replicas} + (wish.recreate ? 0 : wish.surge);
}

// Somebody changed spec.replicas since the sets were scaled.
bool was_scaled(const DeploymentWish& wish, const std::vector<SetSeen>& sets) {
  return std::ranges::any_of(
      sets, [&](const SetSeen& set) { return set.size > 0 && set.desired && *set.desired != wish.replicas; });
}

// The share that a set has keeps its size of the whole: a rollout that goes wrong goes no faster for it.
int share_of(const DeploymentWish& wish, const SetSeen& set, int before) {
  if (wish.replicas == 0) return -set.size;
  const int most_before = set.most.value_or(0) != 0 ? *set.most : before;
  if (most_before == 0) return 0;
  const double size = static_cast<double>(set.size) * static_cast<double>(most_of(wish)) / most_before;
  return static_cast<int>(std::min<double>(size + 0.5, std::numeric_limits<int>::max())) - set.size;
}

Sizes scale_in_proportion(const DeploymentWish& wish, std::vector<SetSeen> active, int before) {
  constexpr std::int64_t most = std::numeric_limits<int>::max();
  const auto to_add = static_cast<int>(std::clamp(most_of(wish) - total_size(active), -most, most));
  // The largest first; of the same size the young one grows first, and the old one shrinks first.
  std::ranges::sort(active, [&](const SetSeen& a, const SetSeen& b) {
    if (a.size != b.size) return a.size > b.size;
    return to_add > 0 ? a.created > b.created : a.created < b.created;
  });
  Sizes sizes;
  int added = 0;
  for (const auto& set : active) {
    const int share = share_of(wish, set, before);
    const int left = to_add - added;
    const int change = to_add > 0 ? std::min(share, left) : to_add < 0 ? std::max(share, left) : 0;
    sizes[set.name] = set.size + change;
    added += change;
  }
  auto& largest = sizes[active.front().name];
  largest = std::max(largest + to_add - added, 0);
  return sizes;
}

// What changes when only the number of replicas does.
Sizes scale(const DeploymentWish& wish, const std::vector<SetSeen>& sets, int before) {
  std::vector<SetSeen> active;
  std::ranges::copy_if(sets, std::back_inserter(active), [](const SetSeen& set) { return set.size > 0; });
  const SetSeen* current = current_of(sets);
  if (active.size() == 1) return {{active.front().name, wish.replicas}};
  if (active.empty()) {
    const SetSeen* latest = current;
    for (const auto& set : sets) {
      if (current == nullptr && (latest == nullptr || latest->created <= set.created)) latest = &set;
    }
    return latest == nullptr ? Sizes{} : Sizes{{latest->name, wish.replicas}};
  }
  const bool is_saturated = current != nullptr && current->size == wish.replicas && current->desired == wish.replicas &&
                            current->pods.available == wish.replicas;
  if (is_saturated) {
    Sizes sizes;
    for (const auto& set : old_of(sets)) sizes[set.name] = 0;
    return sizes;
  }
  return wish.recreate ? Sizes{} : scale_in_proportion(wish, std::move(active), before);
}

// All that has the new template comes when nothing of the old runs.
Sizes recreate(const DeploymentWish& wish, const std::vector<SetSeen>& sets) {
  Sizes sizes;
  for (const auto& set : old_of(sets)) sizes[set.name] = 0;
  const bool any_runs = std::ranges::any_of(sets, [](const SetSeen& set) { return !set.is_current && set.has_pods; });
  if (sizes.empty() && !any_runs) sizes[current_of(sets)->name] = wish.replicas;
  return sizes;
}

// Old Pods go as far as enough stay available; unavailable old ones as far as the new ones do not depend on them.
Sizes shrink_old(const DeploymentWish& wish, const std::vector<SetSeen>& sets) {
  const SetSeen& current = *current_of(sets);
  const int wanted = wish.replicas - wish.unavailable;
  auto old = old_of(sets);
  auto spare = total_size(sets) - wanted - (current.size - current.pods.available);
  if (old.empty() || spare <= 0) return {};
  Sizes sizes;
  for (auto& set : old) {
    const auto broken = std::clamp<std::int64_t>(set.size - set.pods.available, 0, spare);
    set.size -= static_cast<int>(broken);
    spare -= broken;
    sizes[set.name] = set.size;
  }
  auto available = total_available(sets) - wanted;
  for (const auto& set : old) {
    const auto leaving = std::clamp<std::int64_t>(available, 0, set.size);
    sizes[set.name] = set.size - static_cast<int>(leaving);
    available -= leaving;
  }
  return sizes;
}

Sizes roll(const DeploymentWish& wish, const std::vector<SetSeen>& sets) {
  const SetSeen& current = *current_of(sets);
  if (current.size > wish.replicas) return {{current.name, wish.replicas}};
  const auto room = std::max<std::int64_t>(std::int64_t{wish.replicas} + wish.surge - total_size(sets), 0);
  const auto growth = std::min<std::int64_t>(room, wish.replicas - current.size);
  if (growth > 0) return {{current.name, current.size + static_cast<int>(growth)}};
  return shrink_old(wish, sets);
}

}  // namespace

int part_of(const doc::Value& value, int whole, int fallback_percent, bool round_up) {
  if (value.is_int()) return static_cast<int>(std::max<std::int64_t>(value.as_int(), 0));
  int percent = fallback_percent;
  if (const std::string text = value.string_or(""); text.ends_with('%')) {
    std::from_chars(text.data(), text.data() + text.size() - 1, percent);
  }
  const std::int64_t part = (std::int64_t{whole} * percent + (round_up ? 99 : 0)) / 100;
  return static_cast<int>(std::min<std::int64_t>(part, std::numeric_limits<int>::max()));
}

DeploymentWish read_wish(const doc::Value& spec) {
  DeploymentWish wish;
  wish.replicas = static_cast<int>(std::max<std::int64_t>(spec["replicas"].int_or(1), 0));
  wish.recreate = spec["strategy"]["type"].string_or("RollingUpdate") == "Recreate";
  const doc::Value& rolling = spec["strategy"]["rollingUpdate"];
  wish.surge = part_of(rolling["maxSurge"], wish.replicas, 25, true);
  wish.unavailable = part_of(rolling["maxUnavailable"], wish.replicas, 25, false);
  wish.unavailable = std::min(wish.unavailable, wish.replicas);
  if (wish.surge == 0 && wish.unavailable == 0) wish.unavailable = 1;
  wish.paused = spec["paused"].bool_or(false);
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
  }
  return counts;
}

ReplicasPlan plan_replicas(int wanted, const std::vector<PodSeen>& pods) {
  ReplicasPlan plan;
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

std::map<std::string, int> plan_deployment(const DeploymentWish& wish, const std::vector<SetSeen>& sets, int before) {
  Sizes sizes;
  if (wish.paused || was_scaled(wish, sets)) {
    sizes = scale(wish, sets, before);
  } else if (current_of(sets) != nullptr) {
    sizes = wish.recreate ? recreate(wish, sets) : roll(wish, sets);
  }
  std::erase_if(sizes, [&](const auto& size) {
    return std::ranges::any_of(sets,
                               [&](const SetSeen& set) { return set.name == size.first && set.size == size.second; });
  });
  return sizes;
}

}  // namespace slipway::pods::workloads
