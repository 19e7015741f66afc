#include "objects/controllers/definitions.hpp"

#include <algorithm>

#include "core/log.hpp"
#include "objects/controllers/contents.hpp"
#include "objects/crd/bundled.hpp"
#include "objects/crd/definition.hpp"
#include "objects/crd/status.hpp"
#include "objects/verbs/writing.hpp"

namespace slipway::objects::controllers {

using crd::definition_kind;

namespace {

constexpr std::string_view cleanup_finalizer = "customresourcecleanup.apiextensions.k8s.io";
constexpr auto look_again = std::chrono::milliseconds(100);
constexpr std::size_t most_renewed = 256;  // objects in one step: everybody else has a turn between

}  // namespace

DefinitionController::DefinitionController(core::World& world, Store& store, Backend& backend, Catalog& catalog)
    : world_(world),
      store_(store),
      backend_(backend),
      catalog_(catalog),
      controller_(world, store, "definition-controller", *this) {
  controller_.reconciles(definition_kind);
}

Result<> DefinitionController::install(const doc::Value& bundled, std::vector<doc::Value>& definitions) {
  Object wanted = crd::marked_as_bundled(bundled);
  const auto found =
      std::ranges::find(definitions, bundled["metadata"]["name"],
                        [](const doc::Value& definition) -> auto& { return definition["metadata"]["name"]; });
  if (found == definitions.end()) {
    // As it is served: nothing is left to be written when it is.
    wanted.add_finalizer(cleanup_finalizer);
    const auto taken = crd::taken_names(wanted.spec()["group"].string_or(""), wanted.name().name, definitions);
    wanted.status() = crd::status_of(wanted.document(), taken, world_.clock.now());
    TRY_ASSIGN(auto made, store_.create(std::move(wanted)));
    definitions.push_back(std::move(made.document()));
    return {};
  }
  Object next(*found);
  if (crd::standing_of(next, wanted) != crd::Standing::outdated || next.is_being_deleted()) return {};
  next.document().at_or_insert("spec") = wanted.spec();
  next.set_annotation(crd::bundled_annotation, wanted.annotation(crd::bundled_annotation));
  TRY_ASSIGN(next, store_.update(std::move(next)));
  *found = std::move(next.document());
  return {};
}

Result<std::vector<doc::Value>> DefinitionController::stored_definitions() {
  TRY_ASSIGN(auto list, store_.list(definition_kind));
  std::vector<doc::Value> definitions;
  for (auto& item : list.items) definitions.push_back(std::move(item.document()));
  return definitions;
}

Result<> DefinitionController::load(std::span<const doc::Value> bundled) {
  TRY_ASSIGN(auto definitions, stored_definitions());
  for (const auto& definition : bundled) TRY(install(definition, definitions));
  for (auto& definition : definitions) {
    Object object(definition);
    if (object.is_being_deleted()) continue;
    // One that an earlier program accepted must not keep the platform from starting.
    if (auto served = serve(object, definitions)) {
      definition = std::move(object.document());
    } else {
      log::error("objects", "a definition is not served",
                 {{"name", definition["metadata"]["name"].string_or("")}, {"error", served.error().one_line()}});
    }
  }
  is_loaded_ = true;
  return {};
}

Result<> DefinitionController::start() { return controller_.start(); }

Result<Outcome> DefinitionController::reconcile(const Name& name) {
  TRY_ASSIGN(auto object, store_.find(definition_kind, name));
  if (!object) {
    forget(name.name);
    return Outcome{};
  }
  if (object->is_being_deleted()) return end(std::move(*object));
  const auto known = served_.find(name.name);
  if (known == served_.end() || known->second.version != object->resource_version()) {
    TRY_ASSIGN(const auto definitions, stored_definitions());
    TRY(serve(*object, definitions));
  }
  TRY_ASSIGN(const bool goes_on, renew(name.name));
  return goes_on ? Outcome{Duration{}} : Outcome{};
}

Result<> DefinitionController::serve(Object& object, std::span<const doc::Value> definitions) {
  const crd::ReadOptions options{.bundled = !object.annotation(crd::bundled_annotation).empty()};
  TRY_ASSIGN(auto definition, crd::parse_definition(object.document(), options));
  const auto taken = crd::taken_names(definition.group, definition.name, definitions);
  auto status = crd::status_of(object.document(), taken, world_.clock.now());
  if (!object.has_finalizer(cleanup_finalizer)) {
    object.add_finalizer(cleanup_finalizer);
    TRY_ASSIGN(object, store_.update(std::move(object)));
  }
  if (!(object.status() == status)) {
    object.status() = std::move(status);
    TRY_ASSIGN(object, store_.update_status(std::move(object)));
  }
  if (!crd::is_established(object.document())) {
    forget(definition.name);
    return {};
  }
  auto& before = served_[definition.name];
  before.version = object.resource_version();
  // Discovery and OpenAPI are made again for what is put: not for a status that changed.
  const auto names = crd::accepted_names_of(object.document());
  definition.is_bundled = crd::is_bundled(object);
  const auto from = doc::render_json(object.spec()) + doc::render_json(crd::document_of(names)) +
                    (definition.is_bundled ? " bundled" : "");
  const bool is_new = before.from.empty() && is_loaded_;
  if (before.from == from && catalog_.stored(definition.group, names.kind) != nullptr) return {};
  before.from = from;
  const bool keeps_old = std::as_const(object).status()["storedVersions"].size() > 1;
  // With a webhook they are converted when they are read.
  before.keeps_old = keeps_old && definition.conversion.is_null();
  before.renewed.reset();
  definition.keeps_old_versions = keeps_old;
  catalog_.put(definition.name, crd::resources_of(definition, &names));
  before.resource = catalog_.stored(definition.group, names.kind);
  before.keeps_old = before.keeps_old && before.resource != nullptr;
  if (is_new && before.resource != nullptr) backend_.begin_history(kind_of(*before.resource));
  return {};
}

Result<bool> DefinitionController::renew(const std::string& definition) {
  const auto found = served_.find(definition);
  if (found == served_.end() || !found->second.keeps_old) return false;
  auto& served = found->second;
  const auto resource = served.resource;
  const auto kind = kind_of(*resource);
  // Most bodies begin with both; what is not seen at once is read.
  const auto current = R"({"kind":")" + resource->kind + R"(","apiVersion":")" + resource->api_version() + '"';
  std::vector<Stored> old;
  std::size_t seen = 0;
  TRY(backend_.list(kind, {.ns = "", .after = served.renewed}, [&](Stored stored) {
    if (++seen > most_renewed) return false;
    served.renewed = stored.name;
    if (!stored.body.starts_with(current)) old.push_back(std::move(stored));
    return true;
  }));
  Result<> outcome;
  TRY(backend_.group([&] {
    for (const auto& stored : old) {
      if (outcome) outcome = rewrite(*resource, kind, stored);
    }
  }));
  TRY(std::move(outcome));
  served.keeps_old = seen > most_renewed;
  return served.keeps_old;
}

Result<> DefinitionController::rewrite(const schema::Resource& resource, const Kind& kind, const Stored& stored) {
  TRY_ASSIGN(auto object, stored.parse());
  if (object.api_version() == resource.api_version()) return {};
  object.document().at_or_insert("apiVersion") = resource.api_version();
  verbs::make_canonical(resource, object.document());
  auto written = backend_.replace(kind, std::move(object), stored.version);
  // Who wrote it meanwhile wrote it in the new version.
  if (!written && written.error().code != Code::conflict && written.error().code != Code::not_found)
    return fail(std::move(written).error());
  return {};
}

void DefinitionController::forget(const std::string& definition) {
  served_.erase(definition);
  catalog_.remove(definition);
}

Result<Outcome> DefinitionController::end(Object object) {
  if (!object.has_finalizer(cleanup_finalizer)) return Outcome{};
  const auto now = world_.clock.now();
  const auto group = object.spec()["group"].string_or("");
  const auto resource = catalog_.stored(group, object.spec()["names"]["kind"].string_or(""));
  if (resource != nullptr && resource->is_custom() && resource->custom->definition == object.name().name) {
    TRY_ASSIGN(const auto left, remove_all(store_, backend_, kind_of(*resource), ""));
    if (left > 0) {
      const bool changed = object.set_condition("Terminating", "True", "InstanceDeletionInProgress",
                                                "CustomResource deletion is in progress", now);
      if (changed) TRY(store_.update_status(std::move(object)));
      return Outcome{look_again};
    }
  }
  forget(object.name().name);
  object.remove_finalizer(cleanup_finalizer);
  TRY(store_.update(std::move(object)));
  return Outcome{};
}

}  // namespace slipway::objects::controllers
