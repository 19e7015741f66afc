#include "pods/workloads/members.hpp"

#include "core/seconds.hpp"
#include "objects/kinds.hpp"
#include "pods/pod_status.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using objects::Object;

namespace {

bool is_controlled(const Object& pod) {
  for (const auto& owner : pod.owners()) {
    if (owner.controller) return true;
  }
  return false;
}

void drop_owner(Object& pod, const std::string& uid) {
  auto& owners = pod.document().at_or_insert("metadata").at_or_insert("ownerReferences");
  if (owners.is_array())
    std::erase_if(owners.as_array(), [&](const doc::Value& owner) { return owner["uid"].string_or("") == uid; });
}

// True when it was done; false when the Pod has gone or changed hands meanwhile: the next look will tell.
Result<bool> change_owner(objects::Store& store, const Object& pod, const std::function<void(Object&)>& change) {
  auto done = objects::modify(store, kinds::pod, pod.name(), [&](Object& current) {
    if (current.uid() != pod.uid()) return false;
    change(current);
    return true;
  });
  if (done) return true;
  if (done.error().code == Code::not_found || done.error().code == Code::conflict) return false;
  return fail(std::move(done).error());
}

}  // namespace

Object pod_of(const Object& owner, const doc::Value& pod_template) {
  Object pod = Object::make(kinds::pod, {owner.name().ns, ""});
  auto& metadata = pod.document().at_or_insert("metadata").as_object();
  metadata.erase("name");
  metadata.set("generateName", owner.name().name + "-");
  for (const char* part : {"labels", "annotations"}) {
    if (const doc::Value& given = pod_template["metadata"][part]; given.is_object()) metadata.set(part, given);
  }
  pod.add_owner(owner);
  pod.document().at_or_insert("spec") = pod_template["spec"];
  return pod;
}

Result<std::vector<Object>> claim_pods(objects::Store& store, const Object& owner) {
  TRY_ASSIGN(const auto selector, objects::LabelSelector::from_value(owner.spec()["selector"]));
  objects::ListOptions options;
  options.ns = owner.name().ns;
  TRY_ASSIGN(auto list, store.list(kinds::pod, options));
  std::vector<Object> members;
  for (Object& pod : list.items) {
    const bool matches = !selector.empty() && selector.matches(pod.labels());
    const bool is_own = pod.is_owned_by(owner);
    if (is_own && matches) {
      members.push_back(std::move(pod));
    } else if (is_own && !pod.is_being_deleted()) {
      TRY(change_owner(store, pod, [&](Object& current) { drop_owner(current, owner.uid()); }));
    } else if (matches && !is_controlled(pod) && !pod.is_being_deleted()) {
      TRY_ASSIGN(const bool adopted, change_owner(store, pod, [&](Object& current) { current.add_owner(owner); }));
      if (adopted) members.push_back(std::move(pod));
    }
  }
  return members;
}

PodSeen seen_of(const Object& pod, const doc::Value& spec, Time now) {
  PodSeen seen;
  seen.name = pod.name().name;
  seen.is_ready = pod.condition_status("Ready") == "True";
  seen.is_ending = pod.is_being_deleted();
  seen.is_finished = is_finished(pod);
  seen.created = pod.created().value_or(Time{});
  const auto wanted = core::capped_seconds(spec["minReadySeconds"].int_or(0));
  const auto since = pod.condition_since("Ready");
  seen.is_available = seen.is_ready && (wanted <= Duration::zero() || (since && now - *since >= wanted));
  if (seen.is_ready && !seen.is_available && since) seen.available_in = wanted - (now - *since);
  return seen;
}

std::unexpected<Error> tell_not_made(objects::EventRecorder& events, const Object& owner, Error why) {
  events.warn(owner, "FailedCreate", "Error creating: " + why.one_line());
  return fail(std::move(why));
}

}  // namespace slipway::pods::workloads
