// HorizontalPodAutoscalers over Deployments of a simulated machine, whose Pods use what the test says.

#include "pods/workloads/autoscaler.hpp"

#include "pods/test_machine.hpp"

namespace slipway::pods {
namespace {

using namespace testing;
using workloads::autoscaler_kind;

struct Scaled : Machine {
  explicit Scaled(const support::StoreEntry& entry = support::in_memory())
      : Machine(entry), reconciler(world, *store, [this](const objects::Object& pod) { return usage_of(pod); }) {
    controller.emplace(world, *store, "autoscaler", reconciler);
    controller->reconciles(autoscaler_kind);
    REQUIRE(controller->start());
  }
  std::optional<doc::Value> usage_of(const objects::Object&) {
    if (used.empty()) return std::nullopt;
    const doc::Object usage{{"cpu", used}, {"memory", "100Mi"}};
    return doc::Object{{"timestamp", core::render_rfc3339(world.clock.now() + 1h)},
                       {"window", "15s"},
                       {"containers", doc::Array{doc::Object{{"name", "main"}, {"usage", usage}}}}};
  }
  void make(const std::string& metric, const std::string& more = "") {
    create(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: default}\nspec:\n  replicas: 2\n"
        "  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n"
        "      containers: [{name: main, image: x, command: [server], resources: {requests: {cpu: 100m}}}]\n---\n"
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web, namespace: default}\nspec:\n"
        "  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  minReplicas: 1\n  maxReplicas: 5\n" +
        more + "  metrics: [" + metric + "]\n");
  }
  std::int64_t replicas() { return get(kinds::deployment, "web").spec()["replicas"].int_or(-1); }
  std::string condition(const char* type) {
    const auto found = get(autoscaler_kind, "web").condition(type);
    return found["status"].string_or("") + " " + found["reason"].string_or("");
  }

  std::string used = "50m";
  workloads::AutoscalerReconciler reconciler;
  std::optional<objects::Controller> controller;
};

const char* cpu_half = "{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}";

}  // namespace

TEST_CASE_ON_EVERY_STORE(Scaled, "Autoscaler: it follows what Pods use, up at once and down when it lasts") {
  make(cpu_half);
  simulation.run_for(1min);
  CHECK(replicas() == 2);
  CHECK(condition("ScalingActive") == "True ValidMetricFound");
  CHECK(condition("AbleToScale") == "True ReadyForNewScale");
  CHECK(condition("ScalingLimited") == "False DesiredWithinRange");
  const auto current = [&] {
    return get(autoscaler_kind, "web").status()["currentMetrics"][std::size_t{0}]["resource"]["current"];
  };
  CHECK(current()["averageUtilization"].int_or(0) == 50);
  CHECK(current()["averageValue"].string_or("") == "50m");
  used = "100m";
  REQUIRE(simulation.run_until([&] { return replicas() == 4; }, 16s));
  CHECK(events_of("web").find("SuccessfulRescale 1") != std::string::npos);
  REQUIRE(simulation.run_until([&] { return replicas() == 5; }, 40s));
  REQUIRE(simulation.run_until([&] { return condition("ScalingLimited") == "True TooManyReplicas"; }, 40s));
  used = "10m";
  simulation.run_for(4min);
  CHECK(replicas() == 5);
  CHECK(condition("AbleToScale") == "True ScaleDownStabilized");
  REQUIRE(simulation.run_until([&] { return replicas() == 1; }, 2min));
  CHECK(get(autoscaler_kind, "web").status()["lastScaleTime"].is_string());
  CHECK(get(autoscaler_kind, "web").status()["desiredReplicas"].int_or(0) == 1);
}

TEST_CASE_ON_EVERY_STORE(Scaled, "Autoscaler: what it cannot measure it says, and leaves the number alone") {
  make("{type: Pods, pods: {metric: {name: queue}, target: {type: AverageValue, averageValue: '3'}}}");
  simulation.run_for(20s);
  CHECK(condition("ScalingActive") == "False FailedGetPodsMetric");
  CHECK(get(autoscaler_kind, "web").condition("ScalingActive")["message"].string_or("") ==
        "the HPA was unable to compute the replica count: unable to fetch metrics from custom metrics API: no custom "
        "metrics API (custom.metrics.k8s.io) registered");
  CHECK(replicas() == 2);
  REQUIRE(objects::modify(*store, autoscaler_kind, {"default", "web"}, [](objects::Object& autoscaler) {
    autoscaler.spec().at_or_insert("metrics") = doc::Array{*doc::parse_yaml(cpu_half, "test.yaml")};
    return true;
  }));
  used.clear();
  simulation.run_for(20s);
  CHECK(condition("ScalingActive") == "False FailedGetResourceMetric");
  REQUIRE(objects::modify(*store, kinds::deployment, {"default", "web"}, [](objects::Object& deployment) {
    deployment.spec().at_or_insert("replicas") = 9;
    return true;
  }));
  REQUIRE(simulation.run_until([&] { return replicas() == 5; }, 20s));  // never more than it may
  REQUIRE(objects::modify(*store, kinds::deployment, {"default", "web"}, [](objects::Object& deployment) {
    deployment.spec().at_or_insert("replicas") = 0;
    return true;
  }));
  REQUIRE(simulation.run_until([&] { return condition("ScalingActive") == "False ScalingDisabled"; }, 20s));
  REQUIRE(store->remove(kinds::deployment, {"default", "web"}));
  REQUIRE(simulation.run_until([&] { return condition("AbleToScale") == "False FailedGetScale"; }, 1min));
}

}  // namespace slipway::pods
