#include "pods/workloads/deployment.hpp"

#include <algorithm>
#include <ranges>

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

int alive(const std::vector<PodSeen>& pods) {
  return static_cast<int>(
      std::ranges::count_if(pods, [](const PodSeen& pod) { return !pod.is_ending && !pod.is_finished; }));
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
  objects::ListOptions options;
  options.ns = deployment.name().ns;
  TRY_ASSIGN(auto list, store_.list(replica_set_kind, options));
  std::vector<Set> sets;
  for (Object& object : list.items) {
    if (object.is_owned_by(deployment) && !object.is_being_deleted()) sets.push_back({std::move(object), {}, false});
  }
  std::ranges::sort(sets, {}, [](const Set& set) { return revision_of(set.object); });
  return sets;
}

Result<objects::Outcome> DeploymentReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto found, store_.find(kinds::deployment, name));
  if (!found || found->is_being_deleted()) return objects::Outcome{};
  TRY_ASSIGN(auto sets, sets_of(*found));
  const std::int64_t newest = sets.empty() ? 0 : revision_of(sets.back().object);
  std::string hash = template_hash(found->spec()["template"]);
  // Paused, it keeps what it has: a changed template waits.
  if (found->spec()["paused"].bool_or(false) && !sets.empty()) hash = sets.back().object.label(template_hash_label);

  auto current = std::ranges::find(sets, hash, [](const Set& set) { return set.object.label(template_hash_label); });
  DeploymentSeen seen;
  if (current == sets.end()) {
    TRY_ASSIGN(auto made, make_set(*found, hash, newest + 1));
    seen.is_made = true;
    current = sets.insert(sets.end(), Set{std::move(made), {}, false});
  } else {
    // Back to an earlier template: the newest revision again.
    const auto revision = std::max(revision_of(current->object), newest + (revision_of(current->object) < newest));
    TRY_ASSIGN(current->object, follow(*found, std::move(current->object), revision));
  }
  current->is_current = true;
  seen.current_set = current->object.name().name;
  TRY_ASSIGN(const Object deployment, number(*found, current->object));

  objects::ListOptions options;
  options.ns = name.ns;
  TRY_ASSIGN(const auto list, store_.list(kinds::pod, options));
  TRY_ASSIGN(const bool taken, take_over_pods(deployment, current->object, hash, list.items));
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
  const DeploymentPlan plan = plan_deployment(wish, seen.pods);
  for (const Set& set : sets) {
    int replicas = alive(set.pods) + (set.is_current ? plan.create : 0);
    for (const PodSeen& pod : set.pods) {
      const bool goes = !pod.is_finished && std::ranges::find(plan.remove, pod.name) != plan.remove.end();
      replicas -= goes;
    }
    TRY(scale(deployment, set, replicas));
  }
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
  auto made = store_.create(std::move(set));
  if (!made) return fail(std::move(made).error());
  log::info("pods", "a deployment has a new template",
            {{"deployment", deployment.name().text()}, {"set", made->name().name}, {"revision", revision}});
  return std::move(*made);
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
Result<bool> DeploymentReconciler::take_over_pods(const Object& deployment, const Object& set, const std::string& hash,
                                                  const std::vector<Object>& pods) {
  bool any = false;
  for (const Object& pod : pods) {
    if (!pod.is_owned_by(deployment) || pod.is_being_deleted()) continue;
    any = true;
    if (pod.label(template_hash_label) != hash) {
      auto removed = store_.remove(kinds::pod, pod.name());
      if (!removed && removed.error().code != Code::not_found) return fail(std::move(removed).error());
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

Result<> DeploymentReconciler::scale(const Object& deployment, const Set& set, int replicas) {
  const auto before = set.object.spec()["replicas"].int_or(1);
  if (before == replicas) return {};
  Object next = set.object;
  next.spec().at_or_insert("replicas") = replicas;
  TRY(store_.update(std::move(next)));
  events_.normal(deployment, "ScalingReplicaSet",
                 "Scaled " + std::string(before < replicas ? "up" : "down") + " replica set " + set.object.name().name +
                     " from " + std::to_string(before) + " to " + std::to_string(replicas));
  return {};
}

Result<> DeploymentReconciler::forget_old(const Object& deployment, std::vector<Set> sets) {
  std::erase_if(sets, [](const Set& set) {
    return set.is_current || !set.pods.empty() || set.object.spec()["replicas"].int_or(1) > 0;
  });
  const auto kept =
      static_cast<std::size_t>(std::max<std::int64_t>(deployment.spec()["revisionHistoryLimit"].int_or(10), 0));
  for (std::size_t i = 0; i + kept < sets.size(); ++i) {
    auto removed = store_.remove(replica_set_kind, sets[i].object.name());
    if (!removed && removed.error().code != Code::not_found) return fail(std::move(removed).error());
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

// `kubectl rollout` looks for it.
Result<Object> DeploymentReconciler::number(const Object& deployment, const Object& current) {
  const auto revision = current.annotation(revision_annotation);
  if (deployment.annotation(revision_annotation) == revision) return deployment;
  Object next = deployment;
  next.set_annotation(revision_annotation, revision);
  return store_.update(std::move(next));
}

}  // namespace slipway::pods::workloads
