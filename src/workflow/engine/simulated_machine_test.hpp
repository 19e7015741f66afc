#pragma once
// What survives kill -9 of the control plane (disk, database, Pods' processes), and a control plane on it that can be
// crashed and built anew. Pods are played by hand: a step is a function from its files and variables to an exit code.

#include <doctest/doctest.h>

#include <map>

#include "core/world/simulated.hpp"
#include "objects/kinds.hpp"
#include "objects/store.hpp"
#include "storage/blobs.hpp"
#include "storage/database.hpp"
#include "support/stores.hpp"
#include "workflow/engine.hpp"

namespace slipway::workflow::testing {

struct PlayedStep {
  std::string pod, step, directory;
  std::map<std::string, std::string> environment;
  std::vector<std::string> command;
  core::Files& files;
  std::string log;  // to fill

  void append(const std::string& variable, const std::string& text) {
    const auto path = environment.at(variable);
    REQUIRE(files.write_atomic(path, files.read(path).value() + text));
  }
};
struct PlayedEnd {
  int code = 0;
  std::string reason;  // "ShimLost"
};
using Play = std::function<PlayedEnd(PlayedStep&)>;

struct Recorder : core::EventSink {
  void record(core::Event event) override { events.push_back(std::move(event)); }
  std::vector<core::Event> events;
};

struct Machine {
  explicit Machine(const support::StoreEntry& entry = support::in_memory()) : place(entry, simulated, {}) {}

  core::SimulatedWorld simulated{7};
  support::StoreUnderTest place;
  std::unique_ptr<storage::Database> own = storage::open_sqlite(":memory:").value();
  // As in the product, the journal is where the objects are, unless they are behind a server.
  storage::Database* database = place.database() != nullptr ? place.database() : own.get();
  std::unique_ptr<storage::BlobStore> blobs = storage::make_memory_blobs();
  Recorder recorder;
  std::map<std::string, Play> plays;  // by step; without one a step succeeds
  core::Duration step_takes = std::chrono::milliseconds(500);
  std::vector<std::string> executed;        // steps, in order of their first instant
  std::map<std::string, PlayedEnd> ended;   // by Pod: what its process did, seen or not
  std::map<std::string, std::string> logs;  // by Pod
};

// The node: sees Pods, plays them once, reports how they ended.
class PodPlayer : public LogSource {
 public:
  PodPlayer(Machine& machine, core::World& world, objects::Store& store)
      : machine_(machine), world_(world), store_(store) {}

  void start() {
    watch_ = store_
                 .watch(objects::kinds::pod, "",
                        [this](const objects::WatchEvent& event) {
                          if (event.type == objects::EventType::added || event.type == objects::EventType::modified)
                            seen(event.object);
                        })
                 .value();
  }
  core::Result<std::string> log(const objects::Name& pod) override {
    const auto found = machine_.logs.find(pod.name);
    if (found == machine_.logs.end()) return fail(Code::not_found, "no such Pod");
    return found->second;
  }

 private:
  void seen(const objects::Object& pod) {
    const auto phase = pod.status()["phase"].string_or("Pending");
    if (phase != "Pending" || pod.is_being_deleted()) return;
    const auto name = pod.name();
    if (!machine_.ended.contains(name.name)) machine_.ended[name.name] = play(pod);
    world_.loop.after(machine_.step_takes, [this, name] { report(name); });
  }

  PlayedEnd play(const objects::Object& pod) {
    const auto& container = pod.spec()["containers"][std::size_t{0}];
    PlayedStep step{pod.name().name,
                    pod.annotation("slipway.dev/step"),
                    container["workingDir"].string_or(""),
                    {},
                    {},
                    world_.files,
                    ""};
    for (std::size_t i = 0; i < container["env"].size(); i++) {
      step.environment[container["env"][i]["name"].string_or("")] = container["env"][i]["value"].string_or("");
    }
    for (std::size_t i = 0; i < container["command"].size(); i++)
      step.command.push_back(container["command"][i].string_or(""));
    machine_.executed.push_back(step.step);
    const auto found = machine_.plays.find(step.step);
    const auto end = found == machine_.plays.end() ? PlayedEnd{} : found->second(step);
    machine_.logs[step.pod] = step.log;
    return end;
  }

  void report(const objects::Name& name) {
    const auto reported = objects::modify_status(store_, objects::kinds::pod, name, [&](objects::Object& pod) {
      const auto& end = machine_.ended[name.name];
      doc::Object terminated{{"exitCode", end.code},
                             {"reason", end.reason.empty() ? (end.code == 0 ? "Completed" : "Error") : end.reason}};
      pod.status() = doc::Object{
          {"phase", end.code == 0 ? "Succeeded" : "Failed"},
          {"containerStatuses",
           doc::Array{doc::Object{{"name", "main"}, {"state", doc::Object{{"terminated", std::move(terminated)}}}}}}};
      return true;
    });
    // A node does not forget what it saw because a write failed.
    if (!reported && reported.error().code != Code::not_found)
      world_.loop.after(std::chrono::seconds(1), [this, name] { report(name); });
  }

  Machine& machine_;
  core::World& world_;
  objects::Store& store_;
  std::unique_ptr<objects::Watch> watch_;
};

struct Sources : SourceTree {
  explicit Sources(core::World& w) : world(w) {}
  void checkout(std::string repository, std::string commit, std::string directory,
                std::move_only_function<void(core::Result<>)> done) override {
    world.loop.after(std::chrono::milliseconds(100),
                     [this, repository, commit, directory, done = std::move(done)]() mutable {
                       done(world.files.write_atomic(directory + "/README.md", repository + "@" + commit));
                     });
  }
  core::World& world;
};

struct ControlPlane {
  explicit ControlPlane(Machine& m, EngineOptions options = {})
      : machine(m), world(m.simulated.world()), sources(world) {
    store = m.place.open();
    player = std::make_unique<PodPlayer>(m, world, *store);
    options.directory = "/runs";
    options.runtime_directory = "/runtime";
    options.environment = {{"PATH", "/usr/bin"}, {"SLIPWAY_URL", "http://127.0.0.1:1"}};
    options.source_tree = &sources;
    options.log_source = player.get();
    engine = std::make_unique<Engine>(world, *m.database, *store, *m.blobs, m.recorder, options);
    REQUIRE(engine->start());
    player->start();
  }

  RunView finish(const std::string& id, core::Duration deadline = std::chrono::hours(10)) {
    machine.simulated.run_until([&] { return is_finished(engine->get(id).value().phase); }, deadline);
    return engine->get(id).value();
  }

  Machine& machine;
  core::World world;
  Sources sources;
  std::unique_ptr<objects::Store> store;
  std::unique_ptr<PodPlayer> player;
  std::unique_ptr<Engine> engine;
};

// "lint/1 Succeeded" lines, messages after a colon.
inline std::string steps_of(const RunView& run) {
  std::string text;
  for (const auto& step : run.steps)
    text += step.id + " " + std::string(name_of(step.phase)) + (step.message.empty() ? "" : ": " + step.message) + "\n";
  return text;
}

inline Submission workflow_of(std::string text) {
  Submission submission;
  submission.text = std::move(text);
  submission.source_name = "ci.yaml";
  submission.repository = "support-assistant";
  submission.commit = "0123456789abcdef0123456789abcdef01234567";
  submission.ref = "refs/heads/main";
  submission.actor = "ada@example.com";
  return submission;
}

}  // namespace slipway::workflow::testing
