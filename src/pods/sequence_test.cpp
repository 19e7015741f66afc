// Init containers and sidecars: their order, on a simulated machine.

#include "pods/sequence.hpp"

#include "pods/test_machine.hpp"

namespace slipway::pods {
namespace {

using namespace testing;

const doc::Value& init_status(const objects::Object& pod, std::size_t index) {
  return pod.status()["initContainerStatuses"][index];
}

std::string init_yaml(const std::string& containers) { return "initContainers: [" + containers + "]"; }

TEST_CASE_ON_EVERY_STORE(Machine, "Node: init containers run one after the other, and only then the others") {
  Machine& machine = *this;
  machine.create(pod_yaml("a", "[server]", "",
                          init_yaml("{name: first, image: x, command: [job, '0']}, "
                                    "{name: second, image: x, command: [job, '0']}")));
  REQUIRE(machine.simulation.run_until([&] { return machine.count_started("first") == 1; }, 10s));
  machine.simulation.run_for(100ms);
  auto pod = machine.pod("a");
  CHECK(pod.status()["phase"].string_or("") == "Pending");
  CHECK(pod.condition_status("Initialized") == "False");
  CHECK(init_status(pod, 0)["state"]["running"].is_object());
  CHECK(init_status(pod, 1)["state"]["waiting"]["reason"].string_or("") == "PodInitializing");
  CHECK(machine.shown("a") == "0/1 PodInitializing 0");
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  pod = machine.pod("a");
  CHECK(machine.journal->started == std::vector<std::string>{"a/first.0", "a/second.0", "a/main.0"});
  CHECK(pod.condition_status("Initialized") == "True");
  CHECK(init_status(pod, 1)["ready"].bool_or(false));
  CHECK(init_status(pod, 1)["state"]["terminated"]["reason"].string_or("") == "Completed");
  CHECK(*machine.node->read_log({"default", "a"}, "second", {}) == "hello from a\n");

  machine.crash();
  machine.start();
  machine.simulation.run_for(10s);
  CHECK(machine.journal->started.size() == 3);
}

TEST_CASE_ON_EVERY_STORE(Machine, "Node: an init container that fails is tried again, or ends its Pod, by the policy") {
  Machine& machine = *this;
  const std::string fails = init_yaml("{name: setup, image: x, command: [job, '3']}");
  machine.create(pod_yaml("again", "[server]", "", fails) + "---\n" +
                 pod_yaml("never", "[server]", "", "restartPolicy: Never\n  " + fails));
  machine.simulation.run_for(5s);
  CHECK(init_status(machine.pod("again"), 0)["state"]["waiting"]["reason"].string_or("") == "CrashLoopBackOff");
  CHECK(machine.pod("again").status()["phase"].string_or("") == "Pending");
  CHECK(machine.count_started("again/setup") == 2);
  CHECK(machine.pod("never").status()["phase"].string_or("") == "Failed");
  machine.simulation.run_for(60s);
  CHECK(machine.count_started("main") == 0);
  CHECK(machine.count_started("never/setup") == 1);
}

constexpr const char* sidecar =
    "{name: proxy, image: x, restartPolicy: Always, command: [server], "
    "startupProbe: {periodSeconds: 1, failureThreshold: 60, httpGet: {port: 8000}}}";

TEST_CASE_ON_EVERY_STORE(Machine, "Node: what follows a sidecar waits until its startup probe is content") {
  Machine& machine = *this;
  machine.journal->unready.insert("a");
  machine.create(pod_yaml("a", "[sleep]", "", init_yaml(sidecar)));
  machine.simulation.run_for(10s);
  CHECK(machine.journal->started == std::vector<std::string>{"a/proxy.0"});
  CHECK(machine.shown("a") == "0/1 PodInitializing 0");
  machine.journal->unready.clear();
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));

  // It is restarted alone, and the Pod is not ready meanwhile.
  const auto proxy = *machine.node->process_of({"default", "a"}, "proxy");
  REQUIRE(machine.world.processes.signal(proxy, SIGTERM, true));
  REQUIRE(machine.simulation.run_until([&] { return machine.count_started("proxy") == 2; }, 20s));
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  CHECK(machine.count_started("main") == 1);
  CHECK(init_status(machine.pod("a"), 0)["restartCount"].int_or(0) == 1);
}

TEST_CASE_ON_EVERY_STORE(Machine,
                         "Node: a Pod completes when its main containers have, and sidecars leave in reverse") {
  Machine& machine = *this;
  machine.create(pod_yaml(
      "a", "[job, '0']", "",
      "restartPolicy: Never\n  " + init_yaml("{name: first, image: x, restartPolicy: Always, command: [sleep]}, "
                                             "{name: second, image: x, restartPolicy: Always, command: [sleep]}")));
  REQUIRE(machine.simulation.run_until([&] { return machine.count_started("main") == 1; }, 10s));
  std::vector<std::string> phases;
  std::vector<std::string> left;
  REQUIRE(machine.simulation.run_until(
      [&] {
        const auto pod = machine.pod("a");
        for (const std::string name : {"first", "second"}) {
          const bool is_up = machine.node->process_of({"default", "a"}, name).has_value();
          if (!is_up && std::ranges::find(left, name) == left.end()) left.push_back(name);
        }
        return pod.status()["phase"].string_or("") == "Succeeded";
      },
      30s));
  CHECK(left == std::vector<std::string>{"second", "first"});
  CHECK(machine.simulation.processes().empty());
  machine.simulation.run_for(60s);
  CHECK(machine.journal->started.size() == 3);
}

TEST_CASE("Node: a removed Pod's sidecars are asked to leave when the others have left") {
  Machine machine;
  machine.create(pod_yaml("a", "[server]", "",
                          "terminationGracePeriodSeconds: 10\n  " +
                              init_yaml("{name: proxy, image: x, restartPolicy: Always, command: [sleep]}")));
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  machine.journal->deaf.insert("a");
  REQUIRE(machine.store->remove(kinds::pod, {"default", "a"}));
  machine.simulation.run_for(9s);
  CHECK(machine.simulation.processes().size() == 4);  // two shims, two programs
  machine.journal->deaf.clear();
  REQUIRE(machine.simulation.run_until([&] { return !machine.exists("a"); }, 10s));
  CHECK(machine.simulation.processes().empty());
}

TEST_CASE("Sequence: who is next to leave") {
  const auto view = [](const char* name, Role role, bool up) {
    ContainerView made;
    made.name = name;
    made.role = role;
    made.current.state = up ? ContainerRecord::State::running : ContainerRecord::State::exited;
    return made;
  };
  std::vector<ContainerView> views{view("a", Role::sidecar, true), view("b", Role::sidecar, true),
                                   view("main", Role::main, true)};
  CHECK(is_next_to_leave(views, views[2]));
  CHECK_FALSE(is_next_to_leave(views, views[1]));
  views[2] = view("main", Role::main, false);
  CHECK(is_over(views));
  CHECK(is_next_to_leave(views, views[1]));
  CHECK_FALSE(is_next_to_leave(views, views[0]));
  CHECK(phase_of(views) == "Running");
  views[1] = view("b", Role::sidecar, false);
  CHECK(is_next_to_leave(views, views[0]));
  views[0] = view("a", Role::sidecar, false);
  CHECK(phase_of(views) == "Succeeded");
}

}  // namespace
}  // namespace slipway::pods
