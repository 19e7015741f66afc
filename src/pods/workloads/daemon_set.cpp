#include "pods/workloads/daemon_set.hpp"

#include <algorithm>
#include <array>

#include "objects/kinds.hpp"
#include "pods/scheduling/fit.hpp"
#include "pods/workloads/members.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using objects::Object;

namespace {

struct Condition {
  const char* key;
  const char* effect;
};
// Under which a daemon goes on, or comes, all the same.
constexpr std::array<Condition, 6> borne{{{"node.kubernetes.io/not-ready", "NoExecute"},
                                          {"node.kubernetes.io/unreachable", "NoExecute"},
                                          {"node.kubernetes.io/disk-pressure", "NoSchedule"},
                                          {"node.kubernetes.io/memory-pressure", "NoSchedule"},
                                          {"node.kubernetes.io/pid-pressure", "NoSchedule"},
                                          {"node.kubernetes.io/unschedulable", "NoSchedule"}}};

void bear(Object& pod) {
  auto& tolerations = pod.spec().at_or_insert("tolerations");
  if (!tolerations.is_array()) tolerations = doc::Array{};
  const auto add = [&](const Condition& one) {
    doc::Value toleration = doc::Object{{"key", one.key}, {"operator", "Exists"}, {"effect", one.effect}};
    if (std::ranges::find(tolerations.as_array(), toleration) == tolerations.as_array().end())
      tolerations.as_array().push_back(std::move(toleration));
  };
  for (const auto& one : borne) add(one);
  if (std::as_const(pod).spec()["hostNetwork"].bool_or(false))
    add({"node.kubernetes.io/network-unavailable", "NoSchedule"});
}

constexpr const char* required = "requiredDuringSchedulingIgnoredDuringExecution";

void tie_to(const std::string& node, Object& pod) {
  const doc::Object name{{"key", "metadata.name"}, {"operator", "In"}, {"values", doc::Array{node}}};
  auto& affinity = pod.spec().at_or_insert("affinity").at_or_insert("nodeAffinity").at_or_insert(required);
  affinity = doc::Object{{"nodeSelectorTerms", doc::Array{doc::Object{{"matchFields", doc::Array{name}}}}}};
}

std::string node_of(const Object& pod) {
  std::string bound = pod.spec()["nodeName"].string_or("");
  if (!bound.empty()) return bound;
  const doc::Value& terms = pod.spec()["affinity"]["nodeAffinity"][required]["nodeSelectorTerms"];
  return terms[std::size_t{0}]["matchFields"][std::size_t{0}]["values"][std::size_t{0}].string_or("");
}

DaemonPod daemon_of(const Object& pod, const doc::Value& spec, const std::string& hash, Time now) {
  const PodSeen seen = seen_of(pod, spec, now);
  return {seen.name,      pod.label(pod_revision_label) == hash,
          seen.is_ready,  seen.is_available,
          seen.is_ending, seen.is_finished,
          seen.created};
}

}  // namespace

struct DaemonSetReconciler::View {
  Object set;
  Object draft;  // a Pod of it
  Revisions revisions;
  std::string hash;  // of the present template
  DaemonWish wish;
  std::vector<DaemonNode> nodes;
  std::set<std::string> live;    // revisions that Pods have
  std::set<std::string> failed;  // Pods
  std::optional<Duration> again;
};

std::vector<objects::Name> DaemonSetReconciler::all() {
  std::vector<objects::Name> names;
  if (const auto list = store_.list(daemon_set_kind)) {
    for (const Object& set : list->items) names.push_back(set.name());
  }
  return names;
}

Result<DaemonSetReconciler::View> DaemonSetReconciler::view_of(const Object& set) {
  View view;
  view.set = set;
  view.draft = pod_of(set, set.spec()["template"]);
  bear(view.draft);
  TRY_ASSIGN(view.revisions, keep_revisions(store_, set));
  view.hash = view.revisions.newest.label(revision_hash_label);
  view.draft.set_label(pod_revision_label, view.hash);
  TRY_ASSIGN(const auto nodes, store_.list(kinds::node));
  int meant = 0;
  const std::string only = std::as_const(view.draft).spec()["nodeName"].string_or("");
  for (const Object& node : nodes.items) {
    DaemonNode seen;
    seen.name = node.name().name;
    const bool fits = scheduling::is_selected(view.draft, node) && (only.empty() || only == seen.name);
    seen.is_meant = fits && !scheduling::is_kept_away(view.draft, node);
    seen.may_stay = fits && !scheduling::is_kept_away(view.draft, node, true);
    meant += seen.is_meant;
    view.nodes.push_back(std::move(seen));
  }
  view.wish = read_daemon_set(set.spec(), meant);
  TRY_ASSIGN(const auto pods, claim(store_, kinds::pod, set));
  std::vector<PodSeen> all;
  for (const Object& pod : pods) {
    all.push_back(seen_of(pod, set.spec(), world_.clock.now()));
    view.live.insert(pod.label(pod_revision_label));
    if (pod.status()["phase"].string_or("") == "Failed") view.failed.insert(pod.name().name);
    auto node = std::ranges::find(view.nodes, node_of(pod), &DaemonNode::name);
    if (node == view.nodes.end()) node = view.nodes.insert(node, {node_of(pod), false, false, {}});
    node->pods.push_back(daemon_of(pod, set.spec(), view.hash, world_.clock.now()));
  }
  view.again = next_available(all);
  for (DaemonNode& node : view.nodes) hold_back(view, node);
  return view;
}

// A node that refuses its Pods again and again is not asked again at once.
void DaemonSetReconciler::hold_back(View& view, DaemonNode& node) {
  if (!node.may_stay) return;
  const std::string place =
      view.set.uid() + "/" + std::to_string(view.set.status()["observedGeneration"].int_or(0)) + "/" + node.name;
  for (DaemonPod& pod : node.pods) {
    if (pod.is_ending || !view.failed.contains(pod.name)) continue;
    const Duration wait = backoff_.note_failure(place, world_.clock.now());
    pod.must_wait = wait > Duration{};
    if (pod.must_wait) view.again = view.again ? std::min(*view.again, wait) : wait;
  }
}

Result<objects::Outcome> DaemonSetReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto found, store_.find(daemon_set_kind, name));
  if (!found || found->is_being_deleted()) return objects::Outcome{};
  TRY_ASSIGN(const View view, view_of(*found));
  const auto acted = act(view, plan_daemon_set(view.wish, view.nodes));
  TRY(write_status(view));
  TRY(acted);
  std::set<std::string> live{view.revisions.newest.name().name};
  for (const Object& revision : view.revisions.all) {
    if (view.live.contains(revision.label(revision_hash_label))) live.insert(revision.name().name);
  }
  TRY(forget_revisions(store_, view.set, view.revisions, live));
  return objects::Outcome{view.again};
}

// Of one that has ended by itself.
void DaemonSetReconciler::tell_why(const View& view, const std::string& pod) {
  for (const DaemonNode& node : view.nodes) {
    const auto found = std::ranges::find(node.pods, pod, &DaemonPod::name);
    if (found == node.pods.end() || !found->is_finished) continue;
    const std::string what = "daemon pod " + view.set.name().ns + "/" + pod + " on node " + node.name;
    if (view.failed.contains(pod)) {
      events_.warn(view.set, "FailedDaemonPod", "Found failed " + what + ", will try to kill it");
    } else {
      events_.normal(view.set, "SucceededDaemonPod", "Found succeeded " + what + ", will try to delete it");
    }
  }
}

Result<> DaemonSetReconciler::act(const View& view, const DaemonPlan& plan) {
  for (const auto& name : plan.remove) {
    tell_why(view, name);
    TRY(remove_pod(store_, events_, view.set, name));
  }
  for (const auto& node : plan.create) {
    Object pod = view.draft;
    tie_to(node, pod);
    TRY(make_pod(store_, events_, view.set, std::move(pod)));
  }
  return {};
}

Result<> DaemonSetReconciler::write_status(const View& view) {
  const DaemonCounts counts = count_daemons(view.nodes);
  Object next = view.set;
  doc::Value& status = next.status();
  const auto set = [&](const char* field, doc::Value value) { status.at_or_insert(field) = std::move(value); };
  set("observedGeneration", view.set.generation());
  set("desiredNumberScheduled", counts.desired);
  set("currentNumberScheduled", counts.current);
  set("numberMisscheduled", counts.misscheduled);
  set("numberReady", counts.ready);
  set("numberAvailable", counts.available);
  set("numberUnavailable", counts.desired - counts.available);
  set("updatedNumberScheduled", counts.updated);
  if (view.revisions.collisions > 0) set("collisionCount", view.revisions.collisions);
  if (next.status() == view.set.status()) return {};
  TRY(store_.update_status(std::move(next)));
  return {};
}

}  // namespace slipway::pods::workloads
