#include "pods/workloads/disruption.hpp"

#include <algorithm>
#include <array>

#include "objects/kinds.hpp"
#include "pods/workloads/replica_set.hpp"
#include "pods/workloads/stateful_set.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using objects::Object;

namespace {

constexpr Duration deletion_patience = std::chrono::minutes(2);  // for a Pod whose eviction was granted

int as_count(const doc::Value& value, int whole) { return part_of(value, whole, 0, true); }

std::optional<objects::OwnerReference> controller_of(const Object& object) {
  const auto owners = object.owners();
  const auto found = std::ranges::find_if(owners, &objects::OwnerReference::controller);
  return found == owners.end() ? std::nullopt : std::optional(*found);
}

// Those that have a scale.
std::optional<objects::Kind> kind_of_workload(const objects::OwnerReference& owner) {
  static constexpr std::array scaled{kinds::deployment, replica_set_kind, stateful_set_kind,
                                     replication_controller_kind};
  const auto group = objects::group_version_of(owner.api_version).group;
  const auto found = std::ranges::find_if(
      scaled, [&](const objects::Kind& kind) { return kind.kind == owner.kind && kind.group == group; });
  return found == scaled.end() ? std::nullopt : std::optional(*found);
}

Error no_scale(const Object& pod) {
  const auto owner = controller_of(pod);
  if (owner && owner->kind == "Job")
    return Error(Code::failed_precondition, "jobs.batch does not implement the scale subresource");
  if (owner && owner->kind == "DaemonSet")
    return Error(Code::failed_precondition, "daemonsets.apps does not implement the scale subresource");
  return Error(Code::failed_precondition, "found no controllers for pod \"" + pod.name().name + "\"");
}

}  // namespace

DisruptionCounts count_expected(const doc::Value& spec, int scale, int pods) {
  DisruptionCounts counts;
  if (const doc::Value& most = spec["maxUnavailable"]; !most.is_null()) {
    counts.expected = scale;
    counts.desired = std::max(scale - as_count(most, scale), 0);
  } else if (const doc::Value& least = spec["minAvailable"]; least.is_string()) {
    counts.expected = scale;
    counts.desired = as_count(least, scale);
  } else {
    counts.expected = pods;
    counts.desired = static_cast<int>(std::clamp<std::int64_t>(least.int_or(0), 0, 1'000'000'000));
  }
  return counts;
}

Result<objects::Outcome> DisruptionReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto found, store_.find(budget_kind, name));
  if (!found || found->is_being_deleted()) return objects::Outcome{};
  const Object& budget = *found;
  const doc::Value& spec = budget.spec();
  std::vector<Object> pods;
  if (!spec["selector"].is_null()) {
    objects::ListOptions options;
    options.ns = name.ns;
    TRY_ASSIGN(options.labels, objects::LabelSelector::from_value(spec["selector"]));
    TRY_ASSIGN(auto list, store_.list(kinds::pod, options));
    pods = std::move(list.items);
  }
  if (pods.empty()) events_.normal(budget, "NoPods", "No matching pods found");
  int scale = 0;
  if (!spec["maxUnavailable"].is_null() || spec["minAvailable"].is_string()) {
    const auto wanted = scale_of(pods);
    if (!wanted) {
      TRY(tell_failure(budget, wanted.error()));
      return objects::Outcome{};
    }
    scale = *wanted;
  }
  auto [disrupted, again] = still_disrupted(budget, pods);
  DisruptionCounts counts = count_expected(spec, scale, static_cast<int>(pods.size()));
  for (const Object& pod : pods) {
    const bool is_leaving = pod.is_being_deleted() || disrupted.contains(pod.name().name);
    counts.healthy += !is_leaving && pod.condition_status("Ready") == "True";
  }
  TRY(write_status(budget, counts, std::move(disrupted)));
  return objects::Outcome{again};
}

// One that is still there after its time is not going.
DisruptionReconciler::Disrupted DisruptionReconciler::still_disrupted(const Object& budget,
                                                                      const std::vector<Object>& pods) const {
  Disrupted kept;
  const Time now = world_.clock.now();
  for (const Object& pod : pods) {
    const doc::Value& granted = budget.status()["disruptedPods"][pod.name().name];
    const auto since = core::parse_rfc3339(granted.string_or(""));
    if (!since || pod.is_being_deleted() || *since + deletion_patience <= now) continue;
    kept.pods.set(pod.name().name, granted);
    const Duration left = *since + deletion_patience - now;
    kept.again = kept.again ? std::min(*kept.again, left) : left;
  }
  return kept;
}

// Pods that nobody controls are counted as they are there, by nobody's wish.
Result<int> DisruptionReconciler::scale_of(const std::vector<Object>& pods) {
  std::set<std::string> seen, controllers;
  std::int64_t scale = 0;
  for (const Object& pod : pods) {
    const auto controller = controller_of(pod);
    if (!controller || !controllers.insert(controller->uid).second) continue;
    TRY_ASSIGN(const auto workload, workload_of(pod));
    if (!workload) return fail(no_scale(pod));
    if (seen.insert(workload->uid()).second) scale += workload->spec()["replicas"].int_or(1);
  }
  return static_cast<int>(std::min<std::int64_t>(scale, 1'000'000'000));
}

// The one above a ReplicaSet, where there is one.
Result<std::optional<Object>> DisruptionReconciler::workload_of(const Object& pod) {
  std::optional<Object> found;
  auto owner = controller_of(pod);
  while (owner) {
    const auto kind = kind_of_workload(*owner);
    if (!kind) break;
    TRY_ASSIGN(auto above, store_.find(*kind, {pod.name().ns, owner->name}));
    if (!above || above->uid() != owner->uid) break;
    owner = controller_of(*above);
    found = std::move(above);
  }
  return found;
}

Result<> DisruptionReconciler::write_status(const Object& budget, const DisruptionCounts& counts,
                                            doc::Object disrupted) {
  Object next = budget;
  doc::Value& status = next.status();
  status.at_or_insert("observedGeneration") = budget.generation();
  status.at_or_insert("expectedPods") = counts.expected;
  status.at_or_insert("desiredHealthy") = counts.desired;
  status.at_or_insert("currentHealthy") = counts.healthy;
  status.at_or_insert("disruptionsAllowed") = counts.allowed();
  if (disrupted.empty()) {
    status.as_object().erase("disruptedPods");
  } else {
    status.at_or_insert("disruptedPods") = std::move(disrupted);
  }
  const bool may = counts.allowed() > 0;
  next.set_condition("DisruptionAllowed", may ? "True" : "False", may ? "SufficientPods" : "InsufficientPods", "",
                     world_.clock.now());
  if (next.status() == budget.status()) return {};
  TRY(store_.update_status(std::move(next)));
  return {};
}

Result<> DisruptionReconciler::tell_failure(const Object& budget, const Error& why) {
  events_.warn(budget, "CalculateExpectedPodCountFailed",
               "Failed to calculate the number of expected pods: " + why.message);
  Object next = budget;
  next.status().at_or_insert("disruptionsAllowed") = 0;
  next.status().at_or_insert("observedGeneration") = budget.generation();
  next.set_condition("DisruptionAllowed", "False", "SyncFailed", why.message, world_.clock.now());
  if (next.status() == budget.status()) return {};
  TRY(store_.update_status(std::move(next)));
  return {};
}

}  // namespace slipway::pods::workloads
