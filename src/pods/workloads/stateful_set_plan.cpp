#include "pods/workloads/stateful_set_plan.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "core/number.hpp"

namespace slipway::pods::workloads {
namespace {

bool is_unavailable(const ReplicaSeen& pod) { return !pod.is_available || pod.is_ending; }

constexpr std::size_t most_at_once = 500;  // the Pods that were made make the controller look again

// What is there: those of wished ordinals, by place, and the others, the last first.
struct Places {
  std::map<int, const ReplicaSeen*> replicas;
  std::vector<const ReplicaSeen*> surplus;
  const ReplicaSeen* at(int place) const {
    const auto found = replicas.find(place);
    return found == replicas.end() ? nullptr : found->second;
  }
};

Places places_of(const StatefulWish& wish, const std::vector<ReplicaSeen>& pods) {
  Places places;
  for (const auto& pod : pods) {
    if (pod.ordinal >= wish.start && pod.ordinal < wish.end()) {
      places.replicas[pod.ordinal - wish.start] = &pod;
    } else {
      places.surplus.push_back(&pod);
    }
  }
  std::ranges::sort(places.surplus, std::greater{}, &ReplicaSeen::ordinal);
  return places;
}

bool is_whole(const ReplicaSeen& pod) { return !pod.is_ending && pod.is_ready && pod.is_available; }

// Returns whether every replica is there and nobody has to wait.
bool keep_replicas(const StatefulWish& wish, const Places& places, StatefulPlan& plan) {
  for (int i = 0; i < wish.replicas; ++i) {
    const auto* pod = places.at(i);
    if (pod == nullptr) {
      plan.create.push_back({wish.start + i, wish.on_delete || i >= wish.partition});
      if (plan.create.size() == most_at_once) return false;
    } else if (pod->is_finished && !pod->is_ending) {
      plan.remove.push_back(pod->name);
    } else if (is_whole(*pod)) {
      continue;
    }
    if (wish.in_order) return false;
  }
  return true;
}

// Returns whether nobody is too much.
bool shrink(const StatefulWish& wish, const Places& places, StatefulPlan& plan) {
  // In order only the first that is not available may go before the others are.
  const ReplicaSeen* first_unavailable = nullptr;
  for (const auto& [place, pod] : places.replicas) {
    if (first_unavailable == nullptr && is_unavailable(*pod)) first_unavailable = pod;
  }
  for (auto pod = places.surplus.rbegin(); pod != places.surplus.rend(); ++pod) {
    if (first_unavailable == nullptr && is_unavailable(**pod)) first_unavailable = *pod;
  }
  for (const auto* pod : places.surplus) {
    const bool must_wait = pod->is_ending || (!pod->is_available && pod != first_unavailable);
    if (wish.in_order && must_wait) return false;
    if (!pod->is_ending) plan.remove.push_back(pod->name);
    if (wish.in_order) return false;
  }
  return true;
}

// The last Pod that is not of the present template goes, when all after it are available.
void update_one(const StatefulWish& wish, const std::string& update, const Places& places, StatefulPlan& plan) {
  for (int i = wish.replicas - 1; i >= wish.partition; --i) {
    const auto* pod = places.at(i);
    if (pod == nullptr) return;
    if (pod->revision != update && !pod->is_ending) {
      if (std::ranges::find(plan.remove, pod->name) == plan.remove.end()) plan.remove.push_back(pod->name);
      return;
    }
    if (is_unavailable(*pod)) return;
  }
}

}  // namespace

StatefulWish read_stateful_set(const doc::Value& spec) {
  const auto number = [](const doc::Value& value, std::int64_t fallback) {
    return static_cast<int>(std::clamp<std::int64_t>(value.int_or(fallback), 0, 1'000'000'000));
  };
  StatefulWish wish;
  wish.replicas = number(spec["replicas"], 1);
  wish.start = number(spec["ordinals"]["start"], 0);
  wish.in_order = spec["podManagementPolicy"].string_or("OrderedReady") != "Parallel";
  wish.on_delete = spec["updateStrategy"]["type"].string_or("RollingUpdate") == "OnDelete";
  wish.partition = number(spec["updateStrategy"]["rollingUpdate"]["partition"], 0);
  return wish;
}

StatefulPlan plan_stateful_set(const StatefulWish& wish, const std::string& update,
                               const std::vector<ReplicaSeen>& pods) {
  StatefulPlan plan;
  const Places places = places_of(wish, pods);
  if (!keep_replicas(wish, places, plan)) return plan;
  if (!shrink(wish, places, plan)) return plan;
  if (!wish.on_delete) update_one(wish, update, places, plan);
  return plan;
}

StatefulCounts count_replicas(const std::string& current, const std::string& update,
                              const std::vector<ReplicaSeen>& pods) {
  StatefulCounts counts;
  for (const auto& pod : pods) {
    ++counts.all;
    counts.ready += pod.is_ready;
    counts.available += pod.is_available;
    if (pod.is_ending) continue;
    counts.current += pod.revision == current;
    counts.updated += pod.revision == update;
  }
  return counts;
}

bool completes_update(const StatefulWish& wish, const StatefulCounts& counts) {
  return !wish.on_delete && counts.updated == wish.replicas && counts.ready == wish.replicas &&
         counts.all == wish.replicas;
}

std::optional<OrdinalName> parse_ordinal_name(const std::string& pod) {
  const auto dash = pod.rfind('-');
  if (dash == std::string::npos || dash + 1 == pod.size()) return std::nullopt;
  const auto ordinal = core::parse_number<int>(pod.substr(dash + 1));
  if (!ordinal || *ordinal < 0) return std::nullopt;
  return OrdinalName{pod.substr(0, dash), *ordinal};
}

}  // namespace slipway::pods::workloads
