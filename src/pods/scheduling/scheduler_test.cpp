// Pods that share one machine: of one processor and 1 GiB, as the simulated one says.

#include "pods/scheduling/scheduler.hpp"

#include "pods/test_machine.hpp"

namespace slipway::pods {
namespace {

using namespace testing;

std::string asking(const std::string& name, const std::string& requests, const std::string& spec = "") {
  return pod_yaml(name, "[server]", "resources: {requests: {" + requests + "}}", spec);
}

std::string why_pending(Machine& machine, const std::string& name) {
  return machine.pod(name).condition("PodScheduled")["message"].string_or("");
}

}  // namespace

TEST_CASE_ON_EVERY_STORE(Machine, "Scheduler: who does not fit waits until somebody leaves") {
  create(asking("first", "cpu: 600m") + "---\n" + asking("second", "cpu: 600m"));
  REQUIRE(until_shown("first", "1/1 Running 0"));
  CHECK(
      why_pending(*this, "second") ==
      "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: "
      "1 No preemption victims found for incoming pod.");
  CHECK(pod("second").condition("PodScheduled")["reason"].string_or("") == "Unschedulable");
  CHECK(events_of("second") == "FailedScheduling 1\n");
  REQUIRE(store->remove(kinds::pod, {"default", "first"}));
  REQUIRE(until_shown("second", "1/1 Running 0"));
  CHECK(pod("second").condition_status("PodScheduled") == "True");
  // One that has ended has left, too.
  create(pod_yaml("brief", "[job, '0']", "resources: {requests: {cpu: 400m}}", "restartPolicy: Never") + "---\n" +
         asking("third", "cpu: 400m"));
  REQUIRE(until_shown("third", "1/1 Running 0"));
}

TEST_CASE_ON_EVERY_STORE(Machine, "Scheduler: who wants to be beside another waits until that one comes") {
  create(pod_yaml("web", "[server]", "",
                  "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
                  "kubernetes.io/hostname, labelSelector: {matchLabels: {app: db}}}]}}"));
  simulation.run_for(5s);
  CHECK(why_pending(*this, "web").contains("didn't match pod affinity rules"));
  create(pod_yaml("db", "[server]"));
  REQUIRE(until_shown("db", "1/1 Running 0"));
  simulation.run_for(5s);
  CHECK(why_pending(*this, "web").contains("didn't match pod affinity rules"));
  // It is called so only later.
  REQUIRE(objects::modify(*store, kinds::pod, {"default", "db"}, [](objects::Object& db) {
    db.set_label("app", "db");
    return true;
  }));
  REQUIRE(until_shown("web", "1/1 Running 0"));
}

TEST_CASE_ON_EVERY_STORE(Machine, "Scheduler: what the node has not, it may have later") {
  create(pod_yaml("trainer", "[server]", "resources: {limits: {nvidia.com/gpu: 1}, requests: {nvidia.com/gpu: 1}}"));
  simulation.run_for(5s);
  CHECK(
      why_pending(*this, "trainer") ==
      "0/1 nodes are available: 1 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: 0/1 nodes are "
      "available: 1 Preemption is not helpful for scheduling.");
  REQUIRE(objects::modify_status(*store, kinds::node, {"", "machine"}, [](objects::Object& machine) {
    for (const char* part : {"capacity", "allocatable"})
      machine.status().at_or_insert(part).at_or_insert("nvidia.com/gpu") = "1";
    return true;
  }));
  REQUIRE(until_shown("trainer", "1/1 Running 0"));
  crash();
  start();
  CHECK(store->get(kinds::node, {"", "machine"})->status()["allocatable"]["nvidia.com/gpu"].string_or("") == "1");
}

TEST_CASE("Scheduler: the important come first, and push out who is less so") {
  Machine machine;
  machine.create(asking("low", "cpu: 500m", "priority: 1") + "---\n" + asking("lower", "cpu: 500m", "priority: 0"));
  REQUIRE(machine.until_shown("low", "1/1 Running 0"));
  REQUIRE(machine.until_shown("lower", "1/1 Running 0"));
  machine.create(asking("middle", "cpu: 500m", "priority: 1"));
  REQUIRE(machine.simulation.run_until([&] { return !why_pending(machine, "middle").empty(); }, 1s));
  CHECK(why_pending(machine, "middle") == "0/1 nodes are available: 1 Insufficient cpu.");
  CHECK(machine.pod("middle").status()["nominatedNodeName"].string_or("") == "machine");
  REQUIRE(machine.until_shown("middle", "1/1 Running 0"));
  CHECK_FALSE(machine.exists("lower"));
  CHECK(machine.events_of("lower").find("Preempted 1") != std::string::npos);
  machine.create(asking("polite", "cpu: 500m", "priority: 9\n  preemptionPolicy: Never"));
  machine.simulation.run_for(1min);
  CHECK(machine.shown("polite") == "0/1 Pending -");
  CHECK(why_pending(machine, "polite").ends_with("preemption: not eligible due to preemptionPolicy=Never."));
  machine.create(asking("urgent", "cpu: '1'", "priority: 5"));
  machine.simulation.run_for(1min);
  // Both had to go; but nobody may pass by who waits and is more important.
  CHECK(machine.shown("polite") == "1/1 Running 0");
  CHECK(machine.shown("urgent") == "0/1 Pending -");
  REQUIRE(machine.store->remove(kinds::pod, {"default", "polite"}));
  REQUIRE(machine.until_shown("urgent", "1/1 Running 0"));
}

TEST_CASE("Scheduler: a namespace that is called otherwise wakes who selects by that") {
  Machine machine;
  machine.create("apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n---\n" +
                 pod_yaml("db", "[server]", "", "") + "---\n" +
                 pod_yaml("web", "[server]", "",
                          "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
                          "kubernetes.io/hostname, namespaceSelector: {matchLabels: {team: a}}, labelSelector: "
                          "{matchLabels: {role: db}}}]}}"));
  REQUIRE(objects::modify(*machine.store, kinds::pod, {"default", "db"}, [](objects::Object& db) {
    db.set_label("role", "db");
    return true;
  }));
  machine.simulation.run_for(10s);
  CHECK(why_pending(machine, "web").contains("didn't match pod affinity rules"));
  REQUIRE(objects::modify(*machine.store, kinds::namespace_, {"", "default"}, [](objects::Object& space) {
    space.set_label("team", "a");
    return true;
  }));
  REQUIRE(machine.until_shown("web", "1/1 Running 0"));
}

TEST_CASE("Scheduler: no place is kept for who would not fit there for good") {
  Machine machine;
  machine.create(asking("low", "cpu: 800m", "priority: 1"));
  REQUIRE(machine.until_shown("low", "1/1 Running 0"));
  machine.journal->deaf.insert("low");
  machine.create(asking("urgent", "cpu: 800m", "priority: 9"));
  const auto nominated = [&] { return machine.pod("urgent").status()["nominatedNodeName"].string_or(""); };
  REQUIRE(machine.simulation.run_until([&] { return nominated() == "machine"; }, 5s));
  REQUIRE(objects::modify(*machine.store, kinds::node, {"", "machine"}, [](objects::Object& node) {
    node.spec().at_or_insert("unschedulable") = true;
    return true;
  }));
  REQUIRE(machine.simulation.run_until([&] { return nominated().empty(); }, 5s));
  CHECK(why_pending(machine, "urgent").contains("node(s) were unschedulable"));
  // Nobody is kept out for its sake.
  machine.create(asking("daemon", "cpu: 100m", "tolerations: [{operator: Exists}]"));
  CHECK(machine.until_shown("daemon", "1/1 Running 0"));
}

TEST_CASE("Scheduler: whenever the control plane is killed, no more is given out than there is") {
  for (int moment = 0; moment < 20; ++moment) {
    Machine machine(support::in_memory(), static_cast<std::uint64_t>(moment) + 1);
    std::string all;
    for (const char* name : {"a", "b", "c", "d", "e"}) all += (all.empty() ? "" : "---\n") + asking(name, "cpu: 400m");
    machine.create(all);
    machine.simulation.run_for(std::chrono::microseconds(500 * moment));
    machine.crash();
    machine.start();
    machine.simulation.run_for(10s);
    int running = 0;
    for (const auto& pod : machine.pods()) running += pod.status()["phase"].string_or("") == "Running";
    CHECK(running == 2);
  }
}

}  // namespace slipway::pods
