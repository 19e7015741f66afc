// The life of Pods on a simulated machine.

#include "pods/node.hpp"

#include "pods/test_machine.hpp"

namespace slipway::pods {
namespace {

using namespace testing;
constexpr const char* probed = "readinessProbe: {periodSeconds: 1, httpGet: {path: /health, port: 8000}}";

TEST_CASE_ON_EVERY_STORE(Machine,
                         "Node: a Pod is bound, gets an address of its own, runs, and its object tells the truth") {
  Machine& machine = *this;
  machine.create(pod_yaml("a", "[server]", probed) + "---\n" + pod_yaml("b", "[server]", probed));
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  REQUIRE(machine.until_shown("b", "1/1 Running 0"));
  const auto a = machine.pod("a");
  const auto b = machine.pod("b");
  CHECK(a.spec()["nodeName"].string_or("") == "machine");
  CHECK(a.finalizers() == std::vector<std::string>{"slipway.dev/node"});
  const std::string address = a.status()["podIP"].string_or("");
  CHECK(address.starts_with("127."));
  CHECK(address != b.status()["podIP"].string_or(""));
  for (const char* type : {"PodScheduled", "Initialized", "ContainersReady", "Ready"}) {
    CHECK(a.condition_status(type) == "True");
  }
  CHECK(a.status()["containerStatuses"][0]["state"]["running"]["startedAt"].is_string());
  CHECK(*machine.node->read_log({"default", "a"}, "", {}) == "hello from a\n");
  CHECK(machine.store->get(kinds::node, {"", "machine"})->condition_status("Ready") == "True");
}

TEST_CASE_ON_EVERY_STORE(Machine, "Node: its object is there again when somebody deleted it, and Pods run on") {
  Machine& machine = *this;
  machine.create(pod_yaml("a", "[server]", probed));
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  const auto uid = machine.store->get(kinds::node, {"", "machine"})->uid();
  REQUIRE(machine.store->remove(kinds::node, {"", "machine"}));
  machine.simulation.run_for(1s);
  const auto again = machine.store->get(kinds::node, {"", "machine"}).value();
  CHECK(again.uid() != uid);
  CHECK(again.condition_status("Ready") == "True");
  CHECK(machine.shown("a") == "1/1 Running 0");
}

TEST_CASE("Node: a Pod that fits nowhere stays Pending and says why, and runs when the node has what it asks for") {
  Machine machine;
  machine.create(pod_yaml("picky", "[server]", "", "nodeSelector: {pool: gpu}") + "---\n" +
                 pod_yaml("others", "[server]", "", "schedulerName: nobody") + "---\n" +
                 pod_yaml("gated", "[server]", "", "schedulingGates: [{name: example.com/quota}]"));
  machine.simulation.run_for(5s);
  const auto picky = machine.pod("picky");
  CHECK(picky.status()["phase"].string_or("") == "Pending");
  CHECK(picky.condition_status("PodScheduled") == "False");
  const auto& condition = picky.status()["conditions"][std::size_t{0}];
  CHECK(condition["reason"].string_or("") == "Unschedulable");
  CHECK(condition["message"].string_or("") ==
        "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, "
        "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.");
  CHECK(machine.events_of("picky") == "FailedScheduling 1\n");
  for (const char* name : {"others", "gated"}) {
    CHECK(machine.pod(name).spec()["nodeName"].string_or("").empty());
    CHECK(machine.events_of(name).empty());
  }
  CHECK(machine.journal->started.empty());

  REQUIRE(objects::modify(*machine.store, kinds::node, {"", "machine"}, [](objects::Object& node) {
    node.set_label("pool", "gpu");
    return true;
  }));
  REQUIRE(machine.until_shown("picky", "1/1 Running 0"));
  CHECK(machine.pod("picky").condition_status("PodScheduled") == "True");
  CHECK(machine.events_of("picky") == "Created 1\nFailedScheduling 1\nScheduled 1\nStarted 1\n");

  REQUIRE(objects::modify(*machine.store, kinds::pod, {"default", "gated"},
                          [](objects::Object& pod) { return pod.spec().as_object().erase("schedulingGates"); }));
  REQUIRE(machine.until_shown("gated", "1/1 Running 0"));
  // Bound by hand, whoever schedules it.
  REQUIRE(objects::modify(*machine.store, kinds::pod, {"default", "others"}, [](objects::Object& pod) {
    pod.spec().at_or_insert("nodeName") = "machine";
    return true;
  }));
  REQUIRE(machine.until_shown("others", "1/1 Running 0"));
}

TEST_CASE_ON_EVERY_STORE(Machine, "Node: what becomes of a Pod is told in Events, the same thing once and counted") {
  Machine& machine = *this;
  machine.create(pod_yaml("a", "[job, '3']"));
  machine.simulation.run_for(60s);
  CHECK(machine.events_of("a") == "BackOff 3\nCreated 4\nScheduled 1\nStarted 4\n");
  REQUIRE(machine.store->remove(kinds::pod, {"default", "a"}));
  machine.create(pod_yaml("b", "[]"));
  REQUIRE(machine.until_shown("b", "0/1 ErrImagePull 0"));
  CHECK(machine.events_of("b") == "Failed 1\nScheduled 1\n");
}

TEST_CASE("Node: who looks into a Pod runs beside it, once, and says nothing of how it is") {
  Machine machine;
  const auto add = [&](const std::string& container) {
    REQUIRE(objects::modify(*machine.store, kinds::pod, {"default", "a"}, [&](objects::Object& pod) {
      auto& guests = pod.spec().at_or_insert("ephemeralContainers");
      if (!guests.is_array()) guests = doc::Array{};
      guests.as_array().push_back(*doc::parse_yaml(container, "guest.yaml"));
      return true;
    }));
  };
  const auto state_of = [&](std::size_t index) {
    const auto pod = machine.pod("a");
    const auto& state = pod.status()["ephemeralContainerStatuses"][index]["state"];
    if (state["running"].is_object()) return std::string("running");
    if (state["terminated"].is_object()) return "ended with " + state["terminated"]["exitCode"].string_or("");
    return state["waiting"]["message"].string_or("nothing");
  };
  machine.create(pod_yaml("a", "[server]", probed));
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  add("{name: look, image: busybox, command: [job, 3]}");
  REQUIRE(machine.simulation.run_until([&] { return state_of(0) == "ended with 3"; }, 10s));
  add("{name: stay, image: busybox, command: [sleep], targetContainerName: main}");
  add("{name: lost, image: busybox}");
  REQUIRE(machine.simulation.run_until([&] { return state_of(1) == "running"; }, 10s));
  CHECK(state_of(2).find("command") != std::string::npos);
  machine.simulation.run_for(60s);
  CHECK(machine.shown("a") == "1/1 Running 0");
  CHECK(machine.count_started("look") == 1);
  CHECK(*machine.node->read_log({"default", "a"}, "look", {}) == "hello from a\n");

  machine.crash();
  machine.start();
  machine.simulation.run_for(10s);
  CHECK(state_of(0) == "ended with 3");
  CHECK(state_of(1) == "running");
  CHECK(machine.count_started("look") == 1);
  CHECK(machine.count_started("stay") == 1);
  CHECK(machine.node->process_of({"default", "a"}, "stay"));
  REQUIRE(machine.store->remove(kinds::pod, {"default", "a"}));
  REQUIRE(machine.simulation.run_until([&] { return !machine.exists("a"); }, 60s));
}

TEST_CASE_ON_EVERY_STORE(Machine, "Node: readiness follows the probe, without a restart") {
  Machine& machine = *this;
  machine.journal->unready.insert("a");
  machine.create(pod_yaml("a", "[server]", probed));
  REQUIRE(machine.until_shown("a", "0/1 Running 0"));
  machine.journal->unready.clear();
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  machine.journal->unready.insert("a");
  REQUIRE(machine.until_shown("a", "0/1 Running 0"));
  CHECK(machine.journal->started.size() == 1);
}

TEST_CASE_ON_EVERY_STORE(Machine, "Node: a dead liveness probe restarts the container") {
  Machine& machine = *this;
  machine.create(pod_yaml("a", "[server]", "livenessProbe: {periodSeconds: 1, httpGet: {port: 8000}}"));
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  machine.journal->unready.insert("a");
  REQUIRE(machine.until_shown("a", "1/1 Running 1"));
  const auto pod = machine.pod("a");
  const auto& last = pod.status()["containerStatuses"][0]["lastState"]["terminated"];
  CHECK(last["exitCode"].int_or(0) == 143);
}

TEST_CASE_ON_EVERY_STORE(Machine, "Node: a startup probe holds the others back") {
  Machine& machine = *this;
  machine.journal->unready.insert("a");
  machine.create(pod_yaml("a", "[server]",
                          "startupProbe: {periodSeconds: 1, failureThreshold: 60, httpGet: {port: 8000}}\n"
                          "    livenessProbe: {periodSeconds: 1, failureThreshold: 1, httpGet: {port: 8000}}"));
  machine.simulation.run_for(30s);
  CHECK(machine.shown("a") == "0/1 Running 0");
  machine.journal->unready.clear();
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
}

TEST_CASE_ON_EVERY_STORE(Machine, "Node: a container that keeps failing is backed off, and says so") {
  Machine& machine = *this;
  machine.create(pod_yaml("a", "[job, '3']"));
  machine.simulation.run_for(60s);
  // Ends at 1 s, restarts at once, ends at 2 s, waits 10, ends, waits 20, ends, waits 40.
  CHECK(machine.shown("a") == "0/1 CrashLoopBackOff 3");
  const auto pod = machine.pod("a");
  const auto& status = pod.status();
  CHECK(status["phase"].string_or("") == "Running");
  CHECK(status["containerStatuses"][0]["lastState"]["terminated"]["exitCode"].int_or(0) == 3);
  CHECK(status["containerStatuses"][0]["state"]["waiting"]["message"].string_or("") ==
        "back-off 40s restarting failed container=main pod=a");
  CHECK(machine.journal->started.size() == 4);
}

TEST_CASE_ON_EVERY_STORE(Machine, "Node: jobs end as their policy says") {
  Machine& machine = *this;
  machine.create(pod_yaml("good", "[job, '0']", "", "restartPolicy: Never") + "---\n" +
                 pod_yaml("bad", "[job, '7']", "", "restartPolicy: Never") + "---\n" +
                 pod_yaml("done", "[job, '0']", "", "restartPolicy: OnFailure"));
  REQUIRE(machine.until_shown("good", "0/1 Completed 0"));
  REQUIRE(machine.until_shown("bad", "0/1 Error 0"));
  REQUIRE(machine.until_shown("done", "0/1 Completed 0"));
  machine.simulation.run_for(10min);
  CHECK(machine.pod("good").status()["phase"].string_or("") == "Succeeded");
  const auto bad = machine.pod("bad");
  CHECK(bad.status()["phase"].string_or("") == "Failed");
  CHECK(bad.status()["containerStatuses"][0]["state"]["terminated"]["exitCode"].int_or(0) == 7);
  CHECK(machine.journal->started.size() == 3);
}

TEST_CASE_ON_EVERY_STORE(Machine, "Node: a Pod with readiness gates is ready when those agree who have a say") {
  create(pod_yaml("gated", "[server]", "", "readinessGates: [{conditionType: example.com/listed}]"));
  const auto ready = [&] { return pod("gated").condition("Ready"); };
  REQUIRE(simulation.run_until([&] { return pod("gated").condition_status("ContainersReady") == "True"; }, 10s));
  CHECK(ready()["status"].string_or("") == "False");
  CHECK(ready()["reason"].string_or("") == "ReadinessGatesNotReady");
  CHECK(ready()["message"].string_or("") ==
        "corresponding condition of pod readiness gate \"example.com/listed\" does not exist.");
  const auto say = [&](const char* status) {
    REQUIRE(objects::modify_status(*store, kinds::pod, {"default", "gated"}, [&](objects::Object& current) {
      return current.set_condition("example.com/listed", status, "", "", world.clock.now());
    }));
  };
  say("True");
  REQUIRE(simulation.run_until([&] { return pod("gated").condition_status("Ready") == "True"; }, 10s));
  say("False");
  REQUIRE(simulation.run_until([&] { return pod("gated").condition_status("Ready") == "False"; }, 10s));
}

TEST_CASE_ON_EVERY_STORE(Machine, "Node: what it cannot run is refused with the reason") {
  Machine& machine = *this;
  machine.create(pod_yaml("a", "[]") + "---\n" +
                 pod_yaml("b", "[server]", "", "volumes: [{name: v, nfs: {server: s, path: /}}]") + "---\n" +
                 pod_yaml("c", "[no-such-program]", "", "restartPolicy: Never") + "---\n" +
                 pod_yaml("d", "[server]", "", "os: {name: windows}"));
  REQUIRE(machine.until_shown("a", "0/1 ErrImagePull 0"));
  REQUIRE(machine.until_shown("b", "0/1 CreateContainerConfigError 0"));
  REQUIRE(machine.until_shown("c", "0/1 StartError 0"));
  REQUIRE(machine.until_shown("d", "0/1 CreateContainerConfigError 0"));
  CHECK(machine.journal->started.empty());
}

TEST_CASE("Node: where the machine gives no view of the file system, a Pod that needs one is refused, and others run") {
  Machine machine;
  machine.crash();
  REQUIRE(machine.world.files.write_atomic(refuses_own_view, ""));
  machine.start();
  machine.create(
      pod_yaml("a", "[server]", "volumeMounts: [{name: v, mountPath: /v}]", "volumes: [{name: v, emptyDir: {}}]") +
      "---\n" + pod_yaml("b", "[server]"));
  REQUIRE(machine.until_shown("a", "0/1 CreateContainerConfigError 0"));
  REQUIRE(machine.until_shown("b", "1/1 Running 0"));
  const auto pod = machine.pod("a");
  const auto why = pod.status()["containerStatuses"][0]["state"]["waiting"]["message"].string_or("");
  CHECK(why.find("cannot make a mount namespace: Operation not permitted") != std::string::npos);
  CHECK(machine.events_of("a") == "Failed 1\nScheduled 1\n");
  CHECK(machine.pod("b").condition("slipway.dev/isolation")["reason"].string_or("") == "Process");
}

TEST_CASE_ON_EVERY_STORE(Machine, "Node: a Pod waits for the ConfigMap and the Secret that it is made of") {
  Machine& machine = *this;
  machine.create(R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: default}
spec:
  containers:
  - name: main
    image: x
    command: [server]
    env: [{name: COLOR, valueFrom: {configMapKeyRef: {name: settings, key: color}}}]
    envFrom: [{secretRef: {name: keys}}]
)yaml");
  REQUIRE(machine.until_shown("a", "0/1 CreateContainerConfigError 0"));
  const auto why = [&] {
    const auto pod = machine.pod("a");
    return pod.status()["containerStatuses"][0]["state"]["waiting"]["message"].string_or("");
  };
  CHECK(why() == "secret \"keys\" not found");
  machine.create("apiVersion: v1\nkind: Secret\nmetadata: {name: keys, namespace: default}\ndata: {token: c2VjcmV0}\n");
  REQUIRE(machine.simulation.run_until([&] { return why() == "configmap \"settings\" not found"; }, 30s));
  machine.create(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\ndata: {color: blue}\n");
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
}

TEST_CASE_ON_EVERY_STORE(Machine,
                         "Node: a removed Pod gets SIGTERM, and SIGKILL when its grace is over; then its object goes") {
  Machine& machine = *this;
  machine.create(pod_yaml("kind", "[server]") + "---\n" +
                 pod_yaml("deaf", "[server]", "", "terminationGracePeriodSeconds: 20"));
  REQUIRE(machine.until_shown("kind", "1/1 Running 0"));
  REQUIRE(machine.until_shown("deaf", "1/1 Running 0"));
  machine.journal->deaf.insert("deaf");
  const auto uid = machine.pod("kind").uid();
  REQUIRE(machine.store->remove(kinds::pod, {"default", "kind"}));
  REQUIRE(machine.store->remove(kinds::pod, {"default", "deaf"}));
  machine.simulation.run_for(2s);
  CHECK_FALSE(machine.exists("kind"));
  CHECK_FALSE(machine.world.files.exists("/data/pods/" + uid));
  machine.simulation.run_for(17s);
  CHECK(machine.exists("deaf"));
  machine.simulation.run_for(3s);
  CHECK_FALSE(machine.exists("deaf"));
  CHECK(machine.simulation.processes().empty());
}

TEST_CASE_ON_EVERY_STORE(Machine, "Node: a killed shim takes its program with it and is reported as lost") {
  Machine& machine = *this;
  machine.create(pod_yaml("a", "[server]", "", "restartPolicy: Never"));
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  const auto program = *machine.node->process_of({"default", "a"}, "");
  for (const auto& process : machine.simulation.processes()) {
    if (process != program) machine.simulation.kill(process);
  }
  REQUIRE(machine.until_shown("a", "0/1 ShimLost 0"));
  CHECK(machine.simulation.processes().empty());
  const auto pod = machine.pod("a");
  CHECK(pod.status()["containerStatuses"][0]["state"]["terminated"]["exitCode"].int_or(0) == 255);
}

TEST_CASE_ON_EVERY_STORE(Machine, "Node: stop_all ends everything in order, and a later start is no crash of anybody") {
  Machine& machine = *this;
  machine.create(pod_yaml("a", "[server]") + "---\n" + pod_yaml("deaf", "[server]"));
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  REQUIRE(machine.until_shown("deaf", "1/1 Running 0"));
  for (int round = 1; round <= 3; ++round) {
    machine.journal->deaf.insert("deaf");
    bool stopped = false;
    machine.node->stop_all(5s, [&] { stopped = true; });
    CHECK(machine.simulation.run_until([&] { return stopped; }, 10s));
    CHECK(machine.simulation.processes().empty());
    machine.crash();
    machine.simulation.run_for(1s);
    machine.start();
    CHECK(machine.until_shown("a", "1/1 Running " + std::to_string(round), 5s));
    CHECK(machine.until_shown("deaf", "1/1 Running " + std::to_string(round), 5s));
  }
}

TEST_CASE("Node: records without a Pod are ended and removed") {
  Machine machine;
  machine.create(pod_yaml("a", "[server]"));
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  machine.crash();
  machine.place = support::StoreUnderTest(support::in_memory(), machine.simulation, {"default"});  // the store was lost
  machine.start();
  machine.simulation.run_for(5s);
  CHECK(machine.simulation.processes().empty());
  CHECK(machine.world.files.list("/data/pods")->empty());
}

TEST_CASE_ON_EVERY_STORE(support::OnStore, "Node: among others it runs what is for it alone, and says that it lives") {
  Machine machine(store, 1, {.scheduler = "slipway"});
  const std::string ours = "schedulerName: slipway\n  tolerations: [{key: slipway.dev/processes, operator: Exists}]";
  machine.create(pod_yaml("ours", "[server]", "", ours) + "---\n" + pod_yaml("others", "[server]") + "---\n" +
                 pod_yaml("everywhere", "[server]", "", "nodeName: machine\n  tolerations: [{operator: Exists}]"));
  REQUIRE(machine.until_shown("ours", "1/1 Running 0"));
  machine.simulation.run_for(5s);
  CHECK(machine.journal->started == std::vector<std::string>{"ours/main.0"});
  CHECK(machine.pod("others").spec()["nodeName"].string_or("") == "");
  const auto node = machine.store->get(kinds::node, {"", "machine"}).value();
  CHECK(node.spec()["taints"][0]["key"].string_or("") == node_taint);

  const auto renewed = [&] {
    return machine.store->get(kinds::lease, {"kube-node-lease", "machine"})->spec()["renewTime"].string_or("");
  };
  const auto before = renewed();
  machine.simulation.run_for(11s);
  CHECK(renewed() > before);
  machine.crash();
  machine.start();
  machine.simulation.run_for(1s);
  CHECK(machine.store->get(kinds::node, {"", "machine"})->spec()["taints"].size() == 1);
  CHECK(machine.shown("ours") == "1/1 Running 0");
}

TEST_CASE_ON_EVERY_STORE(
    Machine, "Workloads: a Deployment keeps its Pods, changes its template without a gap, and feeds its Service") {
  Machine& machine = *this;
  const auto deployment = [](const std::string& version) {
    return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: default}\nspec:\n  replicas: 1\n"
           "  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web, version: " +
           version +
           "}}\n    spec:\n      containers:\n      - name: main\n        image: x\n        command: [server]\n        "
           "env: [{name: V, "
           "value: " +
           version + "}]\n        ports: [{name: http, containerPort: 8000}]\n        " + probed + "\n";
  };
  machine.create(deployment("v1") +
                 "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: default}\n"
                 "spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}\n");
  const auto endpoints = [&] {
    std::string text;
    const auto slice = machine.get(kinds::endpoint_slice, "web");
    const auto& list = slice.document()["endpoints"];
    for (std::size_t i = 0; i < list.size(); ++i) text += list[i]["conditions"]["ready"].bool_or(false) ? '+' : '-';
    return text;
  };
  const auto ready_versions = [&] {
    std::string text;
    for (const auto& pod : machine.pods()) {
      if (pod.condition_status("Ready") == "True" && !pod.is_being_deleted()) text += pod.label("version");
    }
    return text;
  };
  REQUIRE(machine.simulation.run_until([&] { return endpoints() == "+"; }, 30s));
  const auto slice = machine.get(kinds::endpoint_slice, "web");
  CHECK(slice.label("kubernetes.io/service-name") == "web");
  CHECK(slice.document()["ports"][0]["port"].int_or(0) == 8000);
  CHECK(slice.document()["endpoints"][0]["targetRef"]["kind"].string_or("") == "Pod");
  CHECK(slice.document()["endpoints"][0]["hostname"].is_null());

  REQUIRE(machine.store->apply(objects::parse_manifest(deployment("v2"), "test.yaml")->front()));
  bool gap = false;
  REQUIRE(machine.simulation.run_until(
      [&] {
        gap = gap || ready_versions().empty();
        return ready_versions() == "v2" && machine.pods().size() == 1;
      },
      60s));
  CHECK_FALSE(gap);
  CHECK(machine.simulation.run_until([&] { return endpoints() == "+"; }, 1s));

  // A deleted Pod is replaced.
  REQUIRE(machine.store->remove(kinds::pod, machine.pods().front().name()));
  REQUIRE(machine.simulation.run_until([&] { return machine.pods().size() == 1 && ready_versions() == "v2"; }, 60s));
  const auto status = machine.get(kinds::deployment, "web");
  machine.simulation.run_for(1s);
  CHECK(status.status()["observedGeneration"].int_or(0) == status.generation());
  CHECK(machine.get(kinds::deployment, "web").condition_status("Available") == "True");
}

}  // namespace
}  // namespace slipway::pods
