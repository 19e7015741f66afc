#include "pods/workloads/members.hpp"

#include <algorithm>

#include "core/number.hpp"
#include "core/seconds.hpp"
#include "objects/kinds.hpp"
#include "pods/pod_status.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using objects::Object;

namespace {

constexpr const char* deletion_cost = "controller.kubernetes.io/pod-deletion-cost";

void drop_owner(Object& object, const std::string& uid) {
  auto& owners = object.document().at_or_insert("metadata").at_or_insert("ownerReferences");
  if (owners.is_array())
    std::erase_if(owners.as_array(), [&](const doc::Value& owner) { return owner["uid"].string_or("") == uid; });
}

// What it is then; nullopt when it has gone or changed hands meanwhile: the next look will tell.
Result<std::optional<Object>> change_owner(objects::Store& store, const objects::Kind& kind, const Object& object,
                                           const std::function<bool(Object&)>& change) {
  bool is_changed = false;
  auto changed = objects::modify(store, kind, object.name(), [&](Object& current) {
    is_changed = current.uid() == object.uid() && change(current);
    return is_changed;
  });
  if (changed) return is_changed ? std::optional(std::move(*changed)) : std::nullopt;
  if (changed.error().code == Code::not_found || changed.error().code == Code::conflict) return std::nullopt;
  return fail(std::move(changed).error());
}

}  // namespace

bool is_controlled(const Object& object) {
  const auto owners = object.owners();
  return std::ranges::any_of(owners, &objects::OwnerReference::controller);
}

void take_control(const Object& owner, Object& object) {
  object.add_owner(owner);
  for (auto& reference : object.document().at_or_insert("metadata").at_or_insert("ownerReferences").as_array()) {
    if (reference["uid"].string_or("") == owner.uid()) reference.at_or_insert("blockOwnerDeletion") = true;
  }
}

Object pod_of(const Object& owner, const doc::Value& pod_template) {
  Object pod = Object::make(kinds::pod, {owner.name().ns, ""});
  auto& metadata = pod.document().at_or_insert("metadata").as_object();
  metadata.erase("name");
  metadata.set("generateName", owner.name().name + "-");
  for (const char* part : {"labels", "annotations", "finalizers"}) {
    if (const doc::Value& given = pod_template["metadata"][part]; given.size() > 0) metadata.set(part, given);
  }
  take_control(owner, pod);
  pod.document().at_or_insert("spec") = pod_template["spec"];
  return pod;
}

namespace {

// Somebody may have been faster.
bool join(const Object& owner, const Membership& membership, Object& object) {
  if (is_controlled(object) || object.is_being_deleted()) return false;
  take_control(owner, object);
  if (!membership.finalizer.empty()) object.add_finalizer(membership.finalizer);
  return true;
}

bool leave(const Object& owner, const Membership& membership, Object& object) {
  drop_owner(object, owner.uid());
  if (!membership.finalizer.empty()) object.remove_finalizer(membership.finalizer);
  return true;
}

}  // namespace

Result<std::vector<Object>> claim(objects::Store& store, const objects::Kind& kind, const Object& owner,
                                  const Membership& membership) {
  TRY_ASSIGN(const auto selector, objects::LabelSelector::from_value(owner.spec()["selector"]));
  objects::ListOptions options;
  options.ns = owner.name().ns;
  options.claimable_by = {owner.uid()};
  options.labels = selector;
  TRY_ASSIGN(auto list, store.list(kind, options));
  std::vector<Object> members;
  for (Object& object : list.items) {
    const bool is_found = !selector.empty() && selector.matches(object.labels());
    const bool matches = is_found && (!membership.may_be_its || membership.may_be_its(object));
    const bool is_own = object.is_owned_by(owner);
    if (is_own && matches) {
      members.push_back(std::move(object));
    } else if (is_own && !object.is_being_deleted()) {
      TRY(change_owner(store, kind, object, [&](Object& current) { return leave(owner, membership, current); }));
    } else if (matches && !is_controlled(object) && !object.is_being_deleted()) {
      TRY_ASSIGN(auto adopted,
                 change_owner(store, kind, object, [&](Object& current) { return join(owner, membership, current); }));
      if (adopted) members.push_back(std::move(*adopted));
    }
  }
  return members;
}

Result<> make_pods(objects::Store& store, objects::EventRecorder& events, const Object& owner, int count) {
  constexpr int most_at_once = 500;
  for (int i = 0; i < std::min(count, most_at_once); ++i)
    TRY(make_pod(store, events, owner, pod_of(owner, owner.spec()["template"])));
  return {};
}

Result<> make_pod(objects::Store& store, objects::EventRecorder& events, const Object& owner, Object pod) {
  const auto made = store.create(std::move(pod));
  if (!made) {
    events.warn(owner, "FailedCreate", "Error creating: " + made.error().one_line());
    return fail(made.error());
  }
  events.normal(owner, "SuccessfulCreate", "Created pod: " + made->name().name);
  return {};
}

Result<> remove_pod(objects::Store& store, objects::EventRecorder& events, const Object& owner,
                    const std::string& pod) {
  TRY(objects::remove_if_there(store, kinds::pod, {owner.name().ns, pod}));
  events.normal(owner, "SuccessfulDelete", "Deleted pod: " + pod);
  return {};
}

doc::Value minded_of(const Object& pod) {
  const doc::Value& metadata = pod.document()["metadata"];
  doc::Array minded{metadata["uid"],
                    metadata["labels"],
                    metadata["ownerReferences"],
                    metadata["deletionTimestamp"],
                    pod.annotation(deletion_cost),
                    pod.status()["phase"]};
  for (const char* type : {"Ready", "DisruptionTarget"}) {
    const doc::Value& condition = pod.condition(type);
    minded.push_back(condition["status"]);
    minded.push_back(condition["lastTransitionTime"]);
  }
  return minded;
}

PodSeen seen_of(const Object& pod, const doc::Value& spec, Time now) {
  PodSeen seen;
  seen.name = pod.name().name;
  seen.is_ready = pod.condition_status("Ready") == "True";
  seen.is_ending = pod.is_being_deleted();
  seen.is_finished = is_finished(pod);
  seen.created = pod.created().value_or(Time{});
  seen.cost = core::parse_number<int>(pod.annotation(deletion_cost)).value_or(0);
  const auto wanted = core::capped_seconds(spec["minReadySeconds"].int_or(0));
  const auto since = pod.condition_since("Ready");
  seen.is_available = seen.is_ready && (wanted <= Duration::zero() || (since && now - *since >= wanted));
  if (seen.is_ready && !seen.is_available && since) seen.available_in = wanted - (now - *since);
  return seen;
}

}  // namespace slipway::pods::workloads
