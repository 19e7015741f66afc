#pragma once
// Runner: the engine's shell. It asks the pure parts what is due, commits each decision to the journal, and only then
// acts: makes a step's Pod, stops it, reads what it left. Inside engine/ only.

#include <map>
#include <memory>
#include <set>

#include "core/world/background.hpp"
#include "objects/store.hpp"
#include "workflow/engine.hpp"
#include "workflow/engine/journal.hpp"
#include "workflow/engine/pod.hpp"

namespace slipway::workflow {

struct Run {
  RunRecord record;
  Facts facts;
  ir::Graph graph;
  State state;
  std::int64_t next_sequence = 1;
  std::set<ir::Index> launched;  // whose current attempt this process has seen to: not durable, and need not be
  std::set<ir::Index> storing;   // ended, and their artifacts are being stored; no more durable than that
  core::TimerId timer = 0;

  Context context() const { return {graph, state, facts}; }
  const Dialect& dialect() const { return dialect_of(graph.dialect); }
};

class Runner {
 public:
  Runner(core::World& world, Journal& journal, objects::Store& store, storage::BlobStore& blobs,
         core::EventSink& events, const EngineOptions& options);
  ~Runner();

  core::Result<> start();
  core::Result<Run*> submit(Submission submission);
  core::Result<Run*> refuse(Submission submission, const Error& why);
  core::Result<Run*> find(const std::string& id);  // loads it when it is not in memory
  core::Result<> cancel(const std::string& id);
  core::Result<std::string> step_log(Run& run, ir::Index step);
  objects::Name pod_of(const Run& run, ir::Index step) const;

  std::vector<std::function<void(Run&)>> on_finished;

 private:
  // Does everything that is due, until there is nothing.
  void advance(Run& run);
  core::Result<> commit(Run& run, const std::vector<Event>& events, const std::vector<CacheEntry>& cache = {});
  void committed(Run& run, const Event& event);
  void try_again(Run& run, const Error& error);
  void wake_at(Run& run);

  // Decisions: what to commit next, if anything.
  std::optional<Event> consider(Run& run, ir::Index step, int& free_slots);
  std::optional<Event> close(Run& run, ir::Index group);
  Event finish(Run& run);
  std::vector<Event> timeouts(Run& run);
  Event event(Event::Type type, const Run& run, ir::Index step) const;
  Event finished(const Run& run, ir::Index step, Phase phase, std::string message) const;
  Event lost(Run& run, ir::Index step, const std::string& message);
  Event failed(Run& run, ir::Index step, const std::string& message, core::doc::Value outputs);

  // Acts on what was committed. An event when it ended at once.
  std::optional<Event> execute(Run& run, ir::Index step);
  std::optional<Event> stop(Run& run, ir::Index step);
  std::optional<Event> checkout(Run& run, ir::Index step);
  core::Result<> prepare(const Launch& launch);

  // What was seen of the world.
  void pod_changed(const objects::Object& pod, bool deleted);
  void ended(Run& run, ir::Index step, const PodEnd& end);
  void collected(Run& run, ir::Index step, const PodEnd& end, const StepExit& exit,
                 core::Result<core::doc::Value> outputs);
  void take(Run& run, Event event, const std::vector<CacheEntry>& cache = {});
  std::string save_log(Run& run, ir::Index step);

  // Gives the record an id and writes it. False: its idempotency key made a run before, and the record is that one's.
  core::Result<bool> enroll(RunRecord& record, const std::vector<Event>& first);
  core::Result<std::unique_ptr<Run>> load(const std::string& id);
  core::Result<Run*> keep(std::unique_ptr<Run> run);
  void remove_pods_later(const std::string& run, core::Duration delay);
  void remove_pods(const std::string& run);
  int running_leaves() const;

  core::World& world_;
  Journal& journal_;
  objects::Store& store_;
  storage::BlobStore& blobs_;
  core::EventSink& events_;
  const EngineOptions& options_;
  std::map<std::string, std::unique_ptr<Run>> runs_;
  std::unique_ptr<objects::Watch> watch_;
  bool advancing_ = false;
  std::set<core::TimerId> timers_;
  // Callbacks of checkouts and timers may come when the runner is gone.
  std::shared_ptr<Runner*> self_ = std::make_shared<Runner*>(this);
  core::BackgroundTasks tasks_;
};

}  // namespace slipway::workflow
