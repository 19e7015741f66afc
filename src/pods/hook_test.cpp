// What comes with the start and the end of containers: hooks, last words, deadlines, evictions.

#include "pods/hook.hpp"

#include "pods/last_words.hpp"
#include "pods/test_machine.hpp"

namespace slipway::pods {
namespace {

using namespace testing;

// "note WORD CODE SECONDS" writes its word down and ends with that code so much later.
class Notes {
 public:
  explicit Notes(Machine& machine) {
    machine.simulation.install(
        "note", [this](core::SimulatedProcess& process) { return std::make_unique<Note>(process, *words_); });
  }
  const std::vector<std::string>& words() const { return *words_; }

 private:
  class Note : public core::SimulatedProgram {
   public:
    Note(core::SimulatedProcess& process, std::vector<std::string>& words) : process_(process), words_(words) {}
    void start() override {
      const auto& argv = process_.request().argv;
      words_.push_back(argv.at(1));
      process_.after(std::chrono::seconds(std::stoi(argv.at(3))),
                     [this, code = std::stoi(argv.at(2))] { process_.exit(code); });
    }
    void signal(int) override {}

   private:
    core::SimulatedProcess& process_;
    std::vector<std::string>& words_;
  };
  std::shared_ptr<std::vector<std::string>> words_ = std::make_shared<std::vector<std::string>>();
};

TEST_CASE("Node: a container runs when its postStart hook has ended, and is asked to end when its preStop hook has") {
  Machine machine;
  Notes notes(machine);
  machine.create(pod_yaml("a", "[server]",
                          "lifecycle: {postStart: {exec: {command: [note, hello, '0', '3']}}, "
                          "preStop: {exec: {command: [note, goodbye, '0', '5']}}}"));
  machine.simulation.run_for(2s);
  CHECK(machine.shown("a") == "0/1 ContainerCreating 0");
  CHECK(notes.words() == std::vector<std::string>{"hello"});
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  machine.crash();
  machine.start();
  machine.simulation.run_for(5s);
  CHECK(notes.words().size() == 1);

  REQUIRE(machine.store->remove(kinds::pod, {"default", "a"}));
  machine.simulation.run_for(4s);
  CHECK(notes.words() == std::vector<std::string>{"hello", "goodbye"});
  CHECK(machine.node->process_of({"default", "a"}, ""));
  machine.simulation.run_for(3s);
  CHECK_FALSE(machine.exists("a"));
}

TEST_CASE("Node: a hook that takes longer than the grace does not hold the end back") {
  Machine machine;
  machine.create(
      pod_yaml("a", "[server]", "lifecycle: {preStop: {sleep: {seconds: 60}}}", "terminationGracePeriodSeconds: 5"));
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  REQUIRE(machine.store->remove(kinds::pod, {"default", "a"}));
  machine.simulation.run_for(4s);
  CHECK(machine.exists("a"));
  machine.simulation.run_for(5s);
  CHECK_FALSE(machine.exists("a"));
}

TEST_CASE("Node: who is ended with the node has its preStop hook, too, and no longer than its grace") {
  Machine machine;
  Notes notes(machine);
  machine.create(pod_yaml("a", "[server]", "lifecycle: {preStop: {exec: {command: [note, goodbye, '0', '3']}}}"));
  machine.create(
      pod_yaml("b", "[server]", "lifecycle: {preStop: {sleep: {seconds: 1000}}}", "terminationGracePeriodSeconds: 6"));
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  REQUIRE(machine.until_shown("b", "1/1 Running 0"));
  const auto first = *machine.node->process_of({"default", "a"}, "");
  const auto second = *machine.node->process_of({"default", "b"}, "");
  bool stopped = false;
  machine.node->stop_all(30s, [&] { stopped = true; });
  machine.simulation.run_for(2s);
  CHECK(notes.words() == std::vector<std::string>{"goodbye"});
  CHECK(machine.world.processes.is_alive(first));
  machine.simulation.run_for(2s);
  CHECK_FALSE(machine.world.processes.is_alive(first));
  CHECK(machine.world.processes.is_alive(second));
  machine.simulation.run_for(5s);
  CHECK_FALSE(machine.world.processes.is_alive(second));
  CHECK(stopped);
}

TEST_CASE("Node: a postStart hook that fails ends its container, which is tried again") {
  Machine machine;
  Notes notes(machine);
  machine.create(pod_yaml("a", "[server]", "lifecycle: {postStart: {exec: {command: [note, no, '3', '0']}}}"));
  REQUIRE(machine.simulation.run_until([&] { return notes.words().size() == 2; }, 30s));
  machine.simulation.run_for(1s);
  CHECK(machine.events_of("a").find("FailedPostStartHook") != std::string::npos);
  CHECK(machine.shown("a") != "1/1 Running 1");
}

TEST_CASE_ON_EVERY_STORE(Machine, "Node: a Pod whose time is over is ended and has failed") {
  Machine& machine = *this;
  machine.create(pod_yaml("a", "[server]", "", "activeDeadlineSeconds: 20"));
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  machine.simulation.run_for(5s);
  CHECK(machine.shown("a") == "1/1 Running 0");
  machine.crash();
  machine.start();
  machine.simulation.run_for(20s);
  const auto pod = machine.pod("a");
  CHECK(pod.status()["phase"].string_or("") == "Failed");
  CHECK(pod.status()["reason"].string_or("") == "DeadlineExceeded");
  CHECK(machine.simulation.processes().empty());
  machine.simulation.run_for(60s);
  CHECK(machine.journal->started.size() == 1);
}

TEST_CASE("Node: a Pod that fills its emptyDir beyond the limit is evicted") {
  Machine machine;
  machine.create(pod_yaml("a", "[server]", "volumeMounts: [{name: v, mountPath: /v}]",
                          "volumes: [{name: v, emptyDir: {sizeLimit: 1Ki}}]"));
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  const std::string volume = "/data/pods/" + machine.pod("a").uid() + "/volumes/v";
  REQUIRE(machine.world.files.write_atomic(volume + "/small", std::string(1000, 'x')));
  machine.simulation.run_for(30s);
  CHECK(machine.shown("a") == "1/1 Running 0");
  REQUIRE(machine.world.files.write_atomic(volume + "/more", std::string(1000, 'x')));
  machine.simulation.run_for(30s);
  const auto pod = machine.pod("a");
  CHECK(pod.status()["phase"].string_or("") == "Failed");
  CHECK(pod.status()["reason"].string_or("") == "Evicted");
  CHECK(pod.status()["message"].string_or("") == "Usage of EmptyDir volume \"v\" exceeds the limit \"1Ki\". ");
}

TEST_CASE("Node: what is not there is told as a failed start, and a port of the machine is not the node's affair") {
  Machine machine;
  machine.create(pod_yaml("a", "[no-such-program]", "", "restartPolicy: Never") + "---\n" +
                 pod_yaml("b", "[server]", "ports: [{containerPort: 8000, hostPort: 80}]"));
  REQUIRE(machine.until_shown("a", "0/1 StartError 0"));
  const auto pod = machine.pod("a");
  CHECK(pod.status()["containerStatuses"][0]["state"]["terminated"]["exitCode"].int_or(0) == 128);
  CHECK(machine.events_of("a") == "Failed 1\nScheduled 1\n");
  REQUIRE(machine.until_shown("b", "1/1 Running 0"));
}

TEST_CASE("Last words: what a container wrote, else the end of its log where the policy says so") {
  const auto words = [](const char* container, int code, std::string_view written) {
    return last_words(*doc::parse_yaml(container, "container.yaml"), code, written,
                      "2026-11-23T10:00:00Z stdout F one\n2026-11-23T10:00:00Z stderr F two\n");
  };
  CHECK(words("{name: a}", 1, "said") == "said");
  CHECK(words("{name: a}", 1, "") == "");
  CHECK(words("{terminationMessagePolicy: FallbackToLogsOnError}", 1, "") == "one\ntwo\n");
  CHECK(words("{terminationMessagePolicy: FallbackToLogsOnError}", 1, "said") == "said");
  CHECK(words("{terminationMessagePolicy: FallbackToLogsOnError}", 0, "") == "");
  CHECK(words("{name: a}", 0, std::string(5000, 'x')).size() == 4096);
}

TEST_CASE("Hook: which actions there are") {
  const auto problem = [](const char* hook) {
    const auto container = doc::parse_yaml(
        "{ports: [{name: http, containerPort: 80}], lifecycle: {preStop: " + std::string(hook) + "}}", "c.yaml");
    const auto parsed = parse_hook(*container, "preStop", "127.20.0.1");
    return parsed ? std::string(*parsed ? "" : "none") : parsed.error().message;
  };
  CHECK(problem("{exec: {command: [true]}}") == "");
  CHECK(problem("{httpGet: {port: http, path: /bye}}") == "");
  CHECK(problem("{sleep: {seconds: 3}}") == "");
  CHECK(problem("{tcpSocket: {port: 80}}") == "lifecycle.preStop: tcpSocket is no hook");
  CHECK(problem("{exec: {command: []}}") == "preStop: exec.command is empty");
}

}  // namespace
}  // namespace slipway::pods
