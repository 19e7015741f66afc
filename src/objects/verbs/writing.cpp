#include "objects/verbs/writing.hpp"

#include <algorithm>
#include <array>

#include "objects/patch/apply.hpp"
#include "objects/schema/decode.hpp"
#include "objects/services/fields.hpp"
#include "objects/verbs/strategy.hpp"

namespace slipway::objects::verbs {
namespace {

doc::Object& metadata_of(doc::Value& object) {
  auto& metadata = object.at_or_insert("metadata");
  if (!metadata.is_object()) metadata = doc::Object{};
  return metadata.as_object();
}

void drop_if_empty(doc::Object& object, std::string_view key) {
  const auto* value = object.find(key);
  if (value != nullptr && (value->is_null() || ((value->is_object() || value->is_array()) && value->size() == 0))) {
    object.erase(key);
  }
}

void drop_empty_metadata(doc::Object& metadata) {
  for (const auto key : {"labels", "annotations", "finalizers", "ownerReferences"}) drop_if_empty(metadata, key);
}

// A write of the status may annotate kinds that are older than the rule that it must not: the controller of Deployments
// numbers them so.
bool annotates_with_status(const schema::Resource& resource) {
  constexpr std::array<std::string_view, 5> groups{"", "apps", "batch", "autoscaling", "policy"};
  return !resource.is_custom() && std::ranges::find(groups, resource.group) != groups.end();
}

void take(doc::Object& to, const doc::Value& from, std::string_view key) {
  if (const auto& value = from[key]; !value.is_null()) {
    to.set(key, value);
  } else {
    to.erase(key);
  }
}

// Of the containers that are there. When they are others, all is taken: who validates sees that it may not be.
void take_resources(doc::Value& to, const doc::Value& from) {
  for (const std::string_view list : {"containers", "initContainers"}) {
    const auto& given = from[list];
    const auto& now = std::as_const(to)[list];
    bool are_same = given.size() == now.size();
    for (std::size_t i = 0; are_same && i < now.size(); ++i) are_same = given[i]["name"] == now[i]["name"];
    if (!are_same) {
      take(to.as_object(), from, list);
      continue;
    }
    for (std::size_t i = 0; i < given.size(); ++i) {
      auto& container = to.at_or_insert(list).as_array()[i].as_object();
      take(container, given[i], "resources");
      take(container, given[i], "resizePolicy");
    }
  }
}

void drop_nulls(doc::Value& value) {
  if (value.is_object()) {
    std::vector<std::string> gone;
    for (auto& [key, member] : value.as_object()) {
      if (member.is_null()) {
        gone.push_back(key);
      } else {
        drop_nulls(member);
      }
    }
    for (const auto& key : gone) value.as_object().erase(key);
  }
}

}  // namespace

void make_canonical(const schema::Resource& resource, doc::Value& object) {
  if (resource.type == nullptr) return;
  schema::prune(object, *resource.type);
  if (!resource.is_custom()) {
    schema::normalize(object, *resource.type);
    schema::show_zeros(object, *resource.type);
  } else if (auto* metadata = object.as_object().find("metadata")) {
    drop_nulls(*metadata);
  }
  schema::apply_defaults(object, *resource.type);
}

doc::Value created(const schema::Resource& resource, doc::Value given, std::string uid, core::Time now,
                   bool keep_status) {
  auto& metadata = metadata_of(given);
  for (const auto key : {"deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion"})
    metadata.erase(key);
  metadata.set("uid", std::move(uid));
  metadata.set("creationTimestamp", core::render_rfc3339(now));
  if (tracks_generation(resource)) {
    metadata.set("generation", std::int64_t{1});
  } else {
    metadata.erase("generation");
  }
  drop_empty_metadata(metadata);
  if (!keep_status && has_status_subresource(resource) && !resource.is("", "Node")) {
    given.as_object().erase("status");
  }
  start_life(resource, given);
  if (!resource.is_custom() && resource.type != nullptr) schema::show_zeros(given, *resource.type);
  return given;
}

doc::Value updated(const schema::Resource& resource, const doc::Value& stored, doc::Value given,
                   std::string_view subresource) {
  if (subresource == "status") {
    auto next = stored;
    // A patch's or applier's managedFields travel with it.
    carry_on(resource, stored["status"], given.at_or_insert("status"));
    take(next.as_object(), given, "status");
    take(metadata_of(next), given["metadata"], "managedFields");
    if (annotates_with_status(resource)) take(metadata_of(next), given["metadata"], "annotations");
    return next;
  }
  if (subresource == "finalize") {
    auto next = stored;
    next.at_or_insert("spec").at_or_insert("finalizers") = given["spec"]["finalizers"];
    return next;
  }
  if (subresource == "ephemeralcontainers" || subresource == "resize") {
    auto next = stored;
    if (subresource == "resize") {
      take_resources(next.at_or_insert("spec"), given["spec"]);
    } else {
      take(next.at_or_insert("spec").as_object(), given["spec"], "ephemeralContainers");
    }
    take(metadata_of(next), given["metadata"], "managedFields");
    if (declares_otherwise(resource, stored, next))
      metadata_of(next).set("generation", stored["metadata"]["generation"].int_or(0) + 1);
    return next;
  }
  auto& metadata = metadata_of(given);
  for (const auto key : server_set) take(metadata, stored["metadata"], key);
  metadata.erase("selfLink");
  drop_empty_metadata(metadata);
  if (has_status_subresource(resource)) take(given.as_object(), stored, "status");
  if (services::is_service(resource)) services::settle_update(stored, given);
  if (tracks_generation(resource) && declares_otherwise(resource, stored, given)) {
    metadata_of(given).set("generation", stored["metadata"]["generation"].int_or(0) + 1);
  }
  return given;
}

std::vector<std::string> finalizers_added_too_late(const doc::Value& before, const doc::Value& after) {
  std::vector<std::string> added;
  if (before["metadata"]["deletionTimestamp"].is_null()) return added;
  const auto had = Object(before).finalizers();
  for (const auto& finalizer : Object(after).finalizers()) {
    if (std::ranges::find(had, finalizer) == had.end()) added.push_back(finalizer);
  }
  return added;
}

doc::Value tracked(const schema::Resource& resource, const doc::Value& before, doc::Value after,
                   const WriteContext& context) {
  if (resource.type == nullptr) return after;
  const patch::Writer writer{context.manager, resource.api_version(), context.subresource, context.now};
  return patch::track_update(*resource.type, before, std::move(after), writer,
                             patch::reset_fields_of(has_status_subresource(resource), context.subresource));
}

bool is_same(const doc::Value& before, const doc::Value& after) {
  const auto& one = before["metadata"]["managedFields"];
  const auto& other = after["metadata"]["managedFields"];
  if (one.size() != other.size()) return false;
  if (one == other) return before == after;
  for (std::size_t i = 0; i < one.size(); ++i) {
    auto left = one[i];
    auto right = other[i];
    if (!left.is_object() || !right.is_object()) return false;
    left.as_object().erase("time");
    right.as_object().erase("time");
    if (!(left == right)) return false;
  }
  auto rest = after;
  rest.at_or_insert("metadata").as_object().set("managedFields", one);
  return before == rest;
}

doc::Value marked_deleted(doc::Value object, core::Time now, Duration grace) {
  auto& metadata = metadata_of(object);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(grace).count();
  const auto* before = metadata.find("deletionTimestamp");
  if (before != nullptr && !before->is_null()) {
    if (metadata["deletionGracePeriodSeconds"].int_or(0) <= seconds) return object;
  } else if (const auto generation = metadata["generation"].int_or(0); generation > 0) {
    metadata.set("generation", generation + 1);
  } else {
    metadata.erase("generation");
  }
  metadata.set("deletionTimestamp", core::render_rfc3339(now + grace));
  metadata.set("deletionGracePeriodSeconds", std::int64_t{seconds});
  return object;
}

bool is_finished_namespace(const doc::Value& object) {
  const bool is_namespace = object["kind"].string_or("") == "Namespace" && object["apiVersion"].string_or("") == "v1";
  return !is_namespace || object["spec"]["finalizers"].size() == 0;
}

bool is_finished(const doc::Value& before, const doc::Value& after) {
  const auto& metadata = after["metadata"];
  if (metadata["deletionTimestamp"].is_null() || metadata["finalizers"].size() > 0) return false;
  const bool is_waited_for = metadata["deletionGracePeriodSeconds"].int_or(0) > 0;
  if (is_waited_for && before["metadata"]["finalizers"].size() == 0) return false;
  return is_finished_namespace(after);
}

}  // namespace slipway::objects::verbs
