#include "objects/services/allocator.hpp"

#include <doctest/doctest.h>

#include <set>

#include "core/world/simulated.hpp"
#include "objects/kinds.hpp"
#include "objects/schema/builtin.hpp"
#include "objects/services/fields.hpp"
#include "objects/validation/problem.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

struct Fixture {
  core::SimulatedWorld world{11};
  core::World parts = world.world();
  std::unique_ptr<storage::Database> database = storage::open_sqlite(":memory:").value();
  std::unique_ptr<Backend> backend =
      make_sqlite_backend(parts, *database, nullptr, {.claims = services::claims_of}).value();
  // Fourteen addresses, four ports.
  std::unique_ptr<services::Allocator> allocator =
      services::Allocator::make(parts.random, *backend,
                                {.addresses = "127.9.0.0/28", .first_port = 30000, .last_port = 30003})
          .value();
  const schema::Resource& resource = *schema::builtin().find("", "v1", "Service");

  static doc::Value service(const std::string& name, const std::string& spec) {
    auto value = doc::parse_yaml("apiVersion: v1\nkind: Service\nmetadata: {name: " + name +
                                     ", namespace: demo, uid: u-" + name + "}\nspec: {" + spec + "}\n",
                                 "test.yaml");
    REQUIRE(value.has_value());
    return std::move(*value);
  }
  // The kept object; "" or why not.
  std::string create(const std::string& name, const std::string& spec) {
    auto object = service(name, spec);
    if (auto allocated = allocator->allocate(resource, object, doc::Value()); !allocated)
      return allocated.error().message;
    auto kept = backend->insert(kinds::service, Object(std::move(object)));
    return kept ? "" : kept.error().message;
  }
  std::string update(const std::string& name, const std::string& spec) {
    const auto stored = backend->find(kinds::service, {"demo", name}).value();
    const Object before = stored->parse().value();
    auto after = service(name, spec);
    services::settle_update(before.document(), after);
    if (auto allocated = allocator->allocate(resource, after, before.document()); !allocated)
      return allocated.error().message;
    auto kept = backend->replace(kinds::service, Object(std::move(after)), stored->version);
    return kept ? "" : kept.error().message;
  }
  void remove(const std::string& name) {
    const auto stored = backend->find(kinds::service, {"demo", name}).value();
    REQUIRE(backend->erase(kinds::service, stored->parse().value(), stored->version).has_value());
  }
  const doc::Value spec(const std::string& name) {
    return backend->find(kinds::service, {"demo", name}).value()->parse().value().spec();
  }
  std::string address(const std::string& name) { return spec(name)["clusterIP"].string_or(""); }
  std::int64_t port(const std::string& name, std::size_t index = 0) {
    return spec(name)["ports"][index]["nodePort"].int_or(0);
  }
};

constexpr const char* http = "ports: [{name: http, port: 80, protocol: TCP}]";

}  // namespace

TEST_CASE_FIXTURE(Fixture, "every Service gets an address of its own, until there are none, and lets it go with it") {
  std::set<std::string> seen;
  for (int i = 0; i < 14; ++i) {
    const auto name = "s" + std::to_string(i);
    REQUIRE(create(name, http).empty());
    CHECK(address(name).starts_with("127.9.0."));
    seen.insert(address(name));
  }
  CHECK(seen.size() == 14);
  CHECK_FALSE(seen.contains("127.9.0.0"));
  CHECK_FALSE(seen.contains("127.9.0.15"));
  CHECK(create("more", http) == "range is full");
  const auto freed = address("s3");
  remove("s3");
  REQUIRE(create("more", http).empty());
  CHECK(address("more") == freed);
  const auto made = spec("more");
  CHECK(doc::render_json(made["clusterIPs"]) == "[\"" + freed + "\"]");
  CHECK(doc::render_json(made["ipFamilies"]) == R"(["IPv4"])");
  CHECK(made["ipFamilyPolicy"].string_or("") == "SingleStack");
}

TEST_CASE_FIXTURE(Fixture, "an address that is asked for is given when it is free and in the range") {
  REQUIRE(create("a", "clusterIP: 127.9.0.5").empty());
  CHECK(address("a") == "127.9.0.5");
  CHECK(
      create("b", "clusterIP: 127.9.0.5") ==
      R"(Service "b" is invalid: spec.clusterIPs: Invalid value: ["127.9.0.5"]: failed to allocate IP 127.9.0.5: provided IP is already allocated)");
  CHECK(
      create("b", "clusterIP: 10.0.0.1") ==
      R"(Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.0.0.1"]: failed to allocate IP 10.0.0.1: the provided IP (10.0.0.1) is not in the valid range. The range of valid IPs is 127.9.0.0/28)");
  REQUIRE(create("headless", "clusterIP: None, selector: {a: b}").empty());
  CHECK(doc::render_json(spec("headless")["clusterIPs"]) == R"(["None"])");
  REQUIRE(create("bare", "clusterIP: None").empty());
  CHECK(doc::render_json(spec("bare")["ipFamilies"]) == R"(["IPv4","IPv6"])");
  CHECK(spec("bare")["ipFamilyPolicy"].string_or("") == "RequireDualStack");
  REQUIRE(create("outside", "type: ExternalName, externalName: example.com").empty());
  CHECK(spec("outside")["clusterIP"].is_null());
  CHECK(create("c", "ipFamilies: [IPv6]") ==
        R"(Service "c" is invalid: spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster)");
  CHECK(
      create("c", "ipFamilyPolicy: RequireDualStack") ==
      R"(Service "c" is invalid: spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services)");
}

TEST_CASE_FIXTURE(Fixture, "node ports are given to types that have them, each once") {
  REQUIRE(create("a", "type: NodePort, ports: [{name: t, port: 53, protocol: TCP}, {name: u, port: 53, protocol: UDP}]")
              .empty());
  CHECK(port("a") >= 30000);
  CHECK(port("a", 1) == port("a"));  // one port, two protocols
  CHECK(create("b", "type: NodePort, ports: [{port: 80, nodePort: " + std::to_string(port("a")) + "}]") ==
        "Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: " + std::to_string(port("a")) +
            ": provided port is already allocated");
  CHECK(
      create("b", "type: NodePort, ports: [{port: 80, nodePort: 80}]") ==
      R"(Service "b" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-30003)");
  REQUIRE(create("balanced",
                 "type: LoadBalancer, externalTrafficPolicy: Local, ports: [{name: a, port: 80}, {name: b, port: 81}]")
              .empty());
  const auto balanced = spec("balanced");
  std::set<std::int64_t> ports{port("a"), port("balanced"), port("balanced", 1),
                               balanced["healthCheckNodePort"].int_or(0)};
  CHECK(ports.size() == 4);
  CHECK(create("c", "type: NodePort, ports: [{port: 80}]") == "range is full");
  REQUIRE(
      create("unallocated", "type: LoadBalancer, allocateLoadBalancerNodePorts: false, ports: [{port: 80}]").empty());
  CHECK(port("unallocated") == 0);
}

TEST_CASE_FIXTURE(Fixture,
                  "what was given out stays when it is left out, and goes with a type that has no use for it") {
  REQUIRE(create("a", std::string("type: NodePort, ") + http).empty());
  const auto ip = address("a");
  const auto node_port = port("a");
  REQUIRE(
      update("a", "type: NodePort, ports: [{name: http, port: 8080, protocol: TCP}, {name: more, port: 81}]").empty());
  CHECK(address("a") == ip);
  CHECK(port("a") == node_port);
  CHECK(port("a", 1) != node_port);
  REQUIRE(update("a", std::string("type: ClusterIP, ") + http).empty());
  CHECK(address("a") == ip);
  CHECK(port("a") == 0);
  CHECK_FALSE(backend->holder_of(services::port_claim(node_port)).value().has_value());
  REQUIRE(update("a", "type: ExternalName, externalName: example.com").empty());
  CHECK(spec("a")["clusterIP"].is_null());
  CHECK(spec("a")["ipFamilies"].is_null());
  CHECK_FALSE(backend->holder_of(services::address_claim(ip)).value().has_value());
  REQUIRE(update("a", http).empty());
  CHECK_FALSE(address("a").empty());
}

TEST_CASE_FIXTURE(Fixture, "Services from before addresses were given out get theirs, and in another range others") {
  const auto bare = make_sqlite_backend(parts, *database, nullptr).value();
  REQUIRE(bare->insert(kinds::service, Object(service("old", http))).has_value());
  REQUIRE(bare->insert(kinds::service, Object(service("chosen", "clusterIP: 127.9.0.9, clusterIPs: [127.9.0.9]")))
              .has_value());
  REQUIRE(allocator->settle_old().has_value());
  CHECK_FALSE(address("old").empty());
  CHECK(backend->holder_of(services::address_claim("127.9.0.9")).value() == "u-chosen");
  const auto version = backend->version(kinds::service).value();
  REQUIRE(allocator->settle_old().has_value());
  CHECK(backend->version(kinds::service).value() == version);

  allocator = services::Allocator::make(parts.random, *backend, {.addresses = "127.10.0.0/28"}).value();
  CHECK(update("chosen", "ports: [{port: 81}]").empty());
  CHECK(address("chosen") == "127.9.0.9");
  REQUIRE(allocator->settle_old().has_value());  // at the next start, as of a restored copy
  CHECK(address("chosen") == "127.10.0.9");
  CHECK(address("old").starts_with("127.10.0."));
  CHECK_FALSE(backend->holder_of(services::address_claim("127.9.0.9")).value().has_value());
  CHECK_FALSE(services::Allocator::make(parts.random, *backend, {.addresses = "127.0.0.0/30"}).has_value());
  CHECK_FALSE(services::Allocator::make(parts.random, *backend, {.addresses = "::1/64"}).has_value());
}
