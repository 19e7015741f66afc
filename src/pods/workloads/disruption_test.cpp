// Budgets of disruption, and the older ReplicationController that they may count.

#include "pods/workloads/disruption.hpp"

#include "pods/test_machine.hpp"
#include "pods/workloads/replica_set.hpp"

namespace slipway::pods {
namespace {

using namespace testing;
using workloads::budget_kind;

struct Guarded : Machine {
  using Machine::Machine;
  std::string workload(const std::string& kind, const std::string& selector) {
    return kind + "\nmetadata: {name: web, namespace: default}\nspec:\n  replicas: 3\n  selector: " + selector +
           "\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n"
           "      - {name: main, image: x, command: [server], readinessProbe: {httpGet: {port: 8000}, periodSeconds: "
           "1}}\n";
  }
  std::string deployment() { return workload("apiVersion: apps/v1\nkind: Deployment", "{matchLabels: {app: web}}"); }
  std::string budget(const std::string& spec) {
    return "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web, namespace: default}\n"
           "spec: {selector: {matchLabels: {app: web}}, " +
           spec + "}\n";
  }
  // "3/2 of 3: 1": how many are well, must be, are expected, and may go.
  std::string shown_budget() {
    const auto status = get(budget_kind, "web").status();
    return status["currentHealthy"].string_or("-") + "/" + status["desiredHealthy"].string_or("-") + " of " +
           status["expectedPods"].string_or("-") + ": " + status["disruptionsAllowed"].string_or("-");
  }
  bool until_budget(const std::string& wanted, Duration deadline = 1min) {
    const bool seen = simulation.run_until([&] { return shown_budget() == wanted; }, deadline);
    if (!seen) MESSAGE("the budget is ", shown_budget(), ", not ", wanted);
    return seen;
  }
};

}  // namespace

TEST_CASE("Disruption: what a budget expects follows from its spec and from what the controllers want") {
  struct Row {
    const char* spec;
    int scale, pods;
    int expected, desired;
  };
  const Row rows[] = {
      {"{minAvailable: 2}", 0, 5, 5, 2},     {"{minAvailable: 50%}", 5, 3, 5, 3}, {"{maxUnavailable: 1}", 5, 3, 5, 4},
      {"{maxUnavailable: 30%}", 5, 3, 5, 3}, {"{maxUnavailable: 9}", 5, 3, 5, 0}, {"{}", 0, 5, 5, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.spec);
    const auto counts = workloads::count_expected(*doc::parse_yaml(row.spec, "test.yaml"), row.scale, row.pods);
    CHECK(counts.expected == row.expected);
    CHECK(counts.desired == row.desired);
  }
  CHECK(workloads::DisruptionCounts{3, 2, 3}.allowed() == 1);
  CHECK(workloads::DisruptionCounts{3, 2, 1}.allowed() == 0);
  CHECK(workloads::DisruptionCounts{0, 0, 1}.allowed() == 0);
}

TEST_CASE_ON_EVERY_STORE(Guarded, "Disruption: a budget says how many of its Pods may go now") {
  create(deployment() + "---\n" + budget("maxUnavailable: 1"));
  REQUIRE(until_budget("3/2 of 3: 1"));
  CHECK(get(budget_kind, "web").condition("DisruptionAllowed")["reason"].string_or("") == "SufficientPods");
  const auto first = pods().front().name();
  journal->unready.insert(first.name);
  REQUIRE(until_budget("2/2 of 3: 0"));
  CHECK(get(budget_kind, "web").condition("DisruptionAllowed")["reason"].string_or("") == "InsufficientPods");
  journal->unready.erase(first.name);
  REQUIRE(until_budget("3/2 of 3: 1"));
  // One that was granted to an eviction counts no more, until it is clear that it stays.
  REQUIRE(objects::modify_status(*store, budget_kind, {"default", "web"}, [&](objects::Object& current) {
    current.status().at_or_insert("disruptionsAllowed") = 0;
    current.status().at_or_insert("disruptedPods").at_or_insert(first.name) = core::render_rfc3339(world.clock.now());
    return true;
  }));
  simulation.run_for(5s);
  CHECK(shown_budget() == "2/2 of 3: 0");
  REQUIRE(until_budget("3/2 of 3: 1", 3min));
  CHECK(get(budget_kind, "web").status()["disruptedPods"].is_null());
}

TEST_CASE("Disruption: a ReplicationController keeps its Pods, and a budget counts them") {
  Guarded machine;
  machine.create(machine.workload("apiVersion: v1\nkind: ReplicationController", "{app: web}") + "---\n" +
                 machine.budget("minAvailable: 60%"));
  REQUIRE(machine.until_budget("3/2 of 3: 1"));
  const auto pods = machine.pods();
  for (const auto& pod : pods) CHECK(pod.owners().front().kind == "ReplicationController");
  REQUIRE(machine.store->remove(kinds::pod, pods.front().name()));
  REQUIRE(machine.simulation.run_until([&] { return !machine.exists(pods.front().name().name); }, 1min));
  REQUIRE(machine.until_budget("3/2 of 3: 1"));
  CHECK(machine.get(workloads::replication_controller_kind, "web").status()["readyReplicas"].int_or(0) == 3);
}

TEST_CASE("Disruption: whom nobody scales a percentage is not taken of") {
  Guarded machine;
  machine.create(
      "apiVersion: batch/v1\nkind: Job\nmetadata: {name: web, namespace: default}\nspec: {template: {metadata: "
      "{labels: "
      "{app: web}}, spec: {restartPolicy: Never, containers: [{name: main, image: x, command: [sleep]}]}}}\n---\n" +
      machine.budget("maxUnavailable: 1"));
  const auto reason = [&] {
    return machine.get(budget_kind, "web").condition("DisruptionAllowed")["reason"].string_or("");
  };
  REQUIRE(machine.simulation.run_until([&] { return reason() == "SyncFailed"; }, 10s));
  CHECK(machine.events_of("web").contains("CalculateExpectedPodCountFailed"));
}

}  // namespace slipway::pods
