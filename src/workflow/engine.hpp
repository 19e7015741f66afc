#pragma once
// The workflow engine's door: takes GitHub Actions workflows and compiled KFP pipelines, runs their steps as Pods, and
// survives being killed at any instant: a run is a journal in the database, every decision is committed before it is
// acted on, and whoever comes next carries on. Not for the meaning of either language (dialects/) and not for starting
// processes (the node does that with the Pods).
//
// Thread: the control loop only, but lint() and wants_push() are pure and safe anywhere.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/events.hpp"
#include "core/world/world.hpp"
#include "objects/object.hpp"
#include "workflow/run.hpp"

namespace slipway::objects {
class Store;
}
namespace slipway::storage {
class BlobStore;
class Database;
}  // namespace slipway::storage
namespace slipway::net {
class Router;
}

namespace slipway::workflow {

// Where checkouts come from; server wires it to the forge.
class SourceTree {
 public:
  virtual ~SourceTree() = default;
  // Puts the files of `repository` at `commit` into `directory` as a git work tree, and calls `done` on the control
  // loop, once. Must be repeatable: what an interrupted call left in the directory is replaced.
  virtual void checkout(std::string repository, std::string commit, std::string directory,
                        std::move_only_function<void(core::Result<>)> done) = 0;
};

// Where the output of a Pod's container is read; server wires it to the node.
class LogSource {
 public:
  virtual ~LogSource() = default;
  // What its container wrote so far, oldest first. not_found when there is no such Pod.
  virtual core::Result<std::string> log(const objects::Name& pod) = 0;
};

struct EngineOptions {
  std::string directory;           // of the runs' files; made when absent
  std::string python = "python3";  // runs KFP components; looked up in the steps' PATH when it has no slash
  std::string runtime_directory;   // where kfp_executor.py is
  // Of every step: PATH with the slipway executable's directory first, HOME, SLIPWAY_URL, SLIPWAY_TOKEN_FILE ...
  std::vector<std::pair<std::string, std::string>> environment;
  SourceTree* source_tree = nullptr;  // null: checkouts fail and say so
  LogSource* log_source = nullptr;    // null: no logs
  std::string kfp_namespace = "kubeflow";
  std::string actions_namespace = "slipway-ci";
  int max_parallel = 8;                              // leaves that run at once, over all runs
  int infrastructure_retries = 2;                    // of an attempt that the machine lost
  core::Duration keep_pods = std::chrono::hours(1);  // after the run finished
};

class Engine {
 public:
  // The references outlive the engine.
  Engine(core::World& world, storage::Database& database, objects::Store& store, storage::BlobStore& blobs,
         core::EventSink& events, EngineOptions options);
  ~Engine();

  // Makes its tables and namespaces, carries on with every unfinished run. Call once, before anything else.
  core::Result<> start();

  // Reads the file, refuses what is wrong with it (all problems, with positions) before anything happens, and returns
  // the run's id. The run is durable on return.
  core::Result<std::string> submit(Submission submission);
  // Puts on record that a file was to run and cannot, and why: a run that has failed, without steps. Its id.
  core::Result<std::string> refuse(Submission submission, const Error& why);
  // The same file with the same inputs once more, as a new run. failed_precondition while the former one runs.
  core::Result<std::string> rerun(const std::string& id, const std::string& actor, const std::string& idempotency_key);
  core::Result<RunView> get(const std::string& id);  // not_found
  // The newest first. `experiment`: only of that one, unless empty.
  core::Result<std::vector<RunView>> list(std::size_t limit = 50, const std::string& experiment = {});
  // Of a step ("build/2"), of everything in a group, or with an empty `step` of the whole run, under headings.
  core::Result<std::string> log(const std::string& id, const std::string& step);
  // Stops what runs and starts nothing more. failed_precondition when it has finished.
  core::Result<> cancel(const std::string& id);
  // Called on the loop after each run's end, in order of registration; not again after a restart.
  void on_finished(std::function<void(const RunView&)> callback);

  // GET, POST /api/slipway/v1/runs ... and KFP's /apis/v2beta1. Handlers must run on the control loop.
  void add_routes(net::Router& router);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Everything wrong with a workflow or pipeline file, with positions; nothing is run.
core::Result<> lint(const std::string& text, const std::string& source_name);
// The graph that a file is lowered to, as text, one line a step.
core::Result<std::string> describe(const std::string& text, const std::string& source_name);
// Whether a push to `ref` ("refs/heads/main") starts this GitHub Actions workflow.
core::Result<bool> wants_push(const std::string& text, const std::string& source_name, const std::string& ref);

}  // namespace slipway::workflow
