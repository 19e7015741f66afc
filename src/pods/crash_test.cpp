// The control plane is killed at every step of a Pod's life, on a simulated machine. Whatever the step: every attempt
// starts at most once, nothing that was acknowledged is lost, and the end is the same.

#include "pods/test_machine.hpp"

namespace slipway::pods {
namespace {

using namespace testing;

// Runs `machine` until done(), with a crash after its `at`-th task and a restart `away` later. False when it was done
// before.
bool run_with_crash(Machine& machine, int at, Duration away, const std::function<bool()>& done) {
  int tasks = 0;
  machine.simulation.run_until([&] { return tasks++ >= at || done(); }, 5min);
  if (done()) return false;
  machine.crash();
  machine.simulation.run_for(away);
  machine.start();
  CHECK(machine.simulation.run_until(done, 5min));
  return true;
}

void check_each_attempt_once(const Machine& machine) {
  std::map<std::string, int> starts;
  for (const auto& line : machine.journal->started) ++starts[line];
  for (const auto& [attempt, count] : starts) CHECK_MESSAGE(count == 1, attempt);
}

TEST_CASE_ON_EVERY_STORE(
    support::OnStore,
    "Crash: a server comes up exactly once and stays, whichever step the control plane is killed at") {
  for (const Duration away : {Duration(0), Duration(3s)}) {
    bool crashed = true;
    for (int at = 0; crashed; at += stride(1, 11)) {
      CAPTURE(at);
      Machine machine(store);
      machine.create(pod_yaml("a", "[server]", "readinessProbe: {periodSeconds: 1, httpGet: {port: 8000}}"));
      crashed = run_with_crash(machine, at, away, [&] { return machine.shown("a") == "1/1 Running 0"; });
      CHECK(machine.journal->started == std::vector<std::string>{"a/main.0"});
      const auto before = machine.node->process_of({"default", "a"}, "");
      const auto address = machine.pod("a").status()["podIP"].string_or("");
      machine.crash();
      machine.start();
      machine.simulation.run_for(10s);
      CHECK(machine.shown("a") == "1/1 Running 0");
      CHECK(machine.node->process_of({"default", "a"}, "") == before);
      CHECK(machine.pod("a").status()["podIP"].string_or("") == address);
      CHECK(machine.journal->started.size() == 1);
      REQUIRE(at < 1000);
    }
  }
}

TEST_CASE("Crash: the exit code of a job is kept, also when it ends while nobody is there") {
  for (const Duration away : {Duration(0), Duration(5s)}) {
    bool crashed = true;
    for (int at = 0; crashed; ++at) {
      CAPTURE(at);
      Machine machine;
      machine.create(pod_yaml("a", "[job, '42']", "", "restartPolicy: Never"));
      crashed = run_with_crash(machine, at, away, [&] { return machine.shown("a") == "0/1 Error 0"; });
      CHECK(machine.journal->started == std::vector<std::string>{"a/main.0"});
      const auto pod = machine.pod("a");
      CHECK(pod.status()["containerStatuses"][0]["state"]["terminated"]["exitCode"].int_or(0) == 42);
      CHECK(pod.status()["phase"].string_or("") == "Failed");
      REQUIRE(at < 1000);
    }
  }
}

TEST_CASE("Crash: restarts count on and no attempt runs twice") {
  bool crashed = true;
  for (int at = 0; crashed; at += 7) {
    CAPTURE(at);
    Machine machine;
    machine.create(pod_yaml("a", "[job, '1']"));
    crashed = run_with_crash(machine, at, 2s, [&] { return machine.shown("a") == "0/1 CrashLoopBackOff 3"; });
    CHECK(machine.journal->started == std::vector<std::string>{"a/main.0", "a/main.1", "a/main.2", "a/main.3"});
    REQUIRE(at < 3000);
  }
}

TEST_CASE_ON_EVERY_STORE(
    support::OnStore,
    "Crash: a removed Pod is gone with its processes, whichever step of its end the control plane is killed at") {
  for (const bool deaf : {false, true}) {
    bool crashed = true;
    for (int at = 0; crashed; at += stride(1, 11)) {
      CAPTURE(at);
      Machine machine(store);
      machine.create(pod_yaml("a", "[server]", "", "terminationGracePeriodSeconds: 5"));
      machine.simulation.run_for(at % 4 * 1ms);  // also while it is only starting
      if (deaf) machine.journal->deaf.insert("a");
      REQUIRE(machine.store->remove(kinds::pod, {"default", "a"}));
      const auto gone = [&] { return !machine.exists("a") && machine.simulation.processes().empty(); };
      crashed = run_with_crash(machine, at, 1s, gone);
      check_each_attempt_once(machine);
      CHECK(machine.journal->started.size() <= 1);
      CHECK(machine.world.files.list("/data/pods").value_or(std::vector<std::string>{}).empty());
      REQUIRE(at < 1000);
    }
  }
}

TEST_CASE("Crash: many in a row, on a bad disk, change nothing but the time it takes") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    Machine machine(support::in_memory(), seed);
    machine.simulation.faults().disk_full = 0.05;
    machine.create(pod_yaml("job", "[job, '9']", "", "restartPolicy: Never") + "---\n" + pod_yaml("web", "[server]"));
    for (int crash = 0; crash < 8; ++crash) {
      machine.simulation.run_for(std::chrono::milliseconds(machine.world.random.below(400)));
      machine.crash();
      machine.simulation.run_for(std::chrono::milliseconds(machine.world.random.below(100)));
      machine.simulation.faults().disk_full = 0;
      machine.start();
      machine.simulation.faults().disk_full = 0.05;
    }
    machine.simulation.faults().disk_full = 0;
    machine.simulation.run_for(2min);
    check_each_attempt_once(machine);
    const auto job = machine.pod("job");
    const auto& state = job.status()["containerStatuses"][0]["state"]["terminated"];
    // A shim whose disk is full at the very start never runs the program: lost, and said so.
    const std::string reason = state["reason"].string_or("");
    const bool was_lost = (reason == "ShimLost" || reason == "StartError") && machine.count_started("job/") == 0;
    const bool ran = state["exitCode"].int_or(0) == 9 && machine.count_started("job/") == 1;
    CHECK_MESSAGE((was_lost || ran), doc::render_json(job.status()));
    CHECK(machine.pod("web").condition_status("Ready") == "True");
  }
}

}  // namespace
}  // namespace slipway::pods
