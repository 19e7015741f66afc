#include "support/stores.hpp"

#include <array>
#include <cstdlib>

#include "core/world/real.hpp"
#include "objects/embedded.hpp"
#include "objects/kinds.hpp"
#include "storage/database.hpp"
#include "storage/test_directory.hpp"
#include "support/api_server.hpp"
#include "support/in_step.hpp"
#include "support/tenant.hpp"

namespace slipway::support {

using namespace objects;

namespace {

// What tests make beside the kinds that we know by name.
constexpr std::array other_kinds{
    Kind{"autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"},
    Kind{"apps", "v1", "ReplicaSet", "replicasets"},
    Kind{"apps", "v1", "StatefulSet", "statefulsets"},
    Kind{"apps", "v1", "DaemonSet", "daemonsets"},
    Kind{"apps", "v1", "ControllerRevision", "controllerrevisions"},
    Kind{"batch", "v1", "CronJob", "cronjobs"},
    Kind{"batch", "v1", "Job", "jobs"},
    Kind{"", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"},
    Kind{"rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false},
};
// Our own API server collects garbage behind the answer; nobody says when it is done.
constexpr core::Duration garbage_settles = std::chrono::milliseconds(40);

class InMemory final : public StorePlace {
 public:
  explicit InMemory(core::SimulatedWorld& world) : world_(world.world()) {}
  Result<std::unique_ptr<Store>> open() override { return make_sqlite_store(world_, *database_); }
  storage::Database* database() override { return database_.get(); }

 private:
  core::World world_;
  std::unique_ptr<storage::Database> database_ = std::move(*storage::open_sqlite(":memory:"));
};

// The store of an API server that lives as long as the store.
class StoreOfEmbedded final : public Store {
 public:
  static Result<std::unique_ptr<Store>> open(core::World& world, storage::Database& database) {
    EmbeddedOptions options;
    options.definitions = own_definitions();
    auto store = std::make_unique<StoreOfEmbedded>();
    TRY_ASSIGN(store->embedded_, Embedded::open(world, database, nullptr, std::move(options)));
    TRY(store->embedded_->start());
    return store;
  }
  Result<Object> get(const Kind& kind, const Name& name) override { return store().get(kind, name); }
  Result<std::optional<Object>> find(const Kind& kind, const Name& name) override { return store().find(kind, name); }
  Result<List> list(const Kind& kind, const ListOptions& options) override { return store().list(kind, options); }
  Result<Object> create(Object object) override { return store().create(std::move(object)); }
  Result<Object> update(Object object) override { return store().update(std::move(object)); }
  Result<Object> update_status(Object object) override { return store().update_status(std::move(object)); }
  Result<Object> apply(Object object) override { return store().apply(std::move(object)); }
  Result<Object> bind(const Object& pod, const std::string& node, const std::string& finalizer) override {
    return store().bind(pod, node, finalizer);
  }
  Result<> remove(const Kind& kind, const Name& name, const DeleteOptions& options) override {
    return store().remove(kind, name, options);
  }
  Result<std::unique_ptr<Watch>> watch(const Kind& kind, const std::string& version,
                                       std::function<void(const WatchEvent&)> on_event) override {
    return store().watch(kind, version, std::move(on_event));
  }

 private:
  Store& store() { return embedded_->store(); }
  std::unique_ptr<Embedded> embedded_;
};

class InAFile final : public StorePlace {
 public:
  explicit InAFile(core::SimulatedWorld& world) : world_(world.world()) {}
  Result<std::unique_ptr<Store>> open() override { return StoreOfEmbedded::open(world_, *database_); }
  storage::Database* database() override { return database_.get(); }

 private:
  core::World world_;
  storage::TestDirectory directory_;
  std::unique_ptr<storage::Database> database_ = std::move(*storage::open_sqlite(directory_.path() + "/objects.db"));
};

class OverHttp final : public StorePlace {
 public:
  explicit OverHttp(core::SimulatedWorld& world) : world_(world) {}
  Result<std::unique_ptr<Store>> open() override {
    KubeConfig config;
    config.server = "http://127.0.0.1:" + std::to_string(server_.port());
    InStepOptions options;
    options.store.groups.clear();  // our server takes our groups
    options.settles = garbage_settles;
    return std::make_unique<InStep>(world_, config, options);
  }

 private:
  core::SimulatedWorld& world_;
  std::unique_ptr<storage::Database> database_ = std::move(*storage::open_sqlite(":memory:"));
  ApiServer server_{*database_};
};

class InACluster final : public StorePlace {
 public:
  InACluster(core::SimulatedWorld& world, const std::string& kubeconfig) : world_(world) {
    auto config = load_kube_config(core::real_files(), {}, kubeconfig);
    REQUIRE_MESSAGE(config, (config ? "" : config.error().one_line()));
    config_ = std::move(*config);
    static bool is_prepared = false;
    if (std::exchange(is_prepared, true)) return;
    InStep store(world_, config_, {});
    const auto installed = store.server().install_definitions(own_definitions());
    REQUIRE_MESSAGE(installed, (installed ? "" : installed.error().one_line()));
  }
  ~InACluster() override {
    InStep store(world_, config_, {});
    for (const auto& kind : kinds::all()) clear(store.server(), kind);
    for (const auto& kind : other_kinds) clear(store.server(), kind);
  }
  Result<std::unique_ptr<Store>> open() override {
    return std::make_unique<Tenant>(std::make_unique<InStep>(world_, config_, InStepOptions{}), suffix_);
  }

 private:
  void clear(Store& store, const Kind& kind) {
    const auto list = store.list(kind);
    if (!list) return;
    for (const auto& object : list->items) {
      const auto name = object.name();
      if (!(kind.namespaced ? name.ns : name.name).ends_with(suffix_)) continue;
      if (!object.finalizers().empty()) {
        (void)modify(store, kind, name, [](Object& held) {
          for (const auto& finalizer : held.finalizers()) held.remove_finalizer(finalizer);
          return true;
        });
      }
      (void)store.remove(kind, name, {.grace = Duration{}});
    }
  }

  core::SimulatedWorld& world_;
  KubeConfig config_;
  std::string suffix_ = "-" + core::real_random().hex(6);
};

template <class P>
StoreEntry entry_of(std::string name, StoreTraits traits) {
  return {std::move(name), traits, [](core::SimulatedWorld& world) { return std::make_unique<P>(world); }};
}

}  // namespace

const StoreEntry& in_memory() {
  static const auto entry = entry_of<InMemory>("in memory", {.validates = false});
  return entry;
}

std::vector<StoreEntry> every_store() {
  std::vector<StoreEntry> entries{
      in_memory(),
      entry_of<InAFile>("SQLite file, with all rules", {}),
      entry_of<OverHttp>("embedded API server over HTTP", {.is_remote = true}),
  };
  if (const char* path = std::getenv("SLIPWAY_TEST_KUBECONFIG"); path != nullptr && *path != '\0') {
    entries.push_back({"API server of SLIPWAY_TEST_KUBECONFIG",
                       {.is_remote = true, .collects_garbage = false},
                       [text = std::string(path)](core::SimulatedWorld& world) {
                         return std::make_unique<InACluster>(world, text);
                       }});
  }
  return entries;
}

StoreUnderTest::StoreUnderTest(const StoreEntry& entry, core::SimulatedWorld& world,
                               const std::vector<std::string>& namespaces)
    : traits_(entry.traits), place_(entry.make(world)) {
  if (namespaces.empty()) return;
  auto store = open();
  for (const auto& name : namespaces) {
    const auto made = store->create(Object::make(kinds::namespace_, {"", name}));
    const bool is_there = made || made.error().code == Code::already_exists;  // "default" comes with a server
    REQUIRE_MESSAGE(is_there, (made ? "" : made.error().one_line()));
  }
  store.reset();
  world.crash_control_plane();  // whoever comes is the first
}

std::unique_ptr<Store> StoreUnderTest::open() {
  auto store = try_open();
  REQUIRE_MESSAGE(store, (store ? "" : store.error().one_line()));
  return std::move(*store);
}

}  // namespace slipway::support
