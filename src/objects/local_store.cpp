#include "objects/local_store.hpp"

#include "objects/garbage.hpp"
#include "objects/kinds.hpp"
#include "objects/semantics.hpp"
#include "objects/store_watch.hpp"
#include "objects/uncontrolled.hpp"
#include "objects/verbs/binding.hpp"
#include "objects/verbs/removal.hpp"
#include "objects/verbs/rules.hpp"
#include "objects/verbs/writing.hpp"

namespace slipway::objects {
namespace {

constexpr int generate_name_attempts = 8;

Object stamped(Object object, std::int64_t version) {
  object.document().at_or_insert("metadata").at_or_insert("resourceVersion") = std::to_string(version);
  return object;
}

class LocalStore : public Store {
 public:
  LocalStore(core::World& world, Backend& backend, const Catalog& catalog, LocalStoreOptions options)
      : clock_(world.clock),
        loop_(world.loop),
        random_(world.random),
        backend_(backend),
        catalog_(catalog),
        options_(std::move(options)) {}

  Result<Object> get(const Kind& kind, const Name& name) override {
    TRY_ASSIGN(auto found, find(kind, name));
    if (!found) return fail(not_found_error(kind, name));
    return std::move(*found);
  }

  Result<std::optional<Object>> find(const Kind& kind, const Name& name) override {
    TRY_ASSIGN(auto held, hold(kind, normalized(kind, name)));
    return held ? std::optional(std::move(held->object)) : std::nullopt;
  }

  Result<List> list(const Kind& kind, const ListOptions& options) override;
  Result<Object> create(Object object) override;
  Result<Object> update(Object object) override { return change(std::move(object), {}); }
  Result<Object> update_status(Object object) override { return change(std::move(object), "status"); }
  Result<Object> apply(Object object) override;
  Result<Object> bind(const Object& pod, const std::string& node, const std::string& finalizer) override;
  Result<> remove(const Kind& kind, const Name& name, const DeleteOptions& options) override;
  Result<> group(const std::function<void()>& work) override { return backend_.group(work); }
  Result<std::unique_ptr<Watch>> watch(const Kind& kind, const std::string& resource_version,
                                       OnEvent on_event) override {
    return StoreWatch::open(loop_, backend_, kind, resource_version, std::move(on_event));
  }

 private:
  struct Held {
    Object object;
    std::int64_t version = 0;
  };
  Result<Kind> kind_of_object(const Object& object) const {
    if (!object.document().is_object() || !object.document()["metadata"].is_object()) {
      return fail(Code::invalid_argument, "an object needs apiVersion, kind and metadata");
    }
    const auto api_version = object.api_version();
    const auto [group, version] = group_version_of(api_version);
    if (catalog_.find(group, version, object.kind()) != nullptr) {
      if (const auto resource = catalog_.stored(group, object.kind())) return kind_of(*resource);
    }
    return kinds::find(api_version, object.kind());
  }

  Result<std::optional<Held>> hold(const Kind& kind, const Name& name) {
    TRY_ASSIGN(const auto stored, backend_.find(kind, name));
    if (!stored) return std::optional<Held>();
    TRY_ASSIGN(auto object, stored->parse());
    return std::optional(Held{std::move(object), stored->version});
  }

  Result<> check(const schema::Resource& resource, const doc::Value& object, const doc::Value& before,
                 std::string_view subresource) const {
    // Controllers finish deletions by updates, which an API server has a door of its own for.
    if (options_.rules == Rules::trusted || (!before.is_null() && !resource.is_custom())) return {};
    const auto problems = verbs::problems_of(resource, object, before, subresource);
    if (problems.empty()) return {};
    return fail(
        validation::invalid_error(resource.group, resource.kind, object["metadata"]["name"].string_or(""), problems));
  }

  Result<> allocate(const schema::Resource& resource, doc::Value& after, const doc::Value& before) const {
    return options_.services == nullptr ? Result<>() : options_.services->allocate(resource, after, before);
  }

  // What a change of `held` to `given` is, kept. Both are whole documents.
  Result<Object> keep(const Kind& kind, const schema::Resource& resource, const Held& held, doc::Value given,
                      std::string_view subresource) {
    const auto& before = held.object.document();
    // Controllers that rewrite what is there make no work.
    if (given == before) return held.object;
    if (const auto late = verbs::finalizers_added_too_late(before, given); !late.empty()) {
      return fail(Error(Code::failed_precondition,
                        "finalizer \"" + late.front() + "\" cannot be added while the object is being deleted")
                      .on(held.object.text()));
    }
    verbs::make_canonical(resource, given);
    auto after = verbs::updated(resource, before, std::move(given), subresource);
    after.at_or_insert("apiVersion") = kind.api_version();
    after.at_or_insert("kind") = kind.kind;
    if (after == before) return held.object;
    TRY(check(resource, after, before, subresource));
    after =
        verbs::tracked(resource, before, std::move(after), {options_.manager, std::string(subresource), clock_.now()});
    TRY(allocate(resource, after, before));
    if (verbs::is_same(before, after)) return held.object;
    Object next(std::move(after));
    if (verbs::is_finished(before, next.document())) {
      TRY(backend_.erase(kind, next, held.version, &held.object));
      return next;
    }
    TRY_ASSIGN(const auto stored, backend_.replace(kind, next, held.version, &held.object));
    return stamped(std::move(next), stored.version);
  }

  Result<Object> change(Object object, std::string_view subresource);
  Result<Object> insert(const Kind& kind, Object object);
  Result<List> list_claimable(const Kind& kind, const ListOptions& options);

  core::Clock& clock_;
  core::Loop& loop_;
  core::Random& random_;
  Backend& backend_;
  const Catalog& catalog_;
  LocalStoreOptions options_;
  Uncontrolled uncontrolled_{backend_};
};

// Of thousands, a controller has a few: it does not read the others each time.
Result<List> LocalStore::list_claimable(const Kind& kind, const ListOptions& options) {
  List result;
  TRY_ASSIGN(const auto version, backend_.version(kind));
  result.resource_version = std::to_string(version);
  TRY_ASSIGN(std::set<Name> names, uncontrolled_.matching(kind, kind.namespaced ? options.ns : "", options.labels));
  for (const auto& owner : options.claimable_by) {
    TRY_ASSIGN(const auto owned, backend_.owned_by(owner));
    for (const auto& uid : owned) {
      TRY_ASSIGN(const auto located, backend_.locate(uid));
      if (located && located->group == kind.group && located->kind == kind.kind) names.insert(located->name);
    }
  }
  for (const Name& name : names) {
    if (!options.ns.empty() && name.ns != options.ns) continue;
    TRY_ASSIGN(const auto stored, backend_.find(kind, name));
    if (!stored) continue;
    TRY_ASSIGN(auto object, stored->parse());
    if (is_claimable(object, options)) result.items.push_back(std::move(object));
  }
  return result;
}

Result<List> LocalStore::list(const Kind& kind, const ListOptions& options) {
  if (!options.claimable_by.empty()) return list_claimable(kind, options);
  List result;
  KeyRange range;
  range.ns = kind.namespaced ? options.ns : "";
  std::int64_t first = 0;
  if (!options.continue_token.empty()) {
    TRY_ASSIGN(const auto page, PageToken::parse(options.continue_token));
    range.after = page.last;
    first = page.version;  // of the first page: a watch from it misses nothing
  }
  bool more = false;
  Result<> outcome;
  TRY_ASSIGN(const auto version, backend_.list(kind, range, [&](Stored stored) {
    if (options.field_name && stored.name.name != *options.field_name) return true;
    if (options.limit > 0 && result.items.size() == options.limit) {
      more = true;
      return false;
    }
    if (!options.labels.may_match(stored.body)) return true;
    auto object = stored.parse();
    if (!object) {
      outcome = fail(std::move(object).error());
      return false;
    }
    if (!options.labels.empty() && !options.labels.matches(object->labels())) return true;
    result.items.push_back(std::move(*object));
    return true;
  }));
  TRY(outcome);
  if (first == 0) first = version;
  result.resource_version = std::to_string(first);
  if (more) result.continue_token = PageToken{first, result.items.back().name()}.render();
  return result;
}

Result<Object> LocalStore::create(Object object) {
  TRY_ASSIGN(const auto kind, kind_of_object(object));
  if (!object.resource_version().empty()) {
    return fail(Code::invalid_argument, "resourceVersion should not be set on objects to be created");
  }
  return insert(kind, std::move(object));
}

Result<Object> LocalStore::insert(const Kind& kind, Object object) {
  const auto resource = stored_resource(catalog_, kind);
  const auto prefix = object.document()["metadata"]["generateName"].string_or("");
  const bool generates = object.name().name.empty() && !prefix.empty();
  for (int attempt = 1;; ++attempt) {
    if (generates) object.document().at_or_insert("metadata").at_or_insert("name") = generated_name(prefix, random_);
    const auto key = normalized(kind, object.name());
    TRY(check_name(kind, key));
    auto document = object.document();
    auto& metadata = document.at_or_insert("metadata").as_object();
    metadata.set("name", key.name);
    if (kind.namespaced) {
      metadata.set("namespace", key.ns);
    } else {
      metadata.erase("namespace");
    }
    metadata.erase("managedFields");
    document.at_or_insert("apiVersion") = kind.api_version();
    document.at_or_insert("kind") = kind.kind;
    const auto now = clock_.now();
    verbs::make_canonical(*resource, document);
    document = verbs::created(*resource, std::move(document), random_.uuid(), now, true);
    verbs::make_canonical(*resource, document);
    if (options_.admit) TRY(options_.admit(resource, document));
    TRY(check(*resource, document, doc::Value(), {}));
    document = verbs::tracked(*resource, doc::Value(), std::move(document), {options_.manager, "", now});
    TRY(allocate(*resource, document, doc::Value()));
    Object made(std::move(document));
    auto stored = backend_.insert(kind, made);
    if (stored) return stamped(std::move(made), stored->version);
    if (stored.error().code != Code::already_exists) return fail(std::move(stored).error());
    if (!generates || attempt == generate_name_attempts) return fail(already_exists_error(kind, key));
  }
}

Result<Object> LocalStore::change(Object object, std::string_view subresource) {
  TRY_ASSIGN(const auto kind, kind_of_object(object));
  const auto key = normalized(kind, object.name());
  TRY_ASSIGN(const auto held, hold(kind, key));
  if (!held) return fail(not_found_error(kind, key));
  TRY(check_precondition(kind, held->object, object));
  auto& given = object.document();
  given.at_or_insert("metadata").as_object().set("resourceVersion", held->object.resource_version());
  return keep(kind, *stored_resource(catalog_, kind), *held, std::move(given), subresource);
}

Result<Object> LocalStore::apply(Object object) {
  TRY_ASSIGN(const auto kind, kind_of_object(object));
  const auto key = normalized(kind, object.name());
  if (key.name.empty()) return fail(Code::invalid_argument, "metadata.name is missing");
  TRY_ASSIGN(const auto held, hold(kind, key));
  if (!held) {
    object.document().at_or_insert("metadata").as_object().erase("resourceVersion");
    return insert(kind, std::move(object));
  }
  TRY_ASSIGN(auto next, applied(kind, held->object, object));
  return keep(kind, *stored_resource(catalog_, kind), *held, std::move(next.document()), {});
}

Result<Object> LocalStore::bind(const Object& pod, const std::string& node, const std::string& finalizer) {
  const auto key = pod.name();
  TRY_ASSIGN(const auto held, hold(kinds::pod, key));
  if (!held) return fail(not_found_error(kinds::pod, key));
  const auto& before = held->object;
  if (pod.uid() != before.uid() || pod.resource_version() != before.resource_version())
    return fail(conflict_error(kinds::pod, key));
  const auto now = clock_.now();
  Object next = before;
  if (before.spec()["nodeName"].string_or("") != node) {
    TRY_ASSIGN(next.document(), verbs::bound(before.document(), node, now));
  }
  next.add_finalizer(finalizer);
  if (next.document() == before.document()) return next;
  const auto resource = stored_resource(catalog_, kinds::pod);
  next.document() =
      verbs::tracked(*resource, before.document(), std::move(next.document()), {options_.manager, "binding", now});
  TRY_ASSIGN(const auto stored, backend_.replace(kinds::pod, next, held->version, &before));
  return stamped(std::move(next), stored.version);
}

Result<> LocalStore::remove(const Kind& kind, const Name& name, const DeleteOptions& options) {
  const auto key = normalized(kind, name);
  const auto resource = stored_resource(catalog_, kind);
  TRY_ASSIGN(const auto held, hold(kind, key));
  if (!held) return fail(not_found_error(kind, key));
  if (!options.uid_precondition.empty() && options.uid_precondition != held->object.uid()) {
    return fail(conflict_error(kind, key));
  }
  auto removal = verbs::removal_of(*resource, held->object, options.propagation, options.grace, clock_.now());
  if (removal.is_final) {
    TRY(backend_.erase(kind, std::move(removal.object), held->version, &held->object));
  } else if (!(removal.object.document() == held->object.document())) {
    TRY(backend_.replace(kind, std::move(removal.object), held->version, &held->object));
  }
  return {};
}

// Of the kinds that are built in here or in Kubernetes.
std::optional<Kind> known_kind(std::string_view group, std::string_view kind) {
  for (const auto& known : kinds::all()) {
    if (known.group == group && known.kind == kind) return known;
  }
  static const Catalog builtin;
  if (const auto resource = builtin.stored(group, kind)) return kind_of(*resource);
  return std::nullopt;
}

// What a store of its own stands on; a base, because it is there before the store.
struct Ground {
  explicit Ground(std::unique_ptr<Backend> given) : backend(std::move(given)) {}
  std::unique_ptr<Backend> backend;
  Catalog catalog;
};

// A store with its own backend and garbage collector.
class WholeStore final : private Ground, public LocalStore {
 public:
  WholeStore(core::World& world, std::unique_ptr<Backend> given)
      : Ground(std::move(given)),
        LocalStore(world, *backend, catalog, {.rules = Rules::trusted}),
        garbage_(world, *backend, known_kind, [this](const Kind& kind, const Name& name, const DeleteOptions& how) {
          return remove(kind, name, how);
        }) {}
  Result<> open() { return garbage_.start(); }

 private:
  Garbage garbage_;
};

}  // namespace

ResourcePtr stored_resource(const Catalog& catalog, const Kind& kind) {
  if (auto found = catalog.stored(kind.group, kind.kind)) return found;
  auto resource = std::make_shared<schema::Resource>();
  resource->group = kind.group;
  resource->version = kind.version;
  resource->kind = kind.kind;
  resource->plural = kind.plural;
  resource->namespaced = kind.namespaced;
  auto custom = std::make_shared<schema::Custom>();
  custom->has_status = true;
  custom->storage_version = kind.version;
  resource->custom = std::move(custom);
  resource->subresources.push_back({"status", resource->group, resource->version, resource->kind, {}});
  return resource;
}

std::unique_ptr<Store> make_local_store(core::World& world, Backend& backend, const Catalog& catalog,
                                        LocalStoreOptions options) {
  return std::make_unique<LocalStore>(world, backend, catalog, std::move(options));
}

Result<std::unique_ptr<Store>> make_sqlite_store(core::World& world, storage::Database& database,
                                                 std::size_t ring_size) {
  TRY_ASSIGN(auto backend, make_sqlite_backend(world, database, nullptr, {.ring_size = ring_size}));
  auto store = std::make_unique<WholeStore>(world, std::move(backend));
  TRY(store->open());
  return store;
}

}  // namespace slipway::objects
