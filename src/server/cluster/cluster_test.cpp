// A cluster as the place of the objects. What needs a real API server runs where SLIPWAY_TEST_KUBECONFIG names one.

#include "server/cluster/cluster.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/world/real.hpp"
#include "net/client.hpp"
#include "net/http.hpp"
#include "objects/kinds.hpp"
#include "objects/kubernetes_store.hpp"
#include "server/cluster/cluster_store.hpp"
#include "storage/test_directory.hpp"
#include "support/api_server.hpp"
#include "support/stores.hpp"

using namespace slipway;
using namespace slipway::server;
namespace kinds = objects::kinds;
using objects::Object;

namespace {

std::string real_kubeconfig() {
  const char* path = std::getenv("SLIPWAY_TEST_KUBECONFIG");
  return path == nullptr ? "" : path;
}

// One process with its loop.
struct Process {
  Process() {
    real.set_http(*client);
    world.emplace(real.world());
  }
  Result<> open(const std::string& kubeconfig, const std::string& context = {}) {
    TRY_ASSIGN(cluster, Cluster::open(*world, io, {kubeconfig, context}, support::own_definitions()));
    return {};
  }
  void elect(const std::string& identity) {
    Cluster::Callbacks callbacks;
    callbacks.leads = [this] { said += "leads "; };
    callbacks.waits = [this](const std::string& why) {
      const auto begin = why.find('"') + 1;
      said += "waits for " + why.substr(begin, why.find('"', begin) - begin) + " ";
    };
    REQUIRE(cluster->elect(identity, callbacks));
  }
  bool run_until(const std::function<bool()>& done) {
    for (int i = 0; i < 2000 && !done(); ++i) {
      real.loop().after(std::chrono::milliseconds(10), [this] { real.stop(); });
      real.run();
    }
    return done();
  }

  core::RealWorld real;
  net::IoThread io;
  std::unique_ptr<core::HttpClient> client = net::make_client(io, real.loop());
  std::optional<core::World> world;
  std::unique_ptr<Cluster> cluster;
  std::string said;
};

std::string name_in(const std::string& text) { return text + "-" + core::real_random().hex(6); }

// The same cluster for somebody else who may do everything.
std::string as_somebody_else(const storage::TestDirectory& directory) {
  std::ifstream file(real_kubeconfig());
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto user = text.find("user: {token:");
  REQUIRE(user != std::string::npos);
  text.insert(user + 7, "as: eve, as-groups: [\"system:masters\"], ");
  const auto path = directory.path() + "/eve";
  std::ofstream(path) << text;
  return path;
}

Object promotion(const std::string& name) {
  auto object = Object::make(kinds::promotion, {"default", name});
  object.spec() = *doc::parse_json(R"({"model":"chat","version":"v1","environment":"production"})");
  return object;
}

}  // namespace

TEST_CASE_ON_EVERY_STORE(support::OnStore, "who does not lead writes nothing, and reads everything") {
  core::SimulatedWorld world(3);
  support::StoreUnderTest place(store, world, {"demo"});
  const auto below = place.open();
  Result<> allowed;
  ClusterStore above(*below, [&] { return allowed; });
  auto object = Object::make(kinds::config_map, {"demo", "a"});
  object = above.create(object).value();

  allowed = fail(Code::unavailable, "another one leads");
  CHECK(above.get(kinds::config_map, {"demo", "a"}).has_value());
  CHECK(above.list(kinds::config_map, {})->items.size() >= 1);
  object.set_label("a", "b");
  for (const auto& refused : {above.create(object), above.update(object), above.update_status(object),
                              above.apply(object), above.bind(object, "n", "f")}) {
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == "another one leads");
  }
  CHECK_FALSE(above.remove(kinds::config_map, {"demo", "a"}, {}));
  CHECK(below->get(kinds::config_map, {"demo", "a"})->label("a") == "");
}

TEST_CASE("Pods and what makes Pods are for our own node; the rest stays as it is") {
  auto pod = Object::make(kinds::pod, {"demo", "a"});
  pod.spec() = *doc::parse_json(R"({"tolerations":[{"key":"gpu","operator":"Exists"}]})");
  pod = for_own_node(for_own_node(std::move(pod)));
  CHECK(doc::render_json(std::as_const(pod).spec()) ==
        R"({"tolerations":[{"key":"gpu","operator":"Exists"},{"key":"slipway.dev/processes","operator":"Exists"}],)"
        R"("schedulerName":"slipway"})");
  auto deployment = Object::make(kinds::deployment, {"demo", "a"});
  deployment.spec() = *doc::parse_json(R"({"template":{"spec":{"containers":[]}}})");
  CHECK(for_own_node(deployment).spec()["template"]["spec"]["schedulerName"].string_or("") == "slipway");
  auto job = deployment;
  job.document().at_or_insert("apiVersion") = "batch/v1";
  CHECK(for_own_node(job).spec()["template"]["spec"]["tolerations"].size() == 1);
  const auto service = Object::make(kinds::service, {"demo", "a"});
  CHECK(for_own_node(service).document() == service.document());
}

TEST_CASE("a cluster that is not there is named, with what to look at") {
  storage::TestDirectory directory;
  const auto path = directory.path() + "/config";
  std::ofstream(path) << R"(
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {token: secret}}]
contexts: [{name: away, context: {cluster: c, user: u}}]
current-context: away
)";
  Process process;
  const auto refused = process.open(path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::unavailable);
  CHECK(refused.error().message ==
        "the cluster of context \"away\" (http://127.0.0.1:1) cannot keep the platform's objects");
  CHECK(refused.error().hint.find("kubectl --context away version") != std::string::npos);
  CHECK(process.open(path, "nowhere").error().message.find("there is no context \"nowhere\"") != std::string::npos);
}

TEST_CASE("every store: one control plane leads over a cluster, and the next one when it lets go or dies") {
  if (real_kubeconfig().empty()) return;
  Process one, two;
  REQUIRE(one.open(real_kubeconfig()));
  REQUIRE(two.open(real_kubeconfig()));
  const auto name = name_in("led");
  const auto write = [&](Process& process) {
    return process.cluster->store().apply(Object::make(kinds::config_map, {"default", name})).has_value();
  };
  CHECK_FALSE(write(one));
  one.elect("one");
  REQUIRE(one.run_until([&] { return one.said.ends_with("leads "); }));  // after whoever an earlier test left
  one.said.clear();
  CHECK(write(one));
  two.elect("two");
  REQUIRE(two.run_until([&] { return two.said == "waits for one "; }));
  CHECK_FALSE(write(two));
  one.cluster->let_go();
  CHECK_FALSE(write(one));
  CHECK(one.said == "");
  REQUIRE(two.run_until([&] { return two.said == "waits for one leads "; }));
  CHECK(write(two));
  two.cluster.reset();  // as a crash: its lease runs out

  Process three;
  REQUIRE(three.open(real_kubeconfig()));
  three.elect("three");
  REQUIRE(three.run_until([&] { return three.said == "waits for two leads "; }));
  CHECK(three.cluster->store().remove(kinds::config_map, {"default", name}, {}).has_value());
  three.cluster->let_go();
}

TEST_CASE("every store: a data directory belongs to one cluster") {
  if (real_kubeconfig().empty()) return;
  storage::TestDirectory directory;
  const auto file = directory.path() + "/cluster.json";
  Process process;
  REQUIRE(process.open(real_kubeconfig()));
  REQUIRE(process.cluster->remember_in(file));
  REQUIRE(process.cluster->remember_in(file));
  std::ofstream(file) << R"({"uid":"another","context":"staging","server":"https://staging:6443"})";
  const auto refused = process.cluster->remember_in(file);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("are in another cluster, that of context \"staging\"") != std::string::npos);
}

TEST_CASE("every store: in a cluster a Promotion is written by the control plane alone") {
  if (real_kubeconfig().empty()) return;
  Process process;
  REQUIRE(process.open(real_kubeconfig()));
  process.elect("one");
  REQUIRE(process.run_until([&] { return process.cluster->is_leading(); }));
  const auto name = name_in("p");
  auto made = process.cluster->store().create(promotion(name)).value();

  storage::TestDirectory directory;
  const auto config = objects::load_kube_config(core::real_files(), {}, as_somebody_else(directory)).value();
  const auto eve = objects::make_kubernetes_store(*process.world, process.io, config);
  const auto forge = [&] {
    auto forged = eve->get(kinds::promotion, {"default", name}).value();
    forged.status().at_or_insert("approvals") = doc::Array{doc::Object{{"by", "linus"}}};
    return eve->update_status(forged);
  };
  // A policy takes some moments until it holds.
  const auto is_refused = [&] { return !forge() && !eve->create(promotion(name_in("p"))); };
  CHECK(process.run_until(is_refused));
  CHECK(forge().error().code == Code::invalid_argument);
  CHECK(forge().error().message.find("a Promotion is asked for and approved, not written") != std::string::npos);
  CHECK(process.cluster->store().remove(kinds::promotion, {"default", name}, {}).has_value());
  process.cluster->let_go();
}
