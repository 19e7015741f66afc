#include "services/publisher.hpp"

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "objects/kinds.hpp"
#include "support/stores.hpp"

using namespace slipway;
using namespace slipway::services;
using namespace std::chrono_literals;
namespace kinds = slipway::objects::kinds;

namespace {

constexpr const char* file = "/data/services/rules.json";
constexpr const char* proxy_host = "127.20.128.0";
constexpr const char* a_service =
    "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n"
    "spec: {clusterIP: 10.96.0.9, ports: [{name: http, port: 80}]}\n";
constexpr const char* a_slice =
    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
    "metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}\naddressType: FQDN\n"
    "ports: [{name: http, port: 8000, protocol: TCP}]\n"
    "endpoints: [{addresses: [127.20.0.1], conditions: {ready: true}}]\n";

// A program that answers for the proxy.
class Proxy final : public core::SimulatedProgram {
 public:
  Proxy(core::SimulatedProcess& process, std::shared_ptr<std::string> problems)
      : process_(process), problems_(std::move(problems)) {}
  void start() override {
    REQUIRE(process_.listen(proxy_host, 10256, [this](core::HttpRequest, auto done) {
      core::HttpResponse response;
      response.status = 200;
      response.body = *problems_;
      done(std::move(response));
    }));
  }
  void signal(int) override { process_.exit(0); }

 private:
  core::SimulatedProcess& process_;
  std::shared_ptr<std::string> problems_;
};

struct Fixture {
  explicit Fixture(const support::StoreEntry& entry = support::in_memory()) : place(entry, world, {"shop"}) { start(); }
  void start() {
    PublisherOptions options;
    options.file = file;
    options.node_addresses = [] { return std::vector<std::string>{"127.0.0.1"}; };
    options.proxy_url = std::string("http://") + proxy_host + ":10256";
    options.on_needed = [this] { ++needed; };
    publisher = std::make_unique<Publisher>(parts, *store, std::move(options));
    REQUIRE(publisher->start());
  }
  void create(const std::string& yaml) {
    auto objects = objects::parse_manifest(yaml, "test.yaml");
    REQUIRE(objects);
    for (auto& object : *objects) REQUIRE(store->create(std::move(object)));
    world.run_for(1s);
  }
  Rules rules() { return parse_rules(parts.files.read(file).value_or(""), file).value_or(Rules{}); }

  core::SimulatedWorld world{11};
  core::World parts = world.world();
  support::StoreUnderTest place;
  std::unique_ptr<objects::Store> store = place.open();
  std::unique_ptr<Publisher> publisher;
  int needed = 0;
};

}  // namespace

TEST_CASE("the rules follow the objects, and the proxy is wanted once, when somebody is to be found") {
  Fixture f;
  CHECK(f.rules().empty());
  f.create(a_service);
  REQUIRE(f.rules().size() == 1);
  CHECK(f.rules().front().endpoints.empty());
  CHECK(f.needed == 0);
  f.create(a_slice);
  CHECK(f.rules().front().endpoints == std::vector{Address{"127.20.0.1", 8000}});
  CHECK(f.needed == 1);
  REQUIRE(f.store->remove(kinds::endpoint_slice, {"shop", "web-1"}));
  f.world.run_for(1s);
  CHECK(f.rules().front().endpoints.empty());
  f.create(a_slice);
  CHECK(f.needed == 1);
}

TEST_CASE("a new control plane leaves no rules but those of all objects") {
  Fixture f;
  f.create(a_service);
  f.create(a_slice);
  const Rules before = f.rules();
  f.publisher.reset();
  f.start();
  CHECK(f.rules() == before);  // before anything else had a chance to happen
  CHECK(f.needed == 2);
}

TEST_CASE("what the proxy cannot do is told as an Event, once") {
  Fixture f;
  const auto problems = std::make_shared<std::string>(
      R"([{"rule":"shop/web:http","address":"10.96.0.9:80","why":"cannot listen on 10.96.0.9:80: Permission denied"},)"
      R"({"rule":"nonsense","why":"x"}])");
  f.world.install("proxy", [&](core::SimulatedProcess& process) { return std::make_unique<Proxy>(process, problems); });
  REQUIRE(f.parts.processes.spawn({.argv = {"proxy"}}, {}));
  f.create(a_service);
  f.create(a_slice);
  f.world.run_for(1min);
  const auto events = f.store->list(kinds::event);
  REQUIRE(events->items.size() == 1);
  const auto& event = events->items.front().document();
  CHECK(event["reason"].string_or("") == "PortNotServed");
  CHECK(event["involvedObject"]["name"].string_or("") == "web");
  CHECK(event["message"].string_or("").ends_with("Permission denied"));
  CHECK(event["count"].int_or(0) == 1);
}
