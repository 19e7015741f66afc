#include "pods/workloads/deployment.hpp"

#include <algorithm>
#include <array>
#include <ranges>

#include "core/ids.hpp"
#include "core/log.hpp"
#include "core/number.hpp"
#include "objects/kinds.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using objects::Object;

namespace {

std::int64_t revision_of(const Object& set) {
  const std::string text = set.annotation(revision_annotation);
  return text.empty() ? 0 : std::strtoll(text.c_str(), nullptr, 10);
}

constexpr std::array<std::string_view, 5> own_annotations{revision_annotation, former_revisions_annotation,
                                                          desired_annotation, most_annotation,
                                                          "kubectl.kubernetes.io/last-applied-configuration"};

// What its Deployment is annotated with, but for what each says of itself.
void annotate(const Object& deployment, std::int64_t revision, Object& set) {
  if (const doc::Value& all = deployment.document()["metadata"]["annotations"]; all.is_object()) {
    for (const auto& [key, value] : all.as_object()) {
      if (std::ranges::find(own_annotations, key) == own_annotations.end())
        set.set_annotation(key, value.string_or(""));
    }
  }
  const std::string before = set.annotation(revision_annotation);
  if (!before.empty() && before != std::to_string(revision)) {
    const std::string former = set.annotation(former_revisions_annotation);
    set.set_annotation(former_revisions_annotation, former.empty() ? before : former + "," + before);
  }
  set.set_annotation(revision_annotation, std::to_string(revision));
}

void annotate_sizes(const DeploymentWish& wish, Object& set) {
  set.set_annotation(desired_annotation, std::to_string(wish.replicas));
  set.set_annotation(most_annotation, std::to_string(std::int64_t{wish.replicas} + (wish.recreate ? 0 : wish.surge)));
}

// But for the label that its Pods have more.
bool has_template_of(const Object& set, const Object& deployment) {
  doc::Value own = set.spec()["template"];
  if (auto& labels = own.at_or_insert("metadata").at_or_insert("labels"); labels.is_object())
    labels.as_object().erase(template_hash_label);
  return own == deployment.spec()["template"];
}

SetSeen seen_as(const Object& set, const std::vector<PodSeen>& pods, bool is_current) {
  SetSeen seen;
  seen.name = set.name().name;
  seen.size = static_cast<int>(set.spec()["replicas"].int_or(1));
  seen.pods = count_pods(pods);
  seen.has_pods = std::ranges::any_of(pods, [](const PodSeen& pod) { return !pod.is_finished; });
  seen.is_current = is_current;
  seen.desired = core::parse_number<int>(set.annotation(desired_annotation));
  seen.most = core::parse_number<int>(set.annotation(most_annotation));
  seen.created = set.created().value_or(Time{});
  return seen;
}

void copy_min_ready(const Object& deployment, doc::Value& set_spec) {
  const auto seconds = deployment.spec()["minReadySeconds"].int_or(0);
  if (seconds != std::as_const(set_spec)["minReadySeconds"].int_or(0))
    set_spec.at_or_insert("minReadySeconds") = seconds;
}

}  // namespace

std::string template_hash(const doc::Value& pod_template, int collisions) {
  return core::short_hash(doc::render_json_canonical(pod_template) +
                          (collisions == 0 ? "" : std::to_string(collisions)));
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

Result<DeploymentReconciler::Set*> DeploymentReconciler::current_of(const Object& deployment,
                                                                    const DeploymentWish& wish, std::vector<Set>& sets,
                                                                    DeploymentSeen& seen) {
  const std::int64_t newest = sets.empty() ? 0 : revision_of(sets.back().object);
  const std::string hash = template_hash(deployment.spec()["template"], seen.collisions);
  auto current = std::ranges::find_if(sets, [&](const Set& set) {
    return set.object.label(template_hash_label) == hash || has_template_of(set.object, deployment);
  });
  if (current == sets.end() && wish.paused) return nullptr;
  if (current == sets.end()) {
    TRY_ASSIGN(auto made, make_set(deployment, wish, newest + 1, seen));
    seen.is_made = true;
    current = sets.insert(sets.end(), Set{std::move(made), {}, false});
  } else {
    // Back to an earlier template: the newest revision again.
    const auto revision = std::max(revision_of(current->object), newest + (revision_of(current->object) < newest));
    TRY_ASSIGN(current->object, follow(deployment, std::move(current->object), revision));
  }
  current->is_current = true;
  seen.current_set = current->object.name().name;
  return &*current;
}

Result<objects::Outcome> DeploymentReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto found, store_.find(kinds::deployment, name));
  if (!found || found->is_being_deleted()) return objects::Outcome{};
  const DeploymentWish wish = read_wish(found->spec());
  TRY_ASSIGN(auto sets, sets_of(*found));
  DeploymentSeen seen;
  seen.collisions = static_cast<int>(found->status()["collisionCount"].int_or(0));
  TRY_ASSIGN(const Set* current, current_of(*found, wish, sets, seen));
  Object deployment = *found;
  if (current != nullptr) {
    TRY_ASSIGN(deployment, number(*found, current->object));
  }

  TRY_ASSIGN(const auto pods, pods_of(deployment, sets));
  if (current != nullptr) {
    TRY_ASSIGN(const bool taken, take_over_pods(deployment, current->object, pods));
    if (taken) return objects::Outcome{Duration{}};
  }
  see_pods(deployment, pods, sets, seen);
  TRY(scale(deployment, wish, sets));
  TRY_ASSIGN(auto again, write_status(deployment, wish, seen));
  for (const Set& set : sets) {
    if (const auto available = next_available(set.pods)) again = again ? std::min(*again, *available) : available;
  }
  if (wish.paused || is_complete(wish, seen)) TRY(forget_old(deployment, std::move(sets)));
  return objects::Outcome{again};
}

Result<std::vector<Object>> DeploymentReconciler::pods_of(const Object& deployment, const std::vector<Set>& sets) {
  std::vector<const Object*> owners{&deployment};
  for (const Set& set : sets) owners.push_back(&set.object);
  objects::ListOptions options;
  options.ns = deployment.name().ns;
  TRY_ASSIGN(options.labels, objects::LabelSelector::from_value(deployment.spec()["selector"]));
  for (const Object* owner : owners) options.claimable_by.push_back(owner->uid());
  TRY_ASSIGN(auto list, store_.list(kinds::pod, options));
  std::erase_if(list.items, [&](const Object& pod) {
    return std::ranges::none_of(owners, [&](const Object* owner) { return pod.is_owned_by(*owner); });
  });
  return std::move(list.items);
}

void DeploymentReconciler::see_pods(const Object& deployment, const std::vector<Object>& pods, std::vector<Set>& sets,
                                    DeploymentSeen& seen) const {
  for (const Object& pod : pods) {
    const auto set = std::ranges::find_if(sets, [&](const Set& one) { return pod.is_owned_by(one.object); });
    if (set != sets.end()) set->pods.push_back(seen_of(pod, deployment.spec(), world_.clock.now()));
  }
  for (const Set& set : sets) {
    const PodCounts counts = count_pods(set.pods);
    seen.pods.all += counts.all;
    seen.pods.ready += counts.ready;
    seen.pods.available += counts.available;
    seen.wanted += static_cast<int>(set.object.spec()["replicas"].int_or(1));
    if (set.is_current) seen.current = counts.all;
    // Of the current one before others, and of these the newest: sets are in order of revisions.
    if (const auto& failure = set.object.condition("ReplicaFailure"); !failure.is_null()) seen.failure = &failure;
  }
}

// Under a name that somebody else has it is tried again with another hash.
Result<Object> DeploymentReconciler::make_set(const Object& deployment, const DeploymentWish& wish,
                                              std::int64_t revision, DeploymentSeen& seen) {
  const doc::Value& pod_template = deployment.spec()["template"];
  const std::string hash = template_hash(pod_template, seen.collisions);
  Object set = Object::make(replica_set_kind, {deployment.name().ns, deployment.name().name + "-" + hash});
  const objects::Name name = set.name();
  auto& metadata = set.document().at_or_insert("metadata");
  if (const doc::Value& labels = pod_template["metadata"]["labels"]; labels.is_object())
    metadata.at_or_insert("labels") = labels;
  set.set_label(template_hash_label, hash);
  annotate(deployment, revision, set);
  annotate_sizes(wish, set);
  take_control(deployment, set);
  doc::Value& spec = set.spec();
  spec = doc::Object{{"replicas", 0}, {"selector", deployment.spec()["selector"]}, {"template", pod_template}};
  copy_min_ready(deployment, spec);
  for (const char* path : {"selector.matchLabels", "template.metadata.labels"}) {
    doc::Value labels = std::as_const(spec).at_path(path);
    labels.at_or_insert(template_hash_label) = hash;
    spec.set_path(path, std::move(labels));
  }
  auto made = store_.create(std::move(set));
  if (!made && made.error().code == Code::already_exists) {
    ++seen.collisions;
    return make_set(deployment, wish, revision, seen);
  }
  if (!made) {
    events_.warn(deployment, "ReplicaSetCreateError",
                 "Failed to create new replica set \"" + name.name + "\": " + made.error().one_line());
    return fail(std::move(made).error());
  }
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

Result<> DeploymentReconciler::scale(const Object& deployment, const DeploymentWish& wish,
                                     const std::vector<Set>& sets) {
  std::vector<SetSeen> seen;
  for (const Set& set : sets) seen.push_back(seen_as(set.object, set.pods, set.is_current));
  const auto before = static_cast<int>(deployment.status()["replicas"].int_or(0));
  const auto sizes = plan_deployment(wish, seen, before);
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const auto size = sizes.find(seen[i].name);
    const bool is_noted = seen[i].size == 0 || seen[i].desired == wish.replicas;
    if (size == sizes.end() && is_noted) continue;
    TRY(resize(deployment, wish, sets[i], size == sizes.end() ? seen[i].size : size->second));
  }
  return {};
}

Result<> DeploymentReconciler::resize(const Object& deployment, const DeploymentWish& wish, const Set& set, int size) {
  const auto before = set.object.spec()["replicas"].int_or(1);
  Object next = set.object;
  next.spec().at_or_insert("replicas") = size;
  annotate_sizes(wish, next);
  TRY(store_.update(std::move(next)));
  if (before == size) return {};
  events_.normal(deployment, "ScalingReplicaSet",
                 "Scaled " + std::string(before < size ? "up" : "down") + " replica set " + set.object.name().name +
                     " from " + std::to_string(before) + " to " + std::to_string(size));
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
