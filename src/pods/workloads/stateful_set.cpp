#include "pods/workloads/stateful_set.hpp"

#include <algorithm>

#include "objects/kinds.hpp"
#include "pods/workloads/claims.hpp"
#include "pods/workloads/members.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using objects::Object;

namespace {

constexpr Duration until_collected = std::chrono::seconds(1);  // a claim of a former Pod

bool is_its_name(const Object& set, const Object& pod) {
  const auto name = parse_ordinal_name(pod.name().name);
  return name && name->parent == set.name().name;
}

ReplicaSeen replica_of(const Object& pod, const PodSeen& seen) {
  ReplicaSeen replica;
  replica.name = seen.name;
  replica.ordinal = parse_ordinal_name(seen.name)->ordinal;
  replica.revision = pod.label(pod_revision_label);
  replica.is_ready = seen.is_ready && !seen.is_finished;
  replica.is_available = seen.is_available && !seen.is_finished;
  replica.is_ending = seen.is_ending;
  replica.is_finished = seen.is_finished;
  return replica;
}

void name_pod(const Object& set, int ordinal, const std::string& revision, Object& pod) {
  const std::string name = set.name().name + "-" + std::to_string(ordinal);
  auto& metadata = pod.document().at_or_insert("metadata").as_object();
  metadata.erase("generateName");
  metadata.set("name", name);
  pod.set_label(pod_name_label, name);
  pod.set_label(pod_index_label, std::to_string(ordinal));
  pod.set_label(pod_revision_label, revision);
  pod.spec().at_or_insert("hostname") = name;
  if (const auto service = set.spec()["serviceName"].string_or(""); !service.empty())
    pod.spec().at_or_insert("subdomain") = service;
}

}  // namespace

struct StatefulSetReconciler::View {
  Object set;
  StatefulWish wish;
  Revisions revisions;
  Object current;  // the revision that an update leaves
  std::vector<Object> pods;
  std::vector<ReplicaSeen> replicas;  // of `pods`
  std::optional<Duration> again;
};

Result<StatefulSetReconciler::View> StatefulSetReconciler::view_of(const Object& set) {
  View view;
  view.set = set;
  view.wish = read_stateful_set(set.spec());
  TRY_ASSIGN(view.revisions, keep_revisions(store_, set));
  const std::string current = set.status()["currentRevision"].string_or("");
  const auto found =
      std::ranges::find(view.revisions.all, current, [](const Object& revision) { return revision.name().name; });
  view.current = found == view.revisions.all.end() ? view.revisions.newest : *found;
  TRY_ASSIGN(view.pods,
             claim(store_, kinds::pod, set, {.may_be_its = [&](const Object& pod) { return is_its_name(set, pod); }}));
  std::vector<PodSeen> seen;
  for (const Object& pod : view.pods) {
    seen.push_back(seen_of(pod, set.spec(), world_.clock.now()));
    view.replicas.push_back(replica_of(pod, seen.back()));
  }
  view.again = next_available(seen);
  return view;
}

Result<objects::Outcome> StatefulSetReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto found, store_.find(stateful_set_kind, name));
  // What it has is the garbage collector's now: what were made or adopted here would be collected again.
  if (!found || found->is_being_deleted()) return objects::Outcome{};
  TRY_ASSIGN(View view, view_of(*found));
  Result<> acted = act(view, plan_stateful_set(view.wish, view.revisions.newest.name().name, view.replicas));
  TRY(write_status(view));
  if (!acted && acted.error().code == Code::unavailable) return objects::Outcome{until_collected};
  TRY(std::move(acted));
  std::set<std::string> live{view.current.name().name, view.revisions.newest.name().name};
  for (const auto& replica : view.replicas) live.insert(replica.revision);
  TRY(forget_revisions(store_, view.set, view.revisions, live));
  return objects::Outcome{view.again};
}

Result<> StatefulSetReconciler::act(const View& view, const StatefulPlan& plan) {
  for (std::size_t i = 0; i < view.pods.size(); ++i) {
    const Object& pod = view.pods[i];
    if (pod.is_being_deleted()) continue;
    const bool is_pending = pod.status()["phase"].string_or("Pending") == "Pending";
    if (is_pending) TRY(make_claims(view.set, view.replicas[i].ordinal, pod.name().name));
    TRY(mend_identity(pod));
    TRY(mend_claims(view, pod, view.replicas[i].ordinal));
  }
  for (const auto& wanted : plan.create) TRY(make_pod(view, wanted));
  for (const auto& pod : plan.remove) TRY(remove_pod(view.set, pod));
  return {};
}

Result<> StatefulSetReconciler::make_pod(const View& view, const StatefulPlan::New& wanted) {
  const Object& revision = wanted.is_updated ? view.revisions.newest : view.current;
  Object pod = pod_of(view.set, template_of(revision));
  name_pod(view.set, wanted.ordinal, revision.name().name, pod);
  mount_claims(view.set, wanted.ordinal, pod);
  const std::string name = pod.name().name;
  TRY(wait_for_former(view.set, wanted.ordinal, name));
  TRY(make_claims(view.set, wanted.ordinal, name));
  auto made = store_.create(std::move(pod));
  if (!made && made.error().code == Code::already_exists) return fail(std::move(made).error());
  if (!made) {
    events_.warn(
        view.set, "FailedCreate",
        "create Pod " + name + " in StatefulSet " + view.set.name().name + " failed error: " + made.error().one_line());
    return fail(std::move(made).error());
  }
  events_.normal(view.set, "SuccessfulCreate",
                 "create Pod " + name + " in StatefulSet " + view.set.name().name + " successful");
  return mend_claims(view, *made, wanted.ordinal);
}

// A claim that leaves with the former Pod of this name is not for the next.
Result<> StatefulSetReconciler::wait_for_former(const Object& set, int ordinal, const std::string& pod) {
  for (const Object& wanted : claims_of(set, ordinal)) {
    TRY_ASSIGN(const auto found, store_.find(claim_kind, wanted.name()));
    if (found && goes_with_former(set, pod, *found))
      return fail(Code::unavailable, "pvc " + wanted.name().name + " leaves with the former " + pod);
  }
  return {};
}

Result<> StatefulSetReconciler::make_claims(const Object& set, int ordinal, const std::string& pod) {
  for (Object& wanted : claims_of(set, ordinal)) {
    const objects::Name name = wanted.name();
    TRY_ASSIGN(const auto found, store_.find(claim_kind, name));
    if (found && found->is_being_deleted()) return fail(Code::unavailable, "pvc " + name.name + " is being deleted");
    if (found) continue;
    const std::string what = "create Claim " + name.name;
    auto made = store_.create(std::move(wanted));
    if (!made) {
      events_.warn(set, "FailedCreate",
                   what + " for Pod " + pod + " in StatefulSet " + set.name().name +
                       " failed error: " + made.error().one_line());
      return fail(std::move(made).error());
    }
    events_.normal(set, "SuccessfulCreate", what + " Pod " + pod + " in StatefulSet " + set.name().name + " success");
  }
  return {};
}

Result<> StatefulSetReconciler::remove_pod(const Object& set, const std::string& pod) {
  TRY(objects::remove_if_there(store_, kinds::pod, {set.name().ns, pod}));
  events_.normal(set, "SuccessfulDelete", "delete Pod " + pod + " in StatefulSet " + set.name().name + " successful");
  return {};
}

// An adopted Pod has the name, and its labels say so from now on.
Result<> StatefulSetReconciler::mend_identity(const Object& pod) {
  const std::string name = pod.name().name;
  if (pod.label(pod_name_label) == name) return {};
  TRY(objects::modify(store_, kinds::pod, pod.name(), [&](Object& current) {
    if (current.uid() != pod.uid()) return false;
    current.set_label(pod_name_label, name);
    current.set_label(pod_index_label, std::to_string(parse_ordinal_name(name)->ordinal));
    return true;
  }));
  return {};
}

Result<> StatefulSetReconciler::mend_claims(const View& view, const Object& pod, int ordinal) {
  const bool is_surplus = ordinal < view.wish.start || ordinal >= view.wish.end();
  for (const Object& wanted : claims_of(view.set, ordinal)) {
    TRY_ASSIGN(auto claim, store_.find(claim_kind, wanted.name()));
    if (!claim || claim->is_being_deleted() || !settle_owners(view.set, pod, is_surplus, *claim)) continue;
    TRY(store_.update(std::move(*claim)));
  }
  return {};
}

Result<> StatefulSetReconciler::write_status(const View& view) {
  const std::string update = view.revisions.newest.name().name;
  std::string current = view.current.name().name;
  StatefulCounts counts = count_replicas(current, update, view.replicas);
  if (completes_update(view.wish, counts)) {
    current = update;
    counts.current = counts.updated;
  }
  Object next = view.set;
  doc::Value& status = next.status();
  const auto set = [&](const char* field, doc::Value value) { status.at_or_insert(field) = std::move(value); };
  set("observedGeneration", view.set.generation());
  set("replicas", counts.all);
  set("readyReplicas", counts.ready);
  set("availableReplicas", counts.available);
  set("currentReplicas", counts.current);
  set("updatedReplicas", counts.updated);
  set("currentRevision", current);
  set("updateRevision", update);
  set("collisionCount", view.revisions.collisions);
  if (next.status() == view.set.status()) return {};
  TRY(store_.update_status(std::move(next)));
  return {};
}

}  // namespace slipway::pods::workloads
