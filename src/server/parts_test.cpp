// What the platform itself keeps among the objects, on every store: its parts as Pods, and what people apply.

#include <doctest/doctest.h>

#include "objects/kinds.hpp"
#include "server/api.hpp"
#include "server/infrastructure.hpp"
#include "server/mirror_pods.hpp"
#include "support/stores.hpp"

using namespace slipway;
using namespace slipway::server;
namespace kinds = objects::kinds;

namespace {

struct NoEvents final : core::EventSink {
  void record(core::Event) override {}
};

struct Ground {
  explicit Ground(const support::StoreEntry& entry)
      : place(entry, world, {"kubeflow", "llm-d-system", "istio-system", "monitoring"}) {}

  objects::Object istiod() { return store->get(kinds::pod, {"istio-system", "istiod"}).value(); }
  void show() { REQUIRE(show_mirror_pods(parts, *store, {"machine", "0.1.0", 4711, ""})); }

  core::SimulatedWorld world{3};
  core::World parts = world.world();
  support::StoreUnderTest place;
  std::unique_ptr<objects::Store> store = place.open();
  NoEvents events;
};

std::vector<objects::Object> manifest(const std::string& text) {
  return objects::parse_manifest(text, "test.yaml").value();
}

constexpr const char* service = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: chat, namespace: fresh}
spec: {hosts: [chat.example.com], http: [{route: [{destination: {host: chat}}]}]}
)";

}  // namespace

TEST_CASE_ON_EVERY_STORE(Ground, "the control plane is shown as Pods that count how often it fell") {
  show();
  CHECK(istiod().condition_status("Ready") == "True");
  const auto restarts = [&] { return istiod().status()["containerStatuses"][0]["restartCount"].int_or(-1); };
  CHECK(restarts() == 0);
  show();  // nobody stopped it
  CHECK(restarts() == 1);
  REQUIRE(stop_mirror_pods(parts, *store));
  CHECK(istiod().condition_status("Ready") == "False");
  CHECK(istiod().status()["containerStatuses"][0]["state"]["terminated"]["exitCode"].int_or(-1) == 0);
  show();
  CHECK(restarts() == 1);
}

TEST_CASE_ON_EVERY_STORE(Ground, "a mirror Pod that somebody deleted is there again while its process runs") {
  show();
  MirrorPods mirrors(parts, *store, {"machine", "0.1.0", 4711, ""});
  REQUIRE(mirrors.start());
  world.run_for(std::chrono::seconds(1));
  const auto uid = istiod().uid();
  REQUIRE(store->remove(kinds::pod, {"istio-system", "istiod"}, {.grace = Duration{}}));
  world.run_for(std::chrono::seconds(1));
  CHECK(istiod().uid() != uid);
  CHECK(istiod().condition_status("Ready") == "True");
  CHECK(istiod().status()["containerStatuses"][0]["restartCount"].int_or(-1) == 0);
}

TEST_CASE_ON_EVERY_STORE(Ground, "a part's Pod is made again when it shall run something else") {
  InfrastructurePod pod{.ns = "monitoring",
                        .name = "prometheus",
                        .container = "prometheus",
                        .argv = {"prometheus", "--one"},
                        .ready_path = "/-/ready",
                        .ready_port = 9090};
  CHECK(ensure_pod(*store, pod).value());
  const auto uid = store->get(kinds::pod, {"monitoring", "prometheus"})->uid();
  CHECK(ensure_pod(*store, pod).value());
  CHECK(store->get(kinds::pod, {"monitoring", "prometheus"})->uid() == uid);
  pod.argv.back() = "--two";
  CHECK_FALSE(ensure_pod(*store, pod).value());
  CHECK(ensure_pod(*store, pod).value());
  CHECK(store->get(kinds::pod, {"monitoring", "prometheus"})->uid() != uid);
}

TEST_CASE("what is applied is not ours to judge where somebody's own definition stands") {
  Ground ground(support::in_memory());
  const std::string slo = "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: answers}\nspec: {custom: true}\n";
  CHECK(apply_objects(*ground.store, ground.events, "ada", manifest(slo)).error().code == Code::invalid_argument);
  const auto of_nobody = [](const objects::Kind&) { return false; };
  CHECK(apply_objects(*ground.store, ground.events, "ada", manifest(slo), of_nobody).value().size() == 1);
  const std::string promotion =
      "apiVersion: slipway.dev/v1alpha1\nkind: Promotion\nmetadata: {name: p, namespace: fresh}\nspec: {}\n";
  CHECK(apply_objects(*ground.store, ground.events, "ada", manifest(promotion), of_nobody).error().code ==
        Code::permission_denied);
}

TEST_CASE_ON_EVERY_STORE(Ground, "what is applied gets its namespace, and says what became of it") {
  using Lines = std::vector<std::string>;
  CHECK(apply_objects(*store, events, "ada", manifest(service)).value() == Lines{"VirtualService fresh/chat created"});
  CHECK(apply_objects(*store, events, "ada", manifest(service)).value() ==
        Lines{"VirtualService fresh/chat unchanged"});
  const std::string changed = std::string(service).replace(std::string(service).find("chat.example"), 4, "talk");
  CHECK(apply_objects(*store, events, "ada", manifest(changed)).value() ==
        Lines{"VirtualService fresh/chat configured"});
  CHECK(store->get(kinds::namespace_, {"", "fresh"}).has_value());
}
