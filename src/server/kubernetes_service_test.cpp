#include "server/kubernetes_service.hpp"

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "objects/embedded.hpp"
#include "objects/kinds.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace slipway::server;
namespace kinds = objects::kinds;

namespace {

struct Ground {
  core::SimulatedWorld world{3};
  core::World parts = world.world();
  std::unique_ptr<storage::Database> database = storage::open_sqlite(":memory:").value();
  std::unique_ptr<objects::Embedded> embedded = objects::Embedded::open(parts, *database, nullptr, {}).value();
  objects::Store& store = embedded->store();
  std::unique_ptr<KubernetesService> service;

  Ground() { REQUIRE(store.create(objects::Object::make(kinds::namespace_, {"", "default"}))); }
  void serve(const std::string& host, int port) {
    service = std::make_unique<KubernetesService>(parts, store, ApiAddress{host, port, "10.96.0.1"});
    REQUIRE(service->start());
    world.run_for(std::chrono::seconds(1));
  }
  std::string seen(const objects::Kind& kind, const std::string& path) {
    const auto object = store.find(kind, {"default", "kubernetes"}).value();
    return object ? doc::render_json(object->document()[path]) : "none";
  }
};

constexpr objects::Kind endpoints{"", "v1", "Endpoints", "endpoints"};

}  // namespace

TEST_CASE_FIXTURE(Ground, "the Service kubernetes says where the API server is, and comes back when it is deleted") {
  serve("127.0.0.1", 6443);
  const auto made = store.get(kinds::service, {"default", "kubernetes"}).value();
  CHECK(made.spec()["clusterIP"].string_or("") == "10.96.0.1");
  CHECK(made.spec()["ports"][std::size_t{0}]["targetPort"].int_or(0) == 6443);
  CHECK(seen(kinds::endpoint_slice, "addressType") == R"("FQDN")");
  CHECK(seen(endpoints, "subsets").contains("127.0.0.1"));

  REQUIRE(store.remove(kinds::service, made.name()));
  REQUIRE(store.remove(kinds::endpoint_slice, made.name()));
  REQUIRE(store.remove(endpoints, made.name()));
  world.run_for(std::chrono::seconds(1));
  const auto again = store.get(kinds::service, made.name()).value();
  CHECK(again.uid() != made.uid());
  CHECK(again.spec()["clusterIP"].string_or("") == "10.96.0.1");
  CHECK(seen(kinds::endpoint_slice, "ports").contains("6443"));
  CHECK(seen(endpoints, "subsets").contains("6443"));
}

TEST_CASE_FIXTURE(Ground, "a platform that is shared, or at another port, says so at its next start") {
  serve("127.0.0.1", 6443);
  const auto version = store.get(kinds::service, {"default", "kubernetes"})->resource_version();
  serve("127.0.0.1", 6443);
  CHECK(store.get(kinds::service, {"default", "kubernetes"})->resource_version() == version);

  serve("192.0.2.7", 7443);
  CHECK(store.get(kinds::service, {"default", "kubernetes"})->spec()["ports"][0]["targetPort"].int_or(0) == 7443);
  CHECK(seen(kinds::endpoint_slice, "addressType") == R"("IPv4")");
  CHECK(seen(endpoints, "subsets").contains("192.0.2.7"));
}

TEST_CASE_FIXTURE(Ground, "where somebody holds the first address the Service gets another") {
  auto other = objects::Object::make(kinds::service, {"default", "other"});
  other.spec() = doc::Object{{"clusterIP", "10.96.0.1"}, {"ports", doc::Array{doc::Object{{"port", 80}}}}};
  REQUIRE(store.create(std::move(other)));
  serve("127.0.0.1", 6443);
  const auto address = store.get(kinds::service, {"default", "kubernetes"})->spec()["clusterIP"].string_or("");
  CHECK(address.starts_with("10."));
  CHECK(address != "10.96.0.1");
}
