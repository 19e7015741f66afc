#pragma once
// For tests of this room: a simulated machine with a disk, an object store and a node that can crash and come back.

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "core/log.hpp"
#include "core/world/simulated.hpp"
#include "objects/kinds.hpp"
#include "objects/store.hpp"
#include "pods/node.hpp"
#include "pods/shim/simulated.hpp"
#include "pods/volumes/disk.hpp"
#include "support/stores.hpp"

namespace slipway::pods::testing {

namespace kinds = objects::kinds;
using namespace std::chrono_literals;

// What the test's programs leave behind. Lives as long as the machine: crashes of the control plane do not reach it.
struct Journal {
  std::vector<std::string> started;       // "<pod>/<attempt's directory>" of every program that ran its first line
  std::map<std::string, int> exit_codes;  // by pod name: what "server" ends with when it is asked to
  std::set<std::string> unready, deaf;    // by pod name: answers 503; ignores SIGTERM
};

// "server": listens on POD_IP:8000, answers 200 until told otherwise, ends with 143 on SIGTERM.
// "job N": ends with code N after a second. "sleep": does nothing for ever.
class Machine {
 public:
  explicit Machine(const support::StoreEntry& entry = support::in_memory(), std::uint64_t seed = 1,
                   NodeOptions how = {})
      : simulation(seed),
        world(simulation.world()),
        place(entry, simulation, {"default", "kube-node-lease"}),
        options(std::move(how)) {
    log::set_level(log::Level::error);
    install();
    start();
  }

  void start() {
    store = place.open();
    runtime = make_simulated_runtime(simulation, world, "/data/pods");
    options.directory = "/data";
    options.memory_directory = "/memory";
    disk = volumes::make_simulated_disk(world.files);
    options.disk = disk.get();
    options.name = "machine";
    node = std::make_unique<Node>(world, *store, *runtime, options);
    REQUIRE(node->start());
  }

  // kill -9 of the control plane.
  void crash() {
    simulation.crash_control_plane();
    node.reset();
    runtime.reset();
    store.reset();
    simulation.crash_control_plane();  // what destructors may have posted
  }

  void create(const std::string& yaml) {
    auto objects = objects::parse_manifest(yaml, "test.yaml");
    REQUIRE(objects);
    for (auto& object : *objects) {
      auto created = store->create(std::move(object));
      REQUIRE_MESSAGE(created, (created ? "" : created.error().render()));
    }
  }

  const objects::Object pod(const std::string& name) { return get(kinds::pod, name); }
  const objects::Object get(const objects::Kind& kind, const std::string& name) {
    auto found = store->find(kind, {"default", name});
    return found && *found ? **found : objects::Object();
  }
  bool exists(const std::string& name) { return *store->find(kinds::pod, {"default", name}) != std::nullopt; }
  std::vector<objects::Object> pods() { return store->list(kinds::pod)->items; }
  // What `kubectl get pods` shows: READY STATUS RESTARTS.
  std::string shown(const std::string& name) {
    const auto object = pod(name);
    const auto& status = object.status()["containerStatuses"][0];
    std::string state = object.status()["phase"].string_or("none");
    for (const char* kind : {"waiting", "terminated"}) {
      if (status["state"][kind].is_object()) state = status["state"][kind]["reason"].string_or("?");
    }
    return std::string(object.condition_status("Ready") == "True" ? "1/1" : "0/1") + " " + state + " " +
           status["restartCount"].string_or("-");
  }
  bool until_shown(const std::string& name, const std::string& what, Duration deadline = 60s) {
    const bool seen = simulation.run_until([&] { return shown(name) == what; }, deadline);
    if (!seen) MESSAGE(name, " is ", shown(name), ", not ", what);
    return seen;
  }
  // "REASON COUNT" of each Event about a Pod, a line each, in the order of the alphabet.
  std::string events_of(const std::string& name) {
    std::multiset<std::string> lines;
    const auto events = store->list(kinds::event);
    for (const auto& event : events->items) {
      const auto& document = event.document();
      if (document["involvedObject"]["name"].string_or("") != name) continue;
      lines.insert(document["reason"].string_or("") + " " + document["count"].string_or("") + "\n");
    }
    std::string text;
    for (const auto& line : lines) text += line;
    return text;
  }
  int count_started(const std::string& text) const {
    int count = 0;
    for (const auto& line : journal->started) count += line.find(text) != std::string::npos;
    return count;
  }

  std::shared_ptr<Journal> journal = std::make_shared<Journal>();
  core::SimulatedWorld simulation;
  core::World world;
  support::StoreUnderTest place;
  NodeOptions options;
  std::unique_ptr<volumes::VolumeDisk> disk;
  std::unique_ptr<objects::Store> store;
  std::unique_ptr<Runtime> runtime;
  std::unique_ptr<Node> node;

 private:
  void install();
};

// A Pod manifest with one container; `more` are further lines of its spec, indented by two.
inline std::string pod_yaml(const std::string& name, const std::string& command, const std::string& container = "",
                            const std::string& spec = "") {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: default, labels: {app: web}}\n" +
         "spec:\n" + (spec.empty() ? "" : "  " + spec + "\n") +
         "  containers:\n  - name: main\n    image: x\n    command: " + command + "\n" +
         (container.empty() ? "" : "    " + container + "\n");
}

class TestProgram : public core::SimulatedProgram {
 public:
  TestProgram(core::SimulatedProcess& process, std::shared_ptr<Journal> journal)
      : process_(process), journal_(std::move(journal)), pod_(process.environment("POD_NAME")) {}
  void start() override {
    const auto& log = process_.request().stdout_path;  // /data/pods/<uid>/<container>.<attempt>/log
    const auto end = log.rfind('/');
    const auto begin = log.rfind('/', end - 1);
    journal_->started.push_back(pod_ + log.substr(begin, end - begin));
    process_.write_stdout("hello from " + pod_ + "\n");
    const auto& argv = process_.request().argv;
    if (argv[0] == "job") {
      process_.after(1s, [this, code = std::stoi(argv.at(1))] { process_.exit(code); });
    } else if (argv[0] == "server") {
      auto listening = process_.listen(process_.environment("POD_IP"), 8000, [this](core::HttpRequest, auto done) {
        core::HttpResponse response;
        response.status = journal_->unready.contains(pod_) ? 503 : 200;
        done(std::move(response));
      });
      if (!listening) process_.exit(98);
    }
  }
  void signal(int number) override {
    if (number == SIGTERM && !journal_->deaf.contains(pod_)) process_.exit(128 + number);
  }

 private:
  core::SimulatedProcess& process_;
  std::shared_ptr<Journal> journal_;
  std::string pod_;
};

inline void Machine::install() {
  for (const char* name : {"server", "job", "sleep"}) {
    simulation.install(name, [journal = journal](core::SimulatedProcess& process) {
      return std::make_unique<TestProgram>(process, journal);
    });
  }
}

}  // namespace slipway::pods::testing
