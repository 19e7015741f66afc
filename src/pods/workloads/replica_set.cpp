#include "pods/workloads/replica_set.hpp"

#include "objects/kinds.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using objects::Object;

Result<objects::Outcome> ReplicaSetReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto found, store_.find(replica_set_kind, name));
  if (!found || found->is_being_deleted()) return objects::Outcome{};
  const Object& set = *found;
  TRY_ASSIGN(const auto members, claim_pods(store_, set));
  std::vector<PodSeen> pods;
  for (const Object& pod : members) pods.push_back(seen_of(pod, set.spec(), world_.clock.now()));

  const auto plan = plan_replicas(static_cast<int>(set.spec()["replicas"].int_or(1)), pods);
  for (const std::string& pod : plan.remove) {
    auto removed = store_.remove(kinds::pod, {name.ns, pod});
    if (!removed && removed.error().code != Code::not_found) return fail(std::move(removed).error());
    events_.normal(set, "SuccessfulDelete", "Deleted pod: " + pod);
  }
  Result<> all_made;
  for (int i = 0; i < plan.create && all_made; ++i) {
    auto made = store_.create(pod_of(set, set.spec()["template"]));
    if (made) {
      events_.normal(set, "SuccessfulCreate", "Created pod: " + made->name().name);
    } else {
      all_made = tell_not_made(events_, set, std::move(made).error());
    }
  }
  TRY(write_status(set, pods, all_made));
  TRY(std::move(all_made));
  return objects::Outcome{next_available(pods)};
}

Result<> ReplicaSetReconciler::write_status(const Object& set, const std::vector<PodSeen>& pods,
                                            const Result<>& all_made) {
  int total = 0, ready = 0, available = 0;
  for (const auto& pod : pods) {
    if (pod.is_ending || pod.is_finished) continue;
    ++total;
    ready += pod.is_ready;
    available += pod.is_available;
  }
  Object next = set;
  doc::Value& status = next.status();
  status.at_or_insert("observedGeneration") = set.generation();
  status.at_or_insert("replicas") = total;
  status.at_or_insert("fullyLabeledReplicas") = total;
  status.at_or_insert("readyReplicas") = ready;
  status.at_or_insert("availableReplicas") = available;
  if (all_made) {
    next.remove_condition("ReplicaFailure");
  } else {
    next.set_condition("ReplicaFailure", "True", "FailedCreate", all_made.error().one_line(), world_.clock.now());
  }
  if (next.status() == set.status()) return {};
  TRY(store_.update_status(std::move(next)));
  return {};
}

}  // namespace slipway::pods::workloads
