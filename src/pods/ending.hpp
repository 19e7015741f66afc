#pragma once
// Ending: ends containers: each with its preStop hook, SIGTERM and its grace period, at the latest with SIGKILL after a
// deadline.
//
// Thread: the control loop only.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pods/hook.hpp"
#include "pods/runtime.hpp"

namespace slipway::pods {

struct NodeFile;

// A container that runs.
struct Up {
  ContainerId id;
  Duration grace;
  int turn = 0;  // sidecars leave after the rest of their Pod, the lower ones first
  // Begins its preStop hook; empty: there is none.
  std::move_only_function<std::unique_ptr<Hook>(Duration timeout)> pre_stop = {};
  std::unique_ptr<Hook> hook = {};  // that has begun
  Duration least = {};              // until when it is not killed, since the hook took long
  bool was_asked = false;           // SIGTERM arrived
};

class Ending {
 public:
  // `done` is a task of the loop, when nothing of it runs any more. Everything outlives it.
  Ending(core::World& world, Runtime& runtime, std::vector<Up> up, Duration deadline, core::Task done);
  ~Ending();
  // What an earlier control plane left running in that data directory, when no store can be asked whose it is. Instead
  // of a Node: it recovers the runtime.
  static Result<std::unique_ptr<Ending>> of_left(core::World& world, Runtime& runtime, const std::string& directory,
                                                 Duration deadline, core::Task done);
  std::size_t count() const { return count_; }  // at first

 private:
  void look();
  void ask(Up& up, Duration passed);

  core::World& world_;
  Runtime& runtime_;
  std::vector<Up> up_;
  std::size_t count_;
  Instant began_;
  Duration deadline_;
  core::Task done_;
  core::TimerId timer_ = 0;
};

// For the next start, to whom what is ended now would look like a crash.
void note_stop(core::World& world, const std::string& directory, NodeFile& file);

}  // namespace slipway::pods
