#include "objects/semantics.hpp"

#include <algorithm>

#include "core/ids.hpp"

namespace slipway::objects {
namespace {

// Metadata that only the store sets; a write may repeat it and never change it.
constexpr std::string_view kServerSet[] = {"name",
                                           "namespace",
                                           "uid",
                                           "generation",
                                           "creationTimestamp",
                                           "deletionTimestamp",
                                           "deletionGracePeriodSeconds",
                                           "resourceVersion"};

std::string resource_text(const Kind& kind) {
  return kind.group.empty() ? std::string(kind.plural) : std::string(kind.plural) + "." + std::string(kind.group);
}

void drop_if_empty(doc::Object& object, std::string_view key) {
  const auto* value = object.find(key);
  if (value != nullptr && (value->is_null() || ((value->is_object() || value->is_array()) && value->size() == 0))) {
    object.erase(key);
  }
}

Result<> check_precondition(const Kind& kind, const Object& stored, const Object& given) {
  const auto uid = given.uid();
  const auto version = given.resource_version();
  if ((!uid.empty() && uid != stored.uid()) || (!version.empty() && version != stored.resource_version())) {
    return fail(conflict_error(kind, stored.name()));
  }
  return {};
}

}  // namespace

Name normalized(const Kind& kind, Name name) {
  if (!kind.namespaced) {
    name.ns.clear();
  } else if (name.ns.empty()) {
    name.ns = "default";
  }
  return name;
}

Result<> check_name(const Kind& kind, const Name& name) {
  if (kind.namespaced && !core::is_dns_label(name.ns)) {
    return fail(Code::invalid_argument, "metadata.namespace \"" + name.ns + "\" is not a legal namespace name",
                "use lower-case letters, digits and '-', at most 63");
  }
  // "system:basic-user": what fits into a path.
  const auto& text = name.name;
  if (kind.group == "rbac.authorization.k8s.io" && !text.empty() && text != "." && text != ".." &&
      text.find_first_of("/%") == std::string::npos) {
    return {};
  }
  const bool wants_label = kind.kind == "Service" || kind.kind == "Namespace";
  if (wants_label ? core::is_dns_label(name.name) : core::is_dns_subdomain(name.name)) return {};
  return fail(Code::invalid_argument,
              "metadata.name \"" + name.name + "\" is not a legal name of a " + std::string(kind.kind),
              wants_label ? "use lower-case letters, digits and '-', at most 63"
                          : "use lower-case letters, digits, '-' and '.', at most 253");
}

Result<Object> created(const Kind& kind, Object given, std::string uid, core::Time now) {
  const auto name = normalized(kind, given.name());
  TRY(check_name(kind, name));
  auto& document = given.document();
  document.at_or_insert("apiVersion") = kind.api_version();
  document.at_or_insert("kind") = kind.kind;
  auto& metadata = document.at_or_insert("metadata").as_object();
  for (const auto key : {"deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "selfLink", "namespace"}) {
    metadata.erase(key);
  }
  metadata.set("name", name.name);
  if (kind.namespaced) metadata.set("namespace", name.ns);
  metadata.set("uid", std::move(uid));
  metadata.set("generation", std::int64_t{1});
  metadata.set("creationTimestamp", core::render_rfc3339(now));
  for (const auto key : {"labels", "annotations", "finalizers", "ownerReferences"}) drop_if_empty(metadata, key);
  return given;
}

Result<Object> updated(const Kind& kind, const Object& stored, Object given) {
  TRY(check_precondition(kind, stored, given));
  if (stored.is_being_deleted()) {
    const auto before = stored.finalizers();
    for (const auto& finalizer : given.finalizers()) {
      if (std::ranges::find(before, finalizer) != before.end()) continue;
      return fail(Error(Code::failed_precondition,
                        "finalizer \"" + finalizer + "\" cannot be added while the object is being deleted")
                      .on(stored.text()));
    }
  }
  auto& document = given.document();
  document.at_or_insert("apiVersion") = kind.api_version();
  document.at_or_insert("kind") = kind.kind;
  auto& metadata = document.at_or_insert("metadata").as_object();
  const auto& old = stored.document()["metadata"].as_object();
  for (const auto key : kServerSet) {
    if (const auto* value = old.find(key)) {
      metadata.set(key, *value);
    } else {
      metadata.erase(key);
    }
  }
  metadata.erase("managedFields");
  for (const auto key : {"labels", "annotations", "finalizers", "ownerReferences"}) drop_if_empty(metadata, key);
  if (const auto* status = stored.document().as_object().find("status")) {
    document.as_object().set("status", *status);
  } else {
    document.as_object().erase("status");
  }
  const auto& spec = document["spec"];
  if (!(spec == stored.spec()))
    document.at_or_insert("metadata").as_object().set("generation", stored.generation() + 1);
  return given;
}

Result<Object> status_updated(const Kind& kind, const Object& stored, const Object& given) {
  TRY(check_precondition(kind, stored, given));
  Object result = stored;
  if (given.status().is_null()) {
    result.document().as_object().erase("status");
  } else {
    result.document().as_object().set("status", given.status());
  }
  return result;
}

Result<Object> applied(const Kind& kind, const Object& stored, const Object& given) {
  Object merged = stored;
  auto& document = merged.document().as_object();
  for (const auto& [key, value] : given.document().as_object()) {
    if (key != "metadata" && key != "status") document.set(key, value);
  }
  auto& metadata = merged.document().at_or_insert("metadata");
  for (const auto& [key, value] : given.document()["metadata"].as_object()) {
    if ((key == "labels" || key == "annotations") && value.is_object()) {
      for (const auto& [name, text] : value.as_object()) metadata.at_or_insert(key).at_or_insert(name) = text;
    } else {
      metadata.at_or_insert(key) = value;  // updated() puts back what only the store sets
    }
  }
  return updated(kind, stored, std::move(merged));
}

bool is_finished(const Object& object) { return object.is_being_deleted() && object.finalizers().empty(); }

Error not_found_error(const Kind& kind, const Name& name) {
  return Error(Code::not_found, resource_text(kind) + " \"" + name.name + "\" not found")
      .on(std::string(kind.kind) + " " + name.text());
}

Error already_exists_error(const Kind& kind, const Name& name) {
  return Error(Code::already_exists, resource_text(kind) + " \"" + name.name + "\" already exists")
      .on(std::string(kind.kind) + " " + name.text());
}

Error conflict_error(const Kind& kind, const Name& name) {
  return Error(Code::conflict, "Operation cannot be fulfilled on " + resource_text(kind) + " \"" + name.name +
                                   "\": the object has been modified; please apply your changes to the latest version "
                                   "and try again")
      .on(std::string(kind.kind) + " " + name.text());
}

}  // namespace slipway::objects
