#include "pods/workloads/replica_set.hpp"

#include "objects/kinds.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using objects::Object;

Result<objects::Outcome> ReplicaSetReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto found, store_.find(kind_, name));
  if (!found || found->is_being_deleted()) return objects::Outcome{};
  const Object& set = *found;
  TRY_ASSIGN(const auto members, claim(store_, kinds::pod, set));
  std::vector<PodSeen> pods;
  for (const Object& pod : members) pods.push_back(seen_of(pod, set.spec(), world_.clock.now()));

  const auto plan = plan_replicas(static_cast<int>(set.spec()["replicas"].int_or(1)), pods);
  for (const std::string& pod : plan.remove) TRY(remove_pod(store_, events_, set, pod));
  auto made = make_pods(store_, events_, set, plan.create);
  TRY(write_status(set, pods, made));
  TRY(std::move(made));
  return objects::Outcome{next_available(pods)};
}

Result<> ReplicaSetReconciler::write_status(const Object& set, const std::vector<PodSeen>& pods, const Result<>& made) {
  const PodCounts counts = count_pods(pods);
  Object next = set;
  doc::Value& status = next.status();
  status.at_or_insert("observedGeneration") = set.generation();
  status.at_or_insert("replicas") = counts.all;
  status.at_or_insert("fullyLabeledReplicas") = counts.all;
  status.at_or_insert("readyReplicas") = counts.ready;
  status.at_or_insert("availableReplicas") = counts.available;
  if (made) {
    next.remove_condition("ReplicaFailure");
  } else {
    next.set_condition("ReplicaFailure", "True", "FailedCreate", made.error().one_line(), world_.clock.now());
  }
  if (next.status() == set.status()) return {};
  TRY(store_.update_status(std::move(next)));
  return {};
}

}  // namespace slipway::pods::workloads
