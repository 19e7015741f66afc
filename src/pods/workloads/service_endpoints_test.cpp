// Endpoints, the older kind, of Services and by hand.

#include "pods/workloads/service_endpoints.hpp"

#include "objects/embedded.hpp"
#include "pods/test_machine.hpp"
#include "pods/workloads/endpoints.hpp"
#include "pods/workloads/endpoints_mirror.hpp"
#include "storage/database.hpp"

namespace slipway::pods {
namespace {

using namespace testing;
using workloads::endpoints_kind;

struct Published : Machine {
  using Machine::Machine;
  // "10.0.0.1 (10.0.0.2):80/http": who is ready, who is not, and the ports, of each subset.
  std::string shown_of(const std::string& name) {
    const doc::Value subsets = get(endpoints_kind, name).document()["subsets"];
    std::string text;
    for (std::size_t i = 0; i < subsets.size(); ++i) {
      const doc::Value& subset = subsets[i];
      text += i == 0 ? "" : "; ";
      for (std::size_t k = 0; k < subset["addresses"].size(); ++k)
        text += subset["addresses"][k]["ip"].string_or("") + " ";
      for (std::size_t k = 0; k < subset["notReadyAddresses"].size(); ++k)
        text += "(" + subset["notReadyAddresses"][k]["ip"].string_or("") + ") ";
      for (std::size_t k = 0; k < subset["ports"].size(); ++k)
        text += ":" + subset["ports"][k]["port"].string_or("") + "/" + subset["ports"][k]["name"].string_or("-");
    }
    return text;
  }
  bool until(const std::string& name, const std::string& wanted) {
    const bool seen = simulation.run_until([&] { return shown_of(name) == wanted; }, 10s);
    if (!seen) MESSAGE(name, " is ", shown_of(name), ", not ", wanted);
    return seen;
  }
  std::size_t mirrors_of(const std::string& name) {
    objects::ListOptions of_it;
    of_it.labels = *objects::LabelSelector::parse("kubernetes.io/service-name=" + name);
    return store->list(kinds::endpoint_slice, of_it)->items.size();
  }
};

constexpr const char* web =
    "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: default, labels: {team: a}}\n"
    "spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8000}]}\n";

}  // namespace

TEST_CASE_FIXTURE(Published, "Endpoints: a Service's Pods are told in the older kind, too, those that wait apart") {
  create(web);
  REQUIRE(simulation.run_until([&] { return !get(endpoints_kind, "web").uid().empty(); }, 5s));
  CHECK(get(endpoints_kind, "web").label("team") == "a");
  CHECK(get(endpoints_kind, "web").label("endpoints.kubernetes.io/managed-by") == "endpoint-controller");
  create(pod_yaml("one", "[server]", "readinessProbe: {httpGet: {path: /, port: 8000}, periodSeconds: 1}"));
  REQUIRE(until_shown("one", "1/1 Running 0"));
  const std::string ip = pod("one").status()["podIP"].string_or("");
  REQUIRE(until("web", ip + " :8000/-"));
  const doc::Value address = get(endpoints_kind, "web").document().at_path("subsets")[0]["addresses"][0];
  CHECK(address["targetRef"]["name"].string_or("") == "one");
  CHECK(address["nodeName"].string_or("") == "machine");
  journal->unready.insert("one");
  REQUIRE(until("web", "(" + ip + ") :8000/-"));
  // What somebody takes away is there again, and it goes with its Service.
  REQUIRE(store->remove(endpoints_kind, {"default", "web"}));
  REQUIRE(until("web", "(" + ip + ") :8000/-"));
  REQUIRE(store->remove(kinds::service, {"default", "web"}));
  CHECK(simulation.run_until([&] { return get(endpoints_kind, "web").uid().empty(); }, 5s));
}

TEST_CASE_FIXTURE(Published, "Endpoints: those written by hand are mirrored in slices, as long as nobody says no") {
  create(
      "apiVersion: v1\nkind: Endpoints\nmetadata: {name: db, namespace: default}\n"
      "subsets: [{addresses: [{ip: 192.0.2.7}, {ip: '2001:db8::7'}], notReadyAddresses: [{ip: 192.0.2.8}], ports: "
      "[{port: 5432}]}]\n");
  simulation.run_for(1s);
  CHECK(mirrors_of("db") == 0);  // there is no such Service yet
  create("apiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: default}\nspec: {ports: [{port: 5432}]}\n");
  REQUIRE(simulation.run_until([&] { return mirrors_of("db") == 2; }, 5s));
  const auto change = [&](const std::function<void(objects::Object&)>& how) {
    REQUIRE(objects::modify(*store, endpoints_kind, {"default", "db"}, [&](objects::Object& current) {
      how(current);
      return true;
    }));
  };
  change([](objects::Object& db) {
    db.document().at_or_insert("subsets") =
        *doc::parse_yaml("[{addresses: [{ip: 192.0.2.9}], ports: [{port: 5432}]}]", "test.yaml");
  });
  REQUIRE(simulation.run_until([&] { return mirrors_of("db") == 1; }, 5s));
  const auto slice = store->list(kinds::endpoint_slice)->items.front();
  CHECK(slice.name().name.starts_with("db-"));
  CHECK(slice.document()["addressType"].string_or("") == "IPv4");
  CHECK(slice.document()["endpoints"][0]["addresses"][0].string_or("") == "192.0.2.9");
  change([](objects::Object& db) { db.set_label("endpointslice.kubernetes.io/skip-mirror", "true"); });
  CHECK(simulation.run_until([&] { return mirrors_of("db") == 0; }, 5s));
  CHECK(shown_of("db") == "192.0.2.9 :5432/-");
}

TEST_CASE("Endpoints: the API's own store takes the addresses that Pods have here") {
  core::SimulatedWorld simulation(1);
  core::World world = simulation.world();
  const auto database = storage::open_sqlite(":memory:").value();
  const auto embedded = objects::Embedded::open(world, *database, nullptr, {}).value();
  objects::Store& store = embedded->store();
  REQUIRE(store.create(objects::Object::make(kinds::namespace_, {"", "default"})));
  REQUIRE(store.create(objects::parse_manifest(web, "test.yaml")->front()));
  workloads::ServiceEndpointsReconciler reconciler(store);
  auto slice = objects::Object::make(kinds::endpoint_slice, {"default", "web"});
  slice.set_label(workloads::service_name_label, "web");
  slice.set_label(workloads::managed_by_label, "slipway");
  slice.document().at_or_insert("addressType") = "FQDN";
  slice.document().at_or_insert("endpoints") = *doc::parse_yaml("[{addresses: [127.1.0.1]}]", "test.yaml");
  slice.document().at_or_insert("ports") = *doc::parse_yaml("[{name: '', port: 80, protocol: TCP}]", "test.yaml");
  REQUIRE(store.create(slice));
  REQUIRE(reconciler.reconcile({"default", "web"}));
  const auto made = store.get(endpoints_kind, {"default", "web"}).value();
  CHECK(made.document()["subsets"][0]["addresses"][0]["ip"].string_or("") == "127.1.0.1");
}

}  // namespace slipway::pods
