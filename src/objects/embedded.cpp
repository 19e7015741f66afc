#include "objects/embedded.hpp"

#include "objects/api/admit_made.hpp"
#include "objects/api/server.hpp"
#include "objects/controllers/definitions.hpp"
#include "objects/controllers/events.hpp"
#include "objects/controllers/namespaces.hpp"
#include "objects/controllers/unserved.hpp"
#include "objects/fields/selectable.hpp"
#include "objects/garbage.hpp"
#include "objects/local_store.hpp"
#include "objects/services/fields.hpp"

namespace slipway::objects {
namespace {

std::map<std::string, std::string> selectable_of(const Catalog& catalog, const Kind& kind, const Object& object) {
  const auto resource = catalog.stored(kind.group, kind.kind);
  if (resource == nullptr) return {};
  auto fields = fields::selectable_fields(*resource, object);
  return fields ? std::move(*fields) : fields::FieldSet();
}

}  // namespace

struct Embedded::State {
  State(core::World& world, storage::Database& database, std::unique_ptr<Catalog> kinds, std::unique_ptr<Backend> kept,
        std::unique_ptr<services::Allocator> allocator, EmbeddedOptions options)
      : catalog(std::move(kinds)),
        backend(std::move(kept)),
        services(std::move(allocator)),
        store(make_local_store(
            world, *backend, *catalog,
            {.services = services.get(),
             .admit = [this](const ResourcePtr& resource,
                             doc::Value& object) { return api::admit_made(context, resource, object); }})),
        garbage(
            world, *backend,
            [this](std::string_view group, std::string_view kind) -> std::optional<Kind> {
              const auto resource = catalog->stored(group, kind);
              return resource ? std::optional(kind_of(*resource)) : std::nullopt;
            },
            [this](const Kind& kind, const Name& name, const DeleteOptions& how) {
              return store->remove(kind, name, how);
            }),
        definitions(world, *store, *backend, *catalog),
        namespaces(world, *store, *backend, *catalog),
        events(world, *backend),
        unserved(world, *store),
        context{world, *catalog, *backend, database, options.events, std::move(options.admit), {}, {}, services.get()},
        server(context) {}

  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<Backend> backend;
  std::unique_ptr<services::Allocator> services;
  std::unique_ptr<Store> store;
  Garbage garbage;
  controllers::DefinitionController definitions;
  controllers::NamespaceController namespaces;
  controllers::EventExpiry events;
  controllers::Unserved unserved;
  api::Context context;
  api::ApiServer server;
};

Embedded::Embedded(std::unique_ptr<State> state) : state_(std::move(state)) {}
Embedded::~Embedded() = default;

Result<std::unique_ptr<Embedded>> Embedded::open(core::World& world, storage::Database& database,
                                                 storage::Database* volatile_database, EmbeddedOptions options) {
  auto catalog = std::make_unique<Catalog>();
  BackendOptions kept{.ring_size = options.ring_size};
  kept.selectable = [raw = catalog.get()](const Kind& kind, const Object& object) {
    return selectable_of(*raw, kind, object);
  };
  kept.claims = services::claims_of;
  TRY_ASSIGN(auto backend, make_sqlite_backend(world, database, volatile_database, std::move(kept)));
  const auto definitions = std::move(options.definitions);
  TRY_ASSIGN(auto allocator, services::Allocator::make(world.random, *backend, options.services));
  TRY(allocator->settle_old());
  auto state = std::make_unique<State>(world, database, std::move(catalog), std::move(backend), std::move(allocator),
                                       std::move(options));
  TRY(state->definitions.load(definitions));
  return std::unique_ptr<Embedded>(new Embedded(std::move(state)));
}

Store& Embedded::store() { return *state_->store; }
Backend& Embedded::backend() { return *state_->backend; }
Catalog& Embedded::catalog() { return *state_->catalog; }
api::ApiServer& Embedded::server() { return state_->server; }
api::Context& Embedded::context() { return state_->context; }

void Embedded::add_admission(std::unique_ptr<api::AdmissionPlugin> plugin) {
  state_->context.plugins.push_back(std::move(plugin));
}

Result<> Embedded::start() {
  TRY(state_->garbage.start());
  TRY(state_->definitions.start());
  state_->events.start();
  TRY(state_->unserved.start());
  return state_->namespaces.start();
}

void Embedded::add_routes(net::Router& router) { state_->server.add_routes(router); }

}  // namespace slipway::objects
