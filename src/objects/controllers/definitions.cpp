#include "objects/controllers/definitions.hpp"

#include <algorithm>

#include "core/digest.hpp"
#include "core/log.hpp"
#include "objects/crd/definition.hpp"
#include "objects/crd/status.hpp"
#include "objects/local_store.hpp"

namespace slipway::objects::controllers {
namespace {

constexpr std::string_view cleanup_finalizer = "customresourcecleanup.apiextensions.k8s.io";
// Which bundled text a stored definition was installed from; somebody else's has none.
constexpr std::string_view bundled_annotation = "slipway.dev/bundled";
constexpr auto look_again = std::chrono::milliseconds(100);

bool has_finalizer(const Object& object) {
  const auto finalizers = object.finalizers();
  return std::ranges::find(finalizers, cleanup_finalizer) != finalizers.end();
}

// Whether somebody else decides what it says: whoever applied or replaced it.
bool is_taken_over(const Object& definition) {
  const auto& fields = definition.document()["metadata"]["managedFields"];
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i]["manager"].string_or("") != LocalStoreOptions().manager && !fields[i]["fieldsV1"]["f:spec"].is_null())
      return true;
  }
  return false;
}

std::string fingerprint(const doc::Value& definition) {
  return Digest::of(doc::render_json_canonical(definition["spec"])).short_text();
}

}  // namespace

DefinitionController::DefinitionController(core::World& world, Store& store, Backend& backend, Catalog& catalog)
    : world_(world),
      store_(store),
      backend_(backend),
      catalog_(catalog),
      controller_(world, store, "definition-controller", *this) {
  controller_.reconciles(definition_kind);
}

Result<> DefinitionController::install(const doc::Value& bundled) {
  Object wanted(bundled);
  wanted.set_annotation(bundled_annotation, fingerprint(bundled));
  TRY_ASSIGN(const auto stored, store_.find(definition_kind, wanted.name()));
  if (!stored) {
    TRY(store_.create(std::move(wanted)));
    return {};
  }
  const auto mark = stored->annotation(bundled_annotation);
  const bool is_theirs = mark.empty() || is_taken_over(*stored) || stored->is_being_deleted();
  if (is_theirs || mark == wanted.annotation(bundled_annotation)) return {};
  Object next = *stored;
  next.document().at_or_insert("spec") = wanted.spec();
  next.set_annotation(bundled_annotation, wanted.annotation(bundled_annotation));
  TRY(store_.update(std::move(next)));
  return {};
}

Result<std::vector<doc::Value>> DefinitionController::stored_definitions() {
  TRY_ASSIGN(auto list, store_.list(definition_kind));
  std::vector<doc::Value> definitions;
  for (auto& item : list.items) definitions.push_back(std::move(item.document()));
  return definitions;
}

Result<> DefinitionController::load() {
  TRY_ASSIGN(auto list, store_.list(definition_kind));
  for (auto& item : list.items) {
    const auto name = item.name();
    auto served = item.is_being_deleted() ? Result<Outcome>(Outcome{}) : serve(std::move(item));
    // One that an earlier program accepted must not keep the platform from starting.
    if (!served)
      log::error("objects", "a definition is not served", {{"name", name.name}, {"error", served.error().one_line()}});
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
  return serve(std::move(*object));
}

Result<Outcome> DefinitionController::serve(Object object) {
  const crd::ReadOptions options{.bundled = !object.annotation(bundled_annotation).empty()};
  TRY_ASSIGN(const auto definition, crd::parse_definition(object.document(), options));
  TRY_ASSIGN(const auto definitions, stored_definitions());
  const auto taken = crd::taken_names(definition.group, definition.name, definitions);
  auto status = crd::status_of(object.document(), taken, world_.clock.now());
  if (!has_finalizer(object)) {
    object.add_finalizer(cleanup_finalizer);
    TRY_ASSIGN(object, store_.update(std::move(object)));
  }
  if (!(object.status() == status)) {
    object.status() = std::move(status);
    TRY_ASSIGN(object, store_.update_status(std::move(object)));
  }
  if (!crd::is_established(object.document())) {
    forget(definition.name);
    return Outcome{};
  }
  // Discovery and OpenAPI are made again for what is put: not for a status that changed.
  const auto names = crd::accepted_names_of(object.document());
  const auto served = doc::render_json(object.spec()) + doc::render_json(crd::document_of(names));
  auto& before = served_[definition.name];
  const bool is_new = before.empty() && is_loaded_;
  if (before == served && catalog_.stored(definition.group, names.kind) != nullptr) return Outcome{};
  before = served;
  catalog_.put(definition.name, crd::resources_of(definition, &names));
  if (const auto stored = catalog_.stored(definition.group, names.kind); is_new && stored != nullptr)
    backend_.begin_history(kind_of(*stored));
  return Outcome{};
}

void DefinitionController::forget(const std::string& definition) {
  served_.erase(definition);
  catalog_.remove(definition);
}

Result<Outcome> DefinitionController::end(Object object) {
  if (!has_finalizer(object)) return Outcome{};
  const auto now = world_.clock.now();
  const auto group = object.spec()["group"].string_or("");
  const auto resource = catalog_.stored(group, object.spec()["names"]["kind"].string_or(""));
  if (resource != nullptr && resource->is_custom() && resource->custom->definition == object.name().name) {
    const auto kind = kind_of(*resource);
    std::vector<Name> names;
    TRY(backend_.list(kind, {}, [&](Stored stored) {
      names.push_back(stored.name);
      return true;
    }));
    for (const auto& name : names) {
      auto removed = store_.remove(kind, name);
      if (!removed && removed.error().code != Code::not_found && removed.error().code != Code::conflict)
        return fail(std::move(removed).error());
    }
    TRY_ASSIGN(const auto left, backend_.count(kind, {}));
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
