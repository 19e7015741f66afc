#include "pods/workloads/deployment.hpp"

#include <algorithm>
#include <set>

#include "core/ids.hpp"
#include "core/log.hpp"
#include "objects/kinds.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using objects::Object;

namespace {

std::int64_t revision_of(const Object& set) {
  const std::string text = set.annotation(revision_annotation);
  return text.empty() ? 0 : std::strtoll(text.c_str(), nullptr, 10);
}

}  // namespace

std::string template_hash(const doc::Value& pod_template) {
  return core::short_hash(doc::render_json_canonical(pod_template));
}

std::vector<objects::Name> DeploymentReconciler::deployment_of(const Object& pod) {
  for (const auto& owner : pod.owners()) {
    if (owner.kind == kinds::deployment.kind) return {{pod.name().ns, owner.name}};  // of an earlier version
    if (owner.kind != replica_set_kind.kind) continue;
    const auto set = store_.find(replica_set_kind, {pod.name().ns, owner.name});
    if (!set || !*set) continue;
    for (const auto& above : (*set)->owners()) {
      if (above.kind == kinds::deployment.kind) return {{pod.name().ns, above.name}};
    }
  }
  return {};
}

Result<std::vector<DeploymentReconciler::Set>> DeploymentReconciler::sets_of(const Object& deployment) {
  TRY_ASSIGN(auto claimed, claim(store_, replica_set_kind, deployment));
  std::vector<Set> sets;
  for (Object& object : claimed) {
    if (!object.is_being_deleted()) sets.push_back({std::move(object), {}, false});
  }
  std::ranges::sort(sets, {}, [](const Set& set) { return revision_of(set.object); });
  return sets;
}

Result<DeploymentReconciler::Set*> DeploymentReconciler::current_of(const Object& deployment, std::vector<Set>& sets) {
  const std::int64_t newest = sets.empty() ? 0 : revision_of(sets.back().object);
  std::string hash = template_hash(deployment.spec()["template"]);
  // Paused, it keeps what it has: a changed template waits.
  if (deployment.spec()["paused"].bool_or(false) && !sets.empty()) hash = sets.back().object.label(template_hash_label);

  auto current = std::ranges::find(sets, hash, [](const Set& set) { return set.object.label(template_hash_label); });
  if (current == sets.end()) {
    TRY_ASSIGN(auto made, make_set(deployment, hash, newest + 1));
    current = sets.insert(sets.end(), Set{std::move(made), {}, false});
  } else if (revision_of(current->object) < newest) {
    // Back to an earlier template: the newest revision again.
    current->object.set_annotation(revision_annotation, std::to_string(newest + 1));
    TRY_ASSIGN(current->object, store_.update(std::move(current->object)));
  }
  current->is_current = true;
  return &*current;
}

Result<objects::Outcome> DeploymentReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto found, store_.find(kinds::deployment, name));
  if (!found || found->is_being_deleted()) return objects::Outcome{};
  const Object& deployment = *found;
  TRY_ASSIGN(auto sets, sets_of(deployment));
  TRY_ASSIGN(const Set* current, current_of(deployment, sets));

  objects::ListOptions options;
  options.ns = name.ns;
  TRY_ASSIGN(const auto list, store_.list(kinds::pod, options));
  TRY_ASSIGN(const bool taken, take_over_pods(deployment, current->object, list.items));
  if (taken) return objects::Outcome{Duration{}};
  std::vector<PodSeen> pods;
  for (const Object& pod : list.items) {
    const auto set = std::ranges::find_if(sets, [&](const Set& one) { return pod.is_owned_by(one.object); });
    if (set == sets.end()) continue;
    set->pods.push_back(seen_of(pod));
    set->pods.back().is_current = set->is_current;
    pods.push_back(set->pods.back());
  }

  const DeploymentWish wish = read_wish(deployment.spec());
  TRY(scale(deployment, sets, plan_deployment(wish, pods)));
  TRY(write_status(deployment, wish, pods));
  TRY(forget_old(deployment, std::move(sets)));
  return objects::Outcome{};
}

Result<Object> DeploymentReconciler::make_set(const Object& deployment, const std::string& hash,
                                              std::int64_t revision) {
  Object set = Object::make(replica_set_kind, {deployment.name().ns, deployment.name().name + "-" + hash});
  const doc::Value& pod_template = deployment.spec()["template"];
  auto& metadata = set.document().at_or_insert("metadata");
  if (const doc::Value& labels = pod_template["metadata"]["labels"]; labels.is_object())
    metadata.at_or_insert("labels") = labels;
  set.set_label(template_hash_label, hash);
  const std::string cause = deployment.annotation("kubernetes.io/change-cause");
  if (!cause.empty()) set.set_annotation("kubernetes.io/change-cause", cause);
  set.set_annotation(revision_annotation, std::to_string(revision));
  set.add_owner(deployment);
  doc::Value& spec = set.spec();
  spec = doc::Object{{"replicas", 0}, {"selector", deployment.spec()["selector"]}, {"template", pod_template}};
  for (const char* path : {"selector.matchLabels", "template.metadata.labels"}) {
    doc::Value labels = std::as_const(spec).at_path(path);
    labels.at_or_insert(template_hash_label) = hash;
    spec.set_path(path, std::move(labels));
  }
  auto made = store_.create(std::move(set));
  if (!made) return fail(std::move(made).error());
  log::info("pods", "a deployment has a new template",
            {{"deployment", deployment.name().text()}, {"set", made->name().name}, {"revision", revision}});
  return std::move(*made);
}

// Pods that an earlier version of the program made were the Deployment's own: they go on, as its set's.
Result<bool> DeploymentReconciler::take_over_pods(const Object& deployment, const Object& set,
                                                  const std::vector<Object>& pods) {
  const std::string hash = set.label(template_hash_label);
  bool any = false;
  for (const Object& pod : pods) {
    if (!pod.is_owned_by(deployment) || pod.is_being_deleted()) continue;
    any = true;
    if (pod.label(template_hash_label) != hash) {
      TRY(objects::remove_if_there(store_, kinds::pod, pod.name()));
      continue;
    }
    TRY(objects::modify(store_, kinds::pod, pod.name(), [&](Object& current) {
      if (current.uid() != pod.uid()) return false;
      current.document().at_or_insert("metadata").as_object().erase("ownerReferences");
      current.add_owner(set);
      return true;
    }));
  }
  return any;
}

Result<> DeploymentReconciler::scale(const Object& deployment, const std::vector<Set>& sets,
                                     const DeploymentPlan& plan) {
  const std::set<std::string> leaving(plan.remove.begin(), plan.remove.end());
  for (const Set& set : sets) {
    int replicas = count_pods(set.pods).all + (set.is_current ? plan.create : 0);
    for (const PodSeen& pod : set.pods) replicas -= !pod.is_finished && leaving.contains(pod.name);
    const auto before = set.object.spec()["replicas"].int_or(1);
    if (before == replicas) continue;
    Object next = set.object;
    next.spec().at_or_insert("replicas") = replicas;
    TRY(store_.update(std::move(next)));
    events_.normal(deployment, "ScalingReplicaSet",
                   "Scaled " + std::string(before < replicas ? "up" : "down") + " replica set " +
                       set.object.name().name + " from " + std::to_string(before) + " to " + std::to_string(replicas));
  }
  return {};
}

Result<> DeploymentReconciler::forget_old(const Object& deployment, std::vector<Set> sets) {
  std::erase_if(sets, [](const Set& set) {
    return set.is_current || !set.pods.empty() || set.object.spec()["replicas"].int_or(1) > 0;
  });
  const auto kept =
      static_cast<std::size_t>(std::max<std::int64_t>(deployment.spec()["revisionHistoryLimit"].int_or(10), 0));
  for (std::size_t i = 0; i + kept < sets.size(); ++i) {
    TRY(objects::remove_if_there(store_, replica_set_kind, sets[i].object.name()));
  }
  return {};
}

Result<> DeploymentReconciler::write_status(const Object& deployment, const DeploymentWish& wish,
                                            const std::vector<PodSeen>& pods) {
  const PodCounts counts = count_pods(pods);
  Object next = deployment;
  doc::Value& status = next.status();
  status.at_or_insert("observedGeneration") = deployment.generation();
  status.at_or_insert("replicas") = counts.all;
  status.at_or_insert("updatedReplicas") = counts.current;
  status.at_or_insert("readyReplicas") = counts.ready;
  status.at_or_insert("availableReplicas") = counts.ready;
  status.at_or_insert("unavailableReplicas") = std::max(wish.replicas - counts.ready, 0);
  const Time now = world_.clock.now();
  const bool available = counts.ready >= wish.replicas - wish.unavailable;
  next.set_condition("Available", available ? "True" : "False",
                     available ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                     std::to_string(counts.ready) + " of " + std::to_string(wish.replicas) + " Pods are ready", now);
  const bool complete = counts.current_ready == wish.replicas && counts.all == wish.replicas;
  next.set_condition("Progressing", "True", complete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
                     std::to_string(counts.current_ready) + " of " + std::to_string(wish.replicas) +
                         " Pods of the current template are ready",
                     now);
  if (next.status() == deployment.status()) return {};
  TRY(store_.update_status(std::move(next)));
  return {};
}

}  // namespace slipway::pods::workloads
