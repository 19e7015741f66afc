#include "support/places.hpp"

#include <cstdlib>

#include "core/world/real.hpp"
#include "core/world/simulated.hpp"
#include "net/client.hpp"
#include "objects/backend.hpp"
#include "objects/kinds.hpp"
#include "objects/kubernetes_store.hpp"
#include "storage/database.hpp"
#include "storage/test_directory.hpp"
#include "support/api_server.hpp"

namespace slipway::support {

using namespace objects;

namespace {

constexpr std::size_t small_ring = 300;
constexpr auto patience = std::chrono::seconds(30);
constexpr Kind definition{"apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false};

class InMemory final : public Place {
 public:
  InMemory() { make_namespace(); }
  const PlaceTraits& traits() const override { return traits_; }
  Store& store() override { return *store_; }
  core::World& world() override { return parts_; }
  bool run_until(const std::function<bool()>& done) override {
    return done() || simulated_.run_until(done, std::chrono::minutes(10));
  }
  void run_for(Duration duration) override { simulated_.run_for(duration); }

 private:
  PlaceTraits traits_{.ring = small_ring};
  core::SimulatedWorld simulated_{11};
  core::World parts_ = simulated_.world();
  std::unique_ptr<storage::Database> database_ = std::move(*storage::open_sqlite(":memory:"));
  std::unique_ptr<Store> store_ = std::move(*make_sqlite_store(parts_, *database_, small_ring));
};

// The machine's own loop, on the test's thread.
class InReality : public Place {
 public:
  InReality() { real_.set_http(*client_); }
  core::World& world() override { return parts_ ? *parts_ : parts_.emplace(real_.world()); }
  bool run_until(const std::function<bool()>& done) override {
    const auto end = core::real_clock().monotonic() + patience;
    bool is_done = done();
    std::function<void()> look = [&] {
      is_done = done();
      if (is_done || core::real_clock().monotonic() > end) return real_.stop();
      real_.loop().after(std::chrono::milliseconds(2), [&] { look(); });
    };
    if (is_done) return true;
    real_.loop().post([&] { look(); });
    real_.run();
    return is_done;
  }
  void run_for(Duration duration) override {
    real_.loop().after(duration, [this] { real_.stop(); });
    real_.run();
  }

 protected:
  net::IoThread& io() { return io_; }

 private:
  core::RealWorld real_;
  net::IoThread io_;
  std::unique_ptr<core::HttpClient> client_ = net::make_client(io_, real_.loop());
  std::optional<core::World> parts_;
};

class InAFile final : public InReality {
 public:
  InAFile() { make_namespace(); }
  const PlaceTraits& traits() const override { return traits_; }
  Store& store() override { return *store_; }

 private:
  PlaceTraits traits_{.ring = small_ring};
  storage::TestDirectory directory_;
  std::unique_ptr<storage::Database> database_ = std::move(*storage::open_sqlite(directory_.path() + "/objects.db"));
  std::unique_ptr<Store> store_ = std::move(*make_sqlite_store(world(), *database_, small_ring));
};

class OverHttp final : public InReality {
 public:
  OverHttp() {
    KubeConfig config;
    config.server = "http://127.0.0.1:" + std::to_string(server_->port());
    KubernetesOptions options;
    options.groups.clear();  // our server takes our groups
    options.page = 7;        // so that lists have pages
    store_ = make_kubernetes_store(world(), io(), config, options);
    other_ = make_kubernetes_store(world(), io(), config, options);
    make_namespace();
  }
  const PlaceTraits& traits() const override { return traits_; }
  Store& store() override { return *store_; }
  Store& other_store() override { return *other_; }
  bool restart_server(bool forgets_versions) override {
    const auto port = server_->port();
    server_.reset();
    if (forgets_versions) REQUIRE(outdate_versions(*database_));
    server_ = std::make_unique<ApiServer>(*database_, ApiServerOptions{.ring_size = small_ring, .port = port});
    return true;
  }

 private:
  PlaceTraits traits_{.is_remote = true, .ring = small_ring};
  std::unique_ptr<storage::Database> database_ = std::move(*storage::open_sqlite(":memory:"));
  std::unique_ptr<ApiServer> server_ =
      std::make_unique<ApiServer>(*database_, ApiServerOptions{.ring_size = small_ring});
  std::unique_ptr<KubernetesStore> store_, other_;
};

class InACluster final : public InReality {
 public:
  explicit InACluster(const std::string& path) {
    auto config = load_kube_config(core::real_files(), {}, path);
    REQUIRE_MESSAGE(config, (config ? "" : config.error().one_line()));
    KubernetesOptions options;
    options.page = 7;
    store_ = make_kubernetes_store(world(), io(), *config, options);
    other_ = make_kubernetes_store(world(), io(), *config, options);
    install_definitions(options);
    make_namespace();
  }
  ~InACluster() override { (void)store_->remove(kinds::namespace_, {"", ns()}); }
  const PlaceTraits& traits() const override { return traits_; }
  Store& store() override { return *store_; }
  Store& other_store() override { return *other_; }
  // By the shell commands in SLIPWAY_TEST_RESTART and SLIPWAY_TEST_FORGET.
  bool restart_server(bool forgets_versions) override {
    const char* command = std::getenv(forgets_versions ? "SLIPWAY_TEST_FORGET" : "SLIPWAY_TEST_RESTART");
    if (command == nullptr) return false;
    REQUIRE(std::system(command) == 0);
    return true;
  }

 private:
  void install_definitions(const KubernetesOptions& options) {
    static bool is_done = false;
    if (std::exchange(is_done, true)) return;
    for (auto& each : own_definitions()) {
      Object object(definition_for_server(std::move(each), options));
      const auto applied = store_->apply(object);
      CHECK_MESSAGE(applied, (applied ? "" : applied.error().one_line()));
      CHECK(run_until([&] {
        const auto now = store_->get(definition, object.name());
        return now && now->condition_status("Established") == "True";
      }));
    }
  }

  PlaceTraits traits_{.is_remote = true, .is_embedded = false, .collects_garbage = false, .refuses_the_future = false};
  std::unique_ptr<KubernetesStore> store_, other_;
};

}  // namespace

void Place::make_namespace() {
  ns_ = "test-" + core::real_random().hex(8);
  const auto made = store().create(Object::make(kinds::namespace_, {"", ns_}));
  REQUIRE_MESSAGE(made, (made ? "" : made.error().one_line()));
}

std::vector<PlaceEntry> every_place() {
  std::vector<PlaceEntry> places{
      {"in memory", [] { return std::make_unique<InMemory>(); }},
      {"SQLite file", [] { return std::make_unique<InAFile>(); }},
      {"embedded API server over HTTP", [] { return std::make_unique<OverHttp>(); }},
  };
  if (const char* path = std::getenv("SLIPWAY_TEST_KUBECONFIG"); path != nullptr && *path != '\0') {
    places.push_back({"API server of SLIPWAY_TEST_KUBECONFIG",
                      [text = std::string(path)] { return std::make_unique<InACluster>(text); }});
  }
  return places;
}

void on_every_store(const std::function<void(Place&)>& test) {
  for (const auto& entry : every_place()) {
    INFO("store: ", entry.name);
    const auto place = entry.make();
    test(*place);
  }
}

Listener::Listener(Place& place, Store& store, const Kind& kind, const std::string& from) {
  auto opened = store.watch(kind, from, [told = told_, ns = place.ns()](const WatchEvent& event) {
    const auto name = event.object.name();
    if (name.ns != ns || name.name == "kube-root-ca.crt") return;
    told->push_back({event.type, name.name, event.object.uid(), event.object.resource_version()});
  });
  REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().one_line()));
  watch_ = std::move(*opened);
}

std::vector<std::string> Listener::lines() const {
  static constexpr const char* names[] = {"added ", "modified ", "deleted ", "bookmark "};
  std::vector<std::string> lines;
  for (const auto& each : *told_) lines.push_back(names[static_cast<int>(each.type)] + each.name);
  return lines;
}

Object deployment(const Place& place, const std::string& name) {
  auto object = Object::make(kinds::deployment, {place.ns(), name});
  object.spec() = *doc::parse_json(R"({"replicas":1,"selector":{"matchLabels":{"app":"x"}},"template":{
    "metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"name":"c","image":"x:1"}]}}})");
  return object;
}

Object config_map(const Place& place, const std::string& name, const std::string& value) {
  auto object = Object::make(kinds::config_map, {place.ns(), name});
  object.document().at_or_insert("data") = doc::Object{{"value", value}};
  return object;
}

}  // namespace slipway::support
