#include "objects/object.hpp"

#include <algorithm>

namespace slipway::objects {

std::string Kind::api_version() const {
  return group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
}

GroupVersion group_version_of(std::string_view api_version) {
  const auto slash = api_version.find('/');
  if (slash == std::string_view::npos) return {"", api_version};
  return {api_version.substr(0, slash), api_version.substr(slash + 1)};
}

Object Object::make(const Kind& kind, const Name& name) {
  doc::Object metadata{{"name", name.name}};
  if (kind.namespaced && !name.ns.empty()) metadata.set("namespace", name.ns);
  doc::Object document{{"apiVersion", kind.api_version()}, {"kind", kind.kind}};
  document.set("metadata", std::move(metadata));
  return Object(doc::Value(std::move(document)));
}

std::string Object::api_version() const { return document_["apiVersion"].string_or(""); }
std::string Object::kind() const { return document_["kind"].string_or(""); }

Name Object::name() const {
  const auto& metadata = document_["metadata"];
  return {metadata["namespace"].string_or(""), metadata["name"].string_or("")};
}

std::string Object::uid() const { return document_["metadata"]["uid"].string_or(""); }
std::string Object::resource_version() const { return document_["metadata"]["resourceVersion"].string_or(""); }
std::int64_t Object::generation() const { return document_["metadata"]["generation"].int_or(0); }

std::optional<core::Time> Object::created() const {
  auto time = core::parse_rfc3339(document_["metadata"]["creationTimestamp"].string_or(""));
  if (!time) return std::nullopt;
  return *time;
}

bool Object::is_being_deleted() const { return document_["metadata"]["deletionTimestamp"].is_string(); }

std::map<std::string, std::string> Object::labels() const {
  std::map<std::string, std::string> result;
  const auto& labels = document_["metadata"]["labels"];
  if (!labels.is_object()) return result;
  for (const auto& [key, value] : labels.as_object()) result.emplace(key, value.string_or(""));
  return result;
}

std::string Object::label(std::string_view key) const { return document_["metadata"]["labels"][key].string_or(""); }
std::string Object::annotation(std::string_view key) const {
  return document_["metadata"]["annotations"][key].string_or("");
}

std::vector<std::string> Object::finalizers() const {
  std::vector<std::string> result;
  const auto& list = document_["metadata"]["finalizers"];
  for (std::size_t i = 0; i < list.size(); ++i) result.push_back(list[i].string_or(""));
  return result;
}

bool Object::has_finalizer(std::string_view finalizer) const {
  const auto& list = document_["metadata"]["finalizers"];
  return list.is_array() &&
         std::ranges::any_of(list.as_array(), [&](const doc::Value& item) { return item.string_or("") == finalizer; });
}

std::vector<OwnerReference> Object::owners() const {
  std::vector<OwnerReference> result;
  const auto& list = document_["metadata"]["ownerReferences"];
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto& owner = list[i];
    result.push_back({owner["apiVersion"].string_or(""), owner["kind"].string_or(""), owner["name"].string_or(""),
                      owner["uid"].string_or(""), owner["controller"].bool_or(false),
                      owner["blockOwnerDeletion"].bool_or(false)});
  }
  return result;
}

bool Object::is_owned_by(const Object& owner) const {
  const auto uid = owner.uid();
  if (uid.empty()) return false;
  return std::ranges::any_of(owners(), [&](const OwnerReference& reference) { return reference.uid == uid; });
}

std::string Object::text() const { return kind() + " " + name().text(); }

const doc::Value& Object::spec() const { return document_["spec"]; }
const doc::Value& Object::status() const { return document_["status"]; }
doc::Value& Object::spec() { return document_.at_or_insert("spec"); }
doc::Value& Object::status() { return document_.at_or_insert("status"); }

void Object::set_label(std::string_view key, std::string_view value) {
  document_.at_or_insert("metadata").at_or_insert("labels").at_or_insert(key) = doc::Value(value);
}

void Object::set_annotation(std::string_view key, std::string_view value) {
  document_.at_or_insert("metadata").at_or_insert("annotations").at_or_insert(key) = doc::Value(value);
}

void Object::add_owner(const Object& owner, bool controller) {
  if (is_owned_by(owner)) return;
  auto& list = document_.at_or_insert("metadata").at_or_insert("ownerReferences");
  if (!list.is_array()) list = doc::Array{};
  doc::Object reference{
      {"apiVersion", owner.api_version()}, {"kind", owner.kind()}, {"name", owner.name().name}, {"uid", owner.uid()}};
  if (controller) reference.set("controller", true);
  list.as_array().emplace_back(std::move(reference));
}

void Object::add_finalizer(std::string_view finalizer) {
  if (has_finalizer(finalizer)) return;
  auto& list = document_.at_or_insert("metadata").at_or_insert("finalizers");
  if (!list.is_array()) list = doc::Array{};
  list.as_array().emplace_back(finalizer);
}

void Object::remove_finalizer(std::string_view finalizer) {
  if (!document_["metadata"]["finalizers"].is_array()) return;
  auto& metadata = document_.at_or_insert("metadata");
  auto& list = metadata.at_or_insert("finalizers").as_array();
  std::erase_if(list, [&](const doc::Value& item) { return item.string_or("") == finalizer; });
  if (list.empty()) metadata.as_object().erase("finalizers");
}

bool Object::set_condition(std::string_view type, std::string_view condition_value, std::string_view reason,
                           std::string_view message, core::Time now) {
  auto& list = status().at_or_insert("conditions");
  if (!list.is_array()) list = doc::Array{};
  auto& conditions = list.as_array();
  auto found = std::ranges::find_if(conditions, [&](const doc::Value& c) { return c["type"].string_or("") == type; });
  if (found == conditions.end()) {
    doc::Object condition{{"type", type},
                          {"status", condition_value},
                          {"lastTransitionTime", core::render_rfc3339(now)},
                          {"reason", reason},
                          {"message", message}};
    conditions.emplace_back(std::move(condition));
    return true;
  }
  const auto& old = *found;
  const bool flipped = old["status"].string_or("") != condition_value;
  if (!flipped && old["reason"].string_or("") == reason && old["message"].string_or("") == message) return false;
  auto& condition = found->as_object();
  condition.set("status", condition_value);
  if (flipped) condition.set("lastTransitionTime", core::render_rfc3339(now));
  condition.set("reason", reason);
  condition.set("message", message);
  return true;
}

bool Object::remove_condition(std::string_view type) {
  if (condition(type).is_null()) return false;
  auto& conditions = status().at_or_insert("conditions").as_array();
  return std::erase_if(conditions, [&](const doc::Value& c) { return c["type"].string_or("") == type; }) > 0;
}

std::string Object::condition_status(std::string_view type) const { return condition(type)["status"].string_or(""); }

const doc::Value& Object::condition(std::string_view type) const {
  static const doc::Value none;
  const auto& list = status()["conditions"];
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i]["type"].string_or("") == type) return list[i];
  }
  return none;
}

std::optional<core::Time> Object::condition_since(std::string_view type) const {
  const auto since = core::parse_rfc3339(condition(type)["lastTransitionTime"].string_or(""));
  return since ? std::optional(*since) : std::nullopt;
}

bool says_already(const doc::Value& stored, const doc::Value& wanted) {
  if (wanted.is_object() && stored.is_object()) {
    for (const auto& [key, value] : wanted.as_object()) {
      if (!says_already(stored[key], value)) return false;
    }
    return true;
  }
  if (wanted.is_array() && stored.is_array()) {
    if (wanted.size() != stored.size()) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!says_already(stored[i], wanted[i])) return false;
    }
    return true;
  }
  return stored == wanted;
}

}  // namespace slipway::objects
