// The controller in the simulated world. The Deployment controller and the node are this test's hand.

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "objects/kinds.hpp"
#include "serving/serving.hpp"
#include "support/stores.hpp"

using namespace slipway;
using namespace slipway::serving;
namespace kinds = objects::kinds;
using objects::Object;

namespace {

struct ScriptedWeights : WeightsSource {
  std::map<std::string, std::string> known;
  std::map<std::string, Error> wrong;           // by path
  std::map<std::string, std::uint64_t> unread;  // by path
  std::function<void()> changed;
  int asked = 0;

  Result<Weights> find(const std::string& uri, const std::string& sha256_hex) override {
    ++asked;
    const auto found = known.find(uri + sha256_hex);
    if (found == known.end()) return fail(Code::not_found, "no such version is registered", "register it");
    const std::string& path = found->second;
    if (const auto size = unread.find(path); size != unread.end()) return BeingVerified{path, size->second};
    if (const auto why = wrong.find(path); why != wrong.end()) return fail(why->second);
    return path;
  }
  void on_verified(std::function<void()> callback) override { changed = std::move(callback); }
  void read(const std::string& path) {
    unread.erase(path);
    if (changed) changed();
  }
};

struct Fixture {
  explicit Fixture(const support::StoreEntry& entry = support::in_memory()) : place(entry, world, {"demo"}) {}

  core::SimulatedWorld world{11};
  core::World parts = world.world();
  support::StoreUnderTest place;
  std::unique_ptr<objects::Store> store = place.open();
  ScriptedWeights weights;
  std::unique_ptr<Serving> serving = start();

  std::unique_ptr<Serving> start(RuntimeOptions options = {}) {
    weights.known["model-registry://support/v1"] = "/blobs/v1";
    auto made = std::make_unique<Serving>(parts, *store, RuntimeCatalog(std::move(options)), weights);
    REQUIRE(made->start().has_value());
    return made;
  }
  static void must(const Result<Object>& result) {
    REQUIRE_MESSAGE(result.has_value(), (result ? "" : result.error().render()));
  }
  void settle() { world.run_for(std::chrono::seconds(1)); }
  void apply(const std::string& yaml) {
    const auto parsed = objects::parse_manifest(yaml, "test.yaml");
    REQUIRE(parsed.has_value());
    for (const auto& object : *parsed) must(store->apply(object));
    settle();
  }
  void apply_llm(const std::string& spec) {
    apply(
        "apiVersion: inference.llm-d.io/v1alpha1\nkind: LLMDeployment\nmetadata: {name: support, namespace: "
        "demo}\nspec: " +
        spec);
  }
  Object llm() { return *store->get(kinds::llm_deployment, {"demo", "support"}); }
  std::optional<Object> deployment() { return *store->find(kinds::deployment, {"demo", "support"}); }
  std::string phase() { return llm().status()["phase"].string_or(""); }
  std::string message(std::string_view type) {
    const auto object = llm();
    const auto& list = object.status()["conditions"];
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i]["type"].string_or("") == type) return list[i]["message"].string_or("");
    }
    return "";
  }
  void deployment_says(std::int64_t replicas, std::int64_t updated, std::int64_t ready) {
    auto object = *deployment();
    object.status().at_or_insert("observedGeneration") = object.generation();
    object.status().at_or_insert("replicas") = replicas;
    object.status().at_or_insert("updatedReplicas") = updated;
    object.status().at_or_insert("readyReplicas") = ready;
    must(store->update_status(object));
    settle();
  }
  void pod_says(const std::string& name, const std::string& status_yaml) {
    auto pod = Object::make(kinds::pod, {"demo", name});
    pod.spec() = *doc::parse_yaml("containers: [{name: model, image: x}]", "spec");
    pod.set_label("slipway.dev/llmdeployment", "support");
    must(store->apply(pod));
    auto stored = *store->get(kinds::pod, {"demo", name});
    stored.document().at_or_insert("status") = *doc::parse_yaml(status_yaml, "status");
    must(store->update_status(stored));
    settle();
  }
};

constexpr auto kV1 = "{model: {modelUri: model-registry://support/v1, version: v1}, replicas: 1}";

}  // namespace

TEST_CASE_ON_EVERY_STORE(Fixture,
                         "an LLMDeployment becomes a Deployment and goes Pending, Loading, Ready as it comes up") {
  apply_llm(kV1);
  REQUIRE(deployment().has_value());
  CHECK(phase() == "Pending");
  CHECK(message("ModelResolved") == "model-registry://support/v1 at /blobs/v1");

  pod_says("support-0", "{phase: Running, containerStatuses: [{name: model, ready: false, state: {running: {}}}]}");
  deployment_says(1, 1, 0);
  CHECK(phase() == "Loading");
  CHECK(message("Ready") == "0 of 1 replicas are ready; Pod demo/support-0: container model is loading");

  pod_says("support-0", "{phase: Running, conditions: [{type: Ready, status: 'True'}]}");
  deployment_says(1, 1, 1);
  CHECK(phase() == "Ready");
  CHECK(llm().condition_status("Ready") == "True");
  CHECK(llm().condition_status("Available") == "True");
  CHECK(llm().status()["observedGeneration"].int_or(0) == llm().generation());
  CHECK(llm().status()["readyReplicas"].int_or(0) == 1);
}

TEST_CASE_ON_EVERY_STORE(Fixture,
                         "a new version keeps it Available while it loads, and Ready only counts the new one") {
  apply_llm(kV1);
  deployment_says(1, 1, 1);
  weights.known["model-registry://support/v2"] = "/blobs/v2";
  apply_llm("{model: {modelUri: model-registry://support/v2, version: v2}, replicas: 1}");
  CHECK(phase() == "Loading");
  CHECK(llm().condition_status("Available") == "True");
  CHECK(llm().condition_status("Ready") == "False");
  deployment_says(2, 1, 1);
  CHECK(phase() == "Loading");
  deployment_says(1, 1, 1);
  CHECK(phase() == "Ready");
}

TEST_CASE_ON_EVERY_STORE(Fixture, "a crashing container makes it Failed and the message says which and why") {
  apply_llm(kV1);
  deployment_says(1, 1, 0);
  pod_says("support-0", R"({phase: Running, containerStatuses: [{name: model, ready: false,
      state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, message: cannot map weights}}}]})");
  CHECK(phase() == "Failed");
  CHECK(message("Ready").find(
            "Pod demo/support-0: container model is in CrashLoopBackOff, exit code 1: cannot map weights") !=
        std::string::npos);
}

TEST_CASE_ON_EVERY_STORE(Fixture, "losing one of two replicas is Degraded, not Failed") {
  apply_llm("{model: {modelUri: model-registry://support/v1}, replicas: 2}");
  deployment_says(2, 2, 2);
  CHECK(phase() == "Ready");
  deployment_says(2, 2, 1);
  CHECK(phase() == "Degraded");
}

TEST_CASE_ON_EVERY_STORE(Fixture, "a bad spec is refused with its field's path, and what serves keeps serving") {
  apply_llm(kV1);
  deployment_says(1, 1, 1);
  const auto before = deployment()->resource_version();
  apply_llm("{model: {modelUri: model-registry://support/v1}, replcas: 3}");
  CHECK(phase() == "Degraded");
  CHECK(message("Ready").find("replcas") != std::string::npos);
  CHECK(message("Ready").find("did you mean \"replicas\"?") != std::string::npos);
  CHECK(deployment()->resource_version() == before);
  apply_llm(kV1);
  CHECK(phase() == "Ready");
}

TEST_CASE_ON_EVERY_STORE(Fixture, "a machine without llama-server says so, and still runs what is simulated") {
  serving.reset();
  RuntimeOptions without;
  without.why_no_llama_server = "there is no llama-server; install it";
  serving = start(without);
  apply_llm(kV1);
  CHECK(phase() == "Failed");
  CHECK(message("Ready") == "there is no llama-server; install it");
  apply_llm("{model: {modelUri: model-registry://support/v1}, replicas: 2}");  // the same is not told again
  const auto told = store->list(kinds::event)->items;
  REQUIRE(told.size() == 1);
  CHECK(told[0].document()["type"].string_or("") == "Warning");
  CHECK(told[0].document()["reason"].string_or("") == "RuntimeMissing");
  CHECK(told[0].document()["message"].string_or("") == "there is no llama-server; install it");
  CHECK(told[0].document()["involvedObject"]["kind"].string_or("") == "LLMDeployment");
  CHECK_FALSE(deployment().has_value());
  apply_llm("{model: {modelUri: model-registry://support/v1}, runtime: {name: simulated}}");
  CHECK(deployment().has_value());
}

TEST_CASE_ON_EVERY_STORE(Fixture, "weights that are not registered yet are found once they are") {
  apply_llm("{model: {modelUri: model-registry://support/v9}}");
  CHECK(phase() == "Failed");
  CHECK(llm().condition_status("ModelResolved") == "False");
  CHECK_FALSE(deployment().has_value());
  weights.known["model-registry://support/v9"] = "/blobs/v9";
  world.run_for(std::chrono::seconds(6));
  CHECK(deployment().has_value());
  CHECK(phase() == "Pending");
}

TEST_CASE_ON_EVERY_STORE(Fixture,
                         "nothing is started while the weights are being verified, and it starts as soon as they are") {
  weights.unread["/blobs/v1"] = 40'200'000'000;
  apply_llm(kV1);
  CHECK(phase() == "Pending");
  CHECK_FALSE(deployment().has_value());
  CHECK(llm().condition_status("ModelResolved") == "Unknown");
  CHECK(message("ModelResolved") == "verifying weights (40 GB)");
  CHECK(message("Ready") == "0 of 1 replicas are ready; verifying weights (40 GB)");

  // It waits to be told, however long it takes.
  const int asked = weights.asked;
  world.run_for(std::chrono::hours(1));
  CHECK(weights.asked == asked);

  weights.read("/blobs/v1");
  settle();
  REQUIRE(deployment().has_value());
  CHECK(message("ModelResolved") == "model-registry://support/v1 at /blobs/v1");
  weights.read("/blobs/another");
  settle();
  CHECK(weights.asked == asked + 2);  // once told, once for the Deployment it made
}

TEST_CASE_ON_EVERY_STORE(Fixture, "weights that turn out to be wrong are refused with the file's name") {
  weights.unread["/blobs/v1"] = 98'000'000;
  apply_llm(kV1);
  CHECK(message("ModelResolved") == "verifying weights (98 MB)");
  weights.wrong.emplace("/blobs/v1", Error(Code::data_loss, "/blobs/v1 is damaged"));
  weights.read("/blobs/v1");
  settle();
  CHECK(phase() == "Failed");
  CHECK(llm().condition_status("ModelResolved") == "False");
  CHECK(message("Ready").contains("/blobs/v1 is damaged"));
  CHECK_FALSE(deployment().has_value());
}

TEST_CASE_ON_EVERY_STORE(Fixture, "after a restart what serves stays Ready while its weights are read again") {
  apply_llm(kV1);
  deployment_says(1, 1, 1);
  const auto before = deployment()->resource_version();
  serving.reset();
  CHECK(weights.changed == nullptr);
  store.reset();
  world.crash_control_plane();
  store = place.open();
  weights.unread["/blobs/v1"] = 98'000'000;
  serving = start();
  settle();
  CHECK(phase() == "Ready");
  CHECK(llm().condition_status("Ready") == "True");
  CHECK(message("ModelResolved") == "verifying weights (98 MB)");

  // Its Pods are looked after meanwhile; what would change them waits.
  deployment_says(1, 1, 0);
  CHECK(llm().condition_status("Ready") == "False");
  deployment_says(1, 1, 1);
  CHECK(phase() == "Ready");
  apply_llm("{model: {modelUri: model-registry://support/v1, version: v1}, replicas: 2}");
  CHECK(phase() == "Loading");
  CHECK(message("Ready") == "1 of 2 replicas are ready; verifying weights (98 MB)");
  CHECK(deployment()->spec()["replicas"].int_or(0) == 1);
  weights.read("/blobs/v1");
  settle();
  CHECK(deployment()->spec()["replicas"].int_or(0) == 2);
  CHECK(before != deployment()->resource_version());
}

TEST_CASE_ON_EVERY_STORE(Fixture, "pinned weights are asked for by their digest") {
  const std::string hex(64, 'a');
  apply_llm("{model: {modelUri: model-registry://support/v1, checksums: {sha256: " + hex + "}}}");
  CHECK(phase() == "Failed");
  weights.known["model-registry://support/v1" + hex] = "/blobs/aa";
  world.run_for(std::chrono::seconds(6));
  CHECK(message("ModelResolved") == "model-registry://support/v1 at /blobs/aa");
}

TEST_CASE_ON_EVERY_STORE(Fixture, "a Deployment of somebody else is not taken over") {
  apply(R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: support, namespace: demo}
spec:
  replicas: 5
  selector: {matchLabels: {app: other}}
  template: {metadata: {labels: {app: other}}, spec: {containers: [{name: other, image: x}]}}
)");
  apply_llm(kV1);
  CHECK(phase() == "Failed");
  CHECK(deployment()->spec()["replicas"].int_or(0) == 5);
}

TEST_CASE_ON_EVERY_STORE(Fixture,
                         "the template of a Rollout starts nothing, and serves itself again without the Rollout") {
  constexpr auto rollout = R"(
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: support, namespace: demo}
spec: {workloadRef: {apiVersion: inference.llm-d.io/v1alpha1, kind: LLMDeployment, name: support}})";
  apply(rollout);
  apply_llm(kV1);
  CHECK_FALSE(deployment().has_value());
  CHECK(llm().condition_status("Ready") == "Unknown");
  REQUIRE(store->remove(kinds::rollout, {"demo", "support"}).has_value());
  settle();
  CHECK(deployment().has_value());

  deployment_says(1, 1, 1);
  apply(rollout);  // it serves: it stays until the Rollout has something that does
  CHECK(deployment().has_value());
  objects::modify_status(*store, kinds::rollout, {"demo", "support"}, [](Object& object) {
    object.status().at_or_insert("stableRS") = "abc";
    return true;
  }).value();
  settle();
  CHECK_FALSE(deployment().has_value());
}

TEST_CASE_ON_EVERY_STORE(Fixture, "after a crash the controller carries on from what is stored") {
  apply_llm(kV1);
  serving.reset();
  store.reset();
  world.crash_control_plane();
  store = place.open();
  deployment_says(1, 1, 1);
  serving = start();
  settle();
  CHECK(phase() == "Ready");
  REQUIRE(store->remove(kinds::llm_deployment, {"demo", "support"}).has_value());
  settle();
  if (place.traits().collects_garbage) CHECK_FALSE(deployment().has_value());
}

TEST_CASE_ON_EVERY_STORE(Fixture, "nothing is written when nothing changes") {
  apply_llm(kV1);
  deployment_says(1, 1, 1);
  const auto before = std::pair(llm().resource_version(), deployment()->resource_version());
  serving.reset();
  serving = start();  // looks at everything again
  settle();
  CHECK(std::pair(llm().resource_version(), deployment()->resource_version()) == before);
}
