#include "objects/kubernetes/remote_store.hpp"

#include "net/http.hpp"
#include "objects/kinds.hpp"
#include "objects/kubernetes/definitions.hpp"
#include "objects/semantics.hpp"

namespace slipway::objects::kubernetes {
namespace {

constexpr int conflict_attempts = 10;
constexpr int generate_name_attempts = 8;
constexpr std::string_view status_door = "status";

std::string_view name_of(DeleteOptions::Propagation propagation) {
  switch (propagation) {
    case DeleteOptions::Propagation::background:
      return "Background";
    case DeleteOptions::Propagation::foreground:
      return "Foreground";
    case DeleteOptions::Propagation::orphan:
      return "Orphan";
  }
  return "Background";
}

// What a server says of a door that is not there; of an object that is not there it says the same.
bool lacks_status_door(const Error& error) {
  return error.code == Code::failed_precondition || error.code == Code::not_found;
}

// A name that no object can have would lead to another path.
Result<> check_path(const Kind& kind, const Name& key) {
  const auto is_wrong = [](const std::string& part) {
    return part == "." || part == ".." || part.find_first_of("/%") != std::string::npos;
  };
  if (key.name.empty() || is_wrong(key.name) || is_wrong(key.ns)) return fail(not_found_error(kind, key));
  return {};
}

Error about(Error error, const Kind& kind, const Name& name) {
  if (error.object.empty()) error.object = std::string(kind.kind) + " " + name.text();
  return error;
}

}  // namespace

RemoteStore::RemoteStore(core::World& world, std::unique_ptr<Wire> wire, KubeConfig config, KubernetesOptions options)
    : clock_(world.clock),
      options_(std::move(options)),
      connection_(std::make_shared<Connection>(world, std::move(wire), std::move(config), options_.groups,
                                               options_.deadline, options_.page)) {}

std::string RemoteStore::path(const Kind& kind, const Name& name, std::string_view subresource) const {
  return connection_->names.path(kind, name.ns, name.name, subresource);
}

// One call whose answer is the object.
Result<Object> RemoteStore::send(const Kind& kind, RestCall call, const Name& name) {
  auto answer = connection_->rest.call(call);
  if (!answer) return fail(about(std::move(answer).error(), kind, name));
  connection_->names.from_server(kind, answer->body);
  return Object(std::move(answer->body));
}

Result<Object> RemoteStore::get(const Kind& kind, const Name& name) {
  const auto key = normalized(kind, name);
  TRY(check_path(kind, key));
  RestCall call;
  call.path = path(kind, key);
  return send(kind, std::move(call), key);
}

Result<std::optional<Object>> RemoteStore::find(const Kind& kind, const Name& name) {
  auto object = get(kind, name);
  if (object) return std::optional(std::move(*object));
  if (object.error().code == Code::not_found) return std::optional<Object>();
  return fail(std::move(object).error());
}

Result<List> RemoteStore::list(const Kind& kind, const ListOptions& options) {
  auto& c = *connection_;
  if (options.limit > 0 || !options.continue_token.empty()) return list_page(c.rest, c.names, kind, options);
  if (options.claimable_by.empty()) return list_all(c.rest, c.names, kind, options, options_.page);
  ListOptions whatever_labels = options;
  whatever_labels.labels = {};
  TRY_ASSIGN(auto all, list_all(c.rest, c.names, kind, whatever_labels, options_.page));
  std::erase_if(all.items, [&](const Object& object) { return !is_claimable(object, options); });
  return all;
}

Result<Object> RemoteStore::create(Object object) {
  TRY_ASSIGN(const auto kind, connection_->names.of(object));
  if (!object.resource_version().empty()) {
    return fail(Code::invalid_argument, "resourceVersion should not be set on objects to be created");
  }
  return insert(kind, object);
}

Result<Object> RemoteStore::insert(const Kind& kind, const Object& object) {
  const auto key = normalized(kind, object.name());
  const bool generates = key.name.empty() && !object.document()["metadata"]["generateName"].string_or("").empty();
  if (!generates) TRY(check_name(kind, key));
  auto document = object.document();
  connection_->names.to_server(kind, document);
  auto& metadata = document.at_or_insert("metadata").as_object();
  metadata.erase("managedFields");
  metadata.erase("namespace");
  if (kind.namespaced) metadata.set("namespace", key.ns);
  RestCall call;
  call.method = "POST";
  call.path = connection_->names.path(kind, key.ns) + "?fieldManager=" + net::url_encode(options_.manager);
  call.body = doc::render_json(document);
  for (int attempt = 1;; ++attempt) {
    auto made = send(kind, call, key);
    if (made) return with_status(kind, object, std::move(*made));
    const bool is_taken = made.error().code == Code::already_exists;
    if (!generates || !is_taken || attempt == generate_name_attempts) return made;
  }
}

// REST drops the status of what is created, and Store keeps it: it is written next, unless somebody else already did.
Result<Object> RemoteStore::with_status(const Kind& kind, const Object& given, Object made) {
  if (given.status().is_null() || made.status() == given.status()) return made;
  auto wanted = made;
  wanted.status() = given.status();
  auto written = put(kind, std::move(wanted), "status");
  if (written) return written;
  if (written.error().code == Code::conflict || lacks_status_door(written.error())) return made;
  return fail(Error(written.error().code, "it was created, but its status could not be written")
                  .on(made.text())
                  .because(written.error()));
}

// Under the resourceVersion that it carries, so the same again changes nothing more: the second one is a conflict.
Result<Object> RemoteStore::put(const Kind& kind, Object object, std::string_view subresource) {
  const auto key = object.name();
  connection_->names.to_server(kind, object.document());
  object.document().at_or_insert("metadata").as_object().erase("managedFields");
  RestCall call;
  call.method = "PUT";
  call.path = path(kind, key, subresource) + "?fieldManager=" + net::url_encode(options_.manager);
  call.body = doc::render_json(object.document());
  call.may_repeat = true;
  return send(kind, std::move(call), key);
}

Result<Object> RemoteStore::update(Object object) { return change(std::move(object), {}); }
Result<Object> RemoteStore::update_status(Object object) { return change(std::move(object), status_door); }

Result<Object> RemoteStore::change(Object object, std::string_view subresource) {
  TRY_ASSIGN(const auto kind, connection_->names.of(object));
  const auto key = normalized(kind, object.name());
  TRY(check_path(kind, key));
  auto& metadata = object.document().at_or_insert("metadata").as_object();
  metadata.erase("namespace");
  if (kind.namespaced) metadata.set("namespace", key.ns);
  const auto write = [&](Object given) {
    return subresource == status_door ? put_status(kind, std::move(given)) : put(kind, std::move(given), subresource);
  };
  if (!object.resource_version().empty()) return write(std::move(object));
  // The last writer wins, over whatever is there now.
  for (int attempt = 1;; ++attempt) {
    TRY_ASSIGN(const auto held, get(kind, key));
    if (!object.uid().empty() && object.uid() != held.uid()) return fail(conflict_error(kind, key));
    object.document().at_or_insert("metadata").as_object().set("resourceVersion", held.resource_version());
    auto written = write(object);
    if (written || written.error().code != Code::conflict || attempt == conflict_attempts) return written;
  }
}

// A definition may leave the status without a door of its own, as that of Argo's AnalysisRun does: then it is written
// with the rest, which stays as it is.
Result<Object> RemoteStore::put_status(const Kind& kind, Object object) {
  const auto key = object.name();
  const auto collection = path(kind, {});
  if (!without_status_door_.contains(collection)) {
    auto written = put(kind, object, status_door);
    if (written || !lacks_status_door(written.error())) return written;
  }
  TRY_ASSIGN(auto held, get(kind, key));
  if (held.resource_version() != object.resource_version()) return fail(conflict_error(kind, key));
  without_status_door_.insert(collection);  // this very object was there when its door was not
  held.status() = std::move(object.status());
  return put(kind, std::move(held), {});
}

Result<Object> RemoteStore::apply(Object object) {
  TRY_ASSIGN(const auto kind, connection_->names.of(object));
  const auto key = normalized(kind, object.name());
  if (key.name.empty()) return fail(Code::invalid_argument, "metadata.name is missing");
  for (int attempt = 1;; ++attempt) {
    TRY_ASSIGN(const auto held, find(kind, key));
    Result<Object> written;
    if (!held) {
      auto fresh = object;
      fresh.document().at_or_insert("metadata").as_object().erase("resourceVersion");
      written = insert(kind, fresh);
      if (written || written.error().code != Code::already_exists) return written;
    } else {
      TRY_ASSIGN(auto next, applied(kind, *held, object));
      if (next.document() == held->document()) return *held;
      written = put(kind, std::move(next), {});
      // A version that the caller named is the caller's conflict.
      const bool is_race =
          written ? false : written.error().code == Code::conflict && object.resource_version().empty();
      if (!is_race) return written;
    }
    if (attempt == conflict_attempts) return written;
  }
}

Result<Object> RemoteStore::bind(const Object& pod, const std::string& node, const std::string& finalizer) {
  const auto key = pod.name();
  Object kept = pod;
  kept.add_finalizer(finalizer);
  if (!(kept.document() == pod.document())) {
    TRY_ASSIGN(kept, put(kinds::pod, std::move(kept), {}));
  }
  if (std::as_const(kept).spec()["nodeName"].string_or("") == node) return kept;
  RestCall call;
  call.method = "POST";
  call.path = path(kinds::pod, key, "binding") + "?fieldManager=" + net::url_encode(options_.manager);
  call.body = doc::render_json(doc::Object{{"apiVersion", "v1"},
                                           {"kind", "Binding"},
                                           {"metadata", doc::Object{{"namespace", key.ns},
                                                                    {"name", key.name},
                                                                    {"uid", kept.uid()},
                                                                    {"resourceVersion", kept.resource_version()}}},
                                           {"target", doc::Object{{"kind", "Node"}, {"name", node}}}});
  call.may_repeat = true;  // the second one is a conflict
  if (auto answer = connection_->rest.call(call); !answer)
    return fail(about(std::move(answer).error(), kinds::pod, key));
  return get(kinds::pod, key);
}

Result<> RemoteStore::remove(const Kind& kind, const Name& name, const DeleteOptions& options) {
  const auto key = normalized(kind, name);
  TRY(check_path(kind, key));
  doc::Object body{
      {"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", name_of(options.propagation)}};
  if (options.grace) {
    body.set("gracePeriodSeconds", std::chrono::ceil<std::chrono::seconds>(*options.grace).count());
  }
  if (!options.uid_precondition.empty()) body.set("preconditions", doc::Object{{"uid", options.uid_precondition}});
  RestCall call;
  call.method = "DELETE";
  call.path = path(kind, key);
  call.body = doc::render_json(std::move(body));
  // Without the uid, the second attempt could remove the next object of that name.
  call.may_repeat = !options.uid_precondition.empty();
  auto answer = connection_->rest.call(call);
  if (answer) return {};
  const bool was_done = call.may_repeat && connection_->rest.was_repeated();
  if (answer.error().code == Code::not_found && was_done) return {};
  return fail(about(std::move(answer).error(), kind, key));
}

Result<std::unique_ptr<Watch>> RemoteStore::watch(const Kind& kind, const std::string& resource_version,
                                                  OnEvent on_event) {
  if (!resource_version.empty()) {
    auto informer = std::make_shared<Informer>(connection_, kind);
    TRY(informer->begin_after(resource_version));
    return informer->add(std::move(on_event));
  }
  auto& shared = informers_[connection_->names.path(kind, "")];
  auto informer = shared.lock();
  if (informer == nullptr) {
    informer = std::make_shared<Informer>(connection_, kind);
    TRY(informer->begin());
    shared = informer;
  }
  return informer->add(std::move(on_event));
}

Result<Object> RemoteStore::apply_fields(Object object, const FieldOwner& owner) {
  TRY_ASSIGN(const auto kind, connection_->names.of(object));
  const auto key = normalized(kind, object.name());
  TRY(check_path(kind, key));
  connection_->names.to_server(kind, object.document());
  object.document().at_or_insert("metadata").as_object().erase("managedFields");
  RestCall call;
  call.method = "PATCH";
  call.path = path(kind, key) + "?fieldManager=" + net::url_encode(owner.manager) + (owner.force ? "&force=true" : "");
  call.body = doc::render_json(object.document());  // JSON is YAML
  call.content_type = "application/apply-patch+yaml";
  call.may_repeat = true;  // the same again says the same
  return send(kind, std::move(call), key);
}

Result<> RemoteStore::install_definitions(std::vector<doc::Value> definitions) {
  for (auto& each : definitions) each = definition_for_server(std::move(each), options_);
  return install(*this, clock_, *connection_->wire, std::move(definitions), {options_.manager, options_.deadline});
}

Result<Kind> RemoteStore::find_kind(std::string_view api_version, std::string_view kind) {
  return connection_->names.find(api_version, kind);
}

}  // namespace slipway::objects::kubernetes

namespace slipway::objects {

std::unique_ptr<KubernetesStore> make_kubernetes_store(core::World& world, net::IoThread& io, KubeConfig config,
                                                       KubernetesOptions options) {
  return std::make_unique<kubernetes::RemoteStore>(world, kubernetes::make_wire(io, world.loop), std::move(config),
                                                   std::move(options));
}

namespace {

// An API server lets a definition say nothing of metadata but names.
void say_nothing_of_metadata(doc::Value& definition) {
  auto& versions = definition.at_or_insert("spec").at_or_insert("versions");
  if (!versions.is_array()) return;
  for (doc::Value& version : versions.as_array()) {
    const std::string path = "schema.openAPIV3Schema.properties.metadata";
    if (!std::as_const(version).at_path(path).is_null()) version.set_path(path, doc::Object{{"type", "object"}});
  }
}

}  // namespace

doc::Value definition_for_server(doc::Value definition, const KubernetesOptions& options) {
  say_nothing_of_metadata(definition);
  const auto found = options.groups.find(definition["spec"]["group"].string_or(""));
  if (found == options.groups.end()) return definition;
  definition.set_path("spec.group", found->second);
  definition.set_path("metadata.name", definition["spec"]["names"]["plural"].string_or("") + "." + found->second);
  return definition;
}

}  // namespace slipway::objects
