#include "pods/workloads/deployment.hpp"

#include <algorithm>
#include <ranges>
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

// What its Deployment is annotated with, but for what each says of itself.
void annotate(const Object& deployment, std::int64_t revision, Object& set) {
  if (const doc::Value& all = deployment.document()["metadata"]["annotations"]; all.is_object()) {
    for (const auto& [key, value] : all.as_object()) {
      if (key != revision_annotation && key != "kubectl.kubernetes.io/last-applied-configuration")
        set.set_annotation(key, value.string_or(""));
    }
  }
  set.set_annotation(revision_annotation, std::to_string(revision));
}

void copy_min_ready(const Object& deployment, doc::Value& set_spec) {
  const auto seconds = deployment.spec()["minReadySeconds"].int_or(0);
  if (seconds != std::as_const(set_spec)["minReadySeconds"].int_or(0))
    set_spec.at_or_insert("minReadySeconds") = seconds;
}

}  // namespace

std::string template_hash(const doc::Value& pod_template, std::int64_t collisions) {
  std::string text = doc::render_json_canonical(pod_template);
  if (collisions > 0) text += " " + std::to_string(collisions);
  return core::short_hash(text);
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
  std::string hash = template_hash(deployment.spec()["template"], deployment.status()["collisionCount"].int_or(0));
  // Paused, it keeps what it has: a changed template waits.
  if (deployment.spec()["paused"].bool_or(false) && !sets.empty()) hash = sets.back().object.label(template_hash_label);

  auto current = std::ranges::find(sets, hash, [](const Set& set) { return set.object.label(template_hash_label); });
  if (current == sets.end()) {
    TRY_ASSIGN(auto made, make_set(deployment, hash, newest + 1));
    current = sets.insert(sets.end(), Set{std::move(made), {}, false});
  } else {
    // Back to an earlier template: the newest revision again.
    const auto revision = std::max(revision_of(current->object), newest + (revision_of(current->object) < newest));
    TRY_ASSIGN(current->object, follow(deployment, std::move(current->object), revision));
  }
  current->is_current = true;
  return &*current;
}

Result<objects::Outcome> DeploymentReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto found, store_.find(kinds::deployment, name));
  if (!found || found->is_being_deleted()) return objects::Outcome{};
  TRY_ASSIGN(auto sets, sets_of(*found));
  const auto known = sets.size();
  TRY_ASSIGN(const Set* current, current_of(*found, sets));
  DeploymentSeen seen;
  seen.current_set = current->object.name().name;
  seen.is_made = sets.size() > known;
  TRY_ASSIGN(const Object deployment, number(*found, current->object));

  objects::ListOptions options;
  options.ns = name.ns;
  TRY_ASSIGN(const auto list, store_.list(kinds::pod, options));
  TRY_ASSIGN(const bool taken, take_over_pods(deployment, current->object, list.items));
  if (taken) return objects::Outcome{Duration{}};
  const Time now = world_.clock.now();
  for (const Object& pod : list.items) {
    const auto set = std::ranges::find_if(sets, [&](const Set& one) { return pod.is_owned_by(one.object); });
    if (set == sets.end()) continue;
    set->pods.push_back(seen_of(pod, deployment.spec(), now));
    set->pods.back().is_current = set->is_current;
    seen.pods.push_back(set->pods.back());
  }
  for (const Set& set : std::views::reverse(sets)) {
    const auto& failure = set.object.condition("ReplicaFailure");
    if (seen.failure == nullptr && !failure.is_null()) seen.failure = &failure;
  }

  const DeploymentWish wish = read_wish(deployment.spec());
  TRY(scale(deployment, sets, plan_deployment(wish, seen.pods)));
  TRY_ASSIGN(auto again, write_status(deployment, wish, seen));
  if (const auto available = next_available(seen.pods)) again = again ? std::min(*again, *available) : available;
  TRY(forget_old(deployment, std::move(sets)));
  return objects::Outcome{again};
}

Result<Object> DeploymentReconciler::make_set(const Object& deployment, const std::string& hash,
                                              std::int64_t revision) {
  Object set = Object::make(replica_set_kind, {deployment.name().ns, deployment.name().name + "-" + hash});
  const doc::Value& pod_template = deployment.spec()["template"];
  auto& metadata = set.document().at_or_insert("metadata");
  if (const doc::Value& labels = pod_template["metadata"]["labels"]; labels.is_object())
    metadata.at_or_insert("labels") = labels;
  set.set_label(template_hash_label, hash);
  annotate(deployment, revision, set);
  set.add_owner(deployment);
  doc::Value& spec = set.spec();
  spec = doc::Object{{"replicas", 0}, {"selector", deployment.spec()["selector"]}, {"template", pod_template}};
  copy_min_ready(deployment, spec);
  for (const char* path : {"selector.matchLabels", "template.metadata.labels"}) {
    doc::Value labels = std::as_const(spec).at_path(path);
    labels.at_or_insert(template_hash_label) = hash;
    spec.set_path(path, std::move(labels));
  }
  const auto name = set.name();
  auto made = store_.create(std::move(set));
  if (!made && made.error().code == Code::already_exists) TRY(note_collision(deployment, name));
  if (!made) return fail(std::move(made).error());
  log::info("pods", "a deployment has a new template",
            {{"deployment", deployment.name().text()}, {"set", made->name().name}, {"revision", revision}});
  return std::move(*made);
}

// A set that is not the Deployment's has the name that its own would get: the next one gets another.
Result<> DeploymentReconciler::note_collision(const Object& deployment, const objects::Name& set) {
  TRY_ASSIGN(const auto other, store_.find(replica_set_kind, set));
  if (!other || other->is_owned_by(deployment)) return {};
  Object next = deployment;
  next.status().at_or_insert("collisionCount") = deployment.status()["collisionCount"].int_or(0) + 1;
  TRY(store_.update_status(std::move(next)));
  return {};
}

// The current set says of itself what its Deployment says, and how long its Pods must be ready.
Result<Object> DeploymentReconciler::follow(const Object& deployment, Object set, std::int64_t revision) {
  Object next = set;
  annotate(deployment, revision, next);
  copy_min_ready(deployment, next.spec());
  if (next.document() == set.document()) return set;
  return store_.update(std::move(next));
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

Result<std::optional<Duration>> DeploymentReconciler::write_status(const Object& deployment, const DeploymentWish& wish,
                                                                   const DeploymentSeen& seen) {
  Object next = deployment;
  const auto again = render_deployment_status(next, wish, seen, world_.clock.now());
  if (!(next.status() == deployment.status())) TRY(store_.update_status(std::move(next)));
  return again;
}

// `kubectl rollout` looks for it. With the status, so that it makes no new generation.
Result<Object> DeploymentReconciler::number(const Object& deployment, const Object& current) {
  const auto revision = current.annotation(revision_annotation);
  if (deployment.annotation(revision_annotation) == revision) return deployment;
  Object next = deployment;
  next.set_annotation(revision_annotation, revision);
  return store_.update_status(std::move(next));
}

}  // namespace slipway::pods::workloads
