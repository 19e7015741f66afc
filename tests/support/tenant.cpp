#include "support/tenant.hpp"

namespace slipway::support {

using namespace objects;
using core::Result;

namespace {

void set_name(Object& object, const Name& name) {
  auto& metadata = object.document().at_or_insert("metadata").as_object();
  if (!name.ns.empty()) metadata.set("namespace", name.ns);
  if (!name.name.empty()) metadata.set("name", name.name);
}

// An Event is in the namespace of what it is about, and an API server looks.
void set_subject_namespace(Object& object, const std::string& ns) {
  if (object.kind() != "Event" || !object.document()["involvedObject"].is_object()) return;
  object.document().at_or_insert("involvedObject").at_or_insert("namespace") = ns;
}

bool cut(std::string& text, const std::string& suffix) {
  if (!text.ends_with(suffix)) return false;
  text.resize(text.size() - suffix.size());
  return true;
}

}  // namespace

Tenant::Tenant(std::unique_ptr<Store> shared, std::string suffix)
    : shared_(std::move(shared)), suffix_(std::move(suffix)) {}

Name Tenant::there(const Kind& kind, const Name& name) const {
  Name result = name;
  if (kind.namespaced && !name.ns.empty()) result.ns += suffix_;
  if (!kind.namespaced && !name.name.empty()) result.name += suffix_;
  return result;
}

Object Tenant::there(Object object) const {
  auto name = object.name();
  if (name.ns.empty()) {
    if (!name.name.empty()) name.name += suffix_;
  } else {
    name.ns += suffix_;
  }
  set_name(object, name);
  set_subject_namespace(object, name.ns);
  return object;
}

std::optional<Object> Tenant::here(Object object) const {
  auto name = object.name();
  if (!cut(name.ns.empty() ? name.name : name.ns, suffix_)) return std::nullopt;
  set_name(object, name);
  set_subject_namespace(object, name.ns);
  return object;
}

Result<Object> Tenant::here(Result<Object> object) const {
  if (!object) return object;
  return *here(std::move(*object));
}

Result<Object> Tenant::get(const Kind& kind, const Name& name) { return here(shared_->get(kind, there(kind, name))); }

Result<std::optional<Object>> Tenant::find(const Kind& kind, const Name& name) {
  TRY_ASSIGN(auto found, shared_->find(kind, there(kind, name)));
  if (!found) return found;
  return here(std::move(*found));
}

Result<List> Tenant::list(const Kind& kind, const ListOptions& options) {
  ListOptions wanted = options;
  if (!wanted.ns.empty()) wanted.ns += suffix_;
  if (!kind.namespaced && wanted.field_name) *wanted.field_name += suffix_;
  TRY_ASSIGN(auto list, shared_->list(kind, wanted));
  std::vector<Object> ours;
  for (auto& item : list.items) {
    if (auto object = here(std::move(item))) ours.push_back(std::move(*object));
  }
  list.items = std::move(ours);
  return list;
}

Result<Object> Tenant::create(Object object) { return here(shared_->create(there(std::move(object)))); }
Result<Object> Tenant::update(Object object) { return here(shared_->update(there(std::move(object)))); }
Result<Object> Tenant::update_status(Object object) { return here(shared_->update_status(there(std::move(object)))); }
Result<Object> Tenant::apply(Object object) { return here(shared_->apply(there(std::move(object)))); }
Result<Object> Tenant::bind(const Object& pod, const std::string& node, const std::string& finalizer) {
  return here(shared_->bind(there(pod), node, finalizer));
}
Result<> Tenant::remove(const Kind& kind, const Name& name, const DeleteOptions& options) {
  return shared_->remove(kind, there(kind, name), options);
}

Result<std::unique_ptr<Watch>> Tenant::watch(const Kind& kind, const std::string& version,
                                             std::function<void(const WatchEvent&)> on_event) {
  return shared_->watch(kind, version, [this, on_event = std::move(on_event)](const WatchEvent& event) {
    if (auto object = here(event.object)) on_event({event.type, std::move(*object)});
  });
}

}  // namespace slipway::support
