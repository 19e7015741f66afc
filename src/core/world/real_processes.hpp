#pragma once
// RealProcesses: children of this process, watched through pidfds by the loop: no SIGCHLD handler, and nobody
// else's children are reaped. On the loop's thread only. Inside the real world only.

#include <map>
#include <memory>

#include "core/world/real_loop.hpp"
#include "core/world/world.hpp"

namespace slipway::core {

class CommandRun;

// Calls `on_end` on the loop when our child `pid` has ended and can be reaped; the caller reaps.
class ExitWatch {
 public:
  ExitWatch(RealLoop& loop, int pid, std::function<void()> on_end);
  ~ExitWatch();
  ExitWatch(const ExitWatch&) = delete;
  ExitWatch& operator=(const ExitWatch&) = delete;

 private:
  void poll_again();  // where there are no pidfds

  RealLoop& loop_;
  int pid_;
  std::function<void()> on_end_;
  Descriptor pidfd_;
  RealLoop::WatchId watch_ = 0;
  TimerId timer_ = 0;
};

class RealProcesses final : public Processes {
 public:
  explicit RealProcesses(RealLoop& loop);
  ~RealProcesses() override;  // kills commands of run() that still go; leaves spawned processes alone

  Result<ProcessIdentity> spawn(SpawnRequest request, std::move_only_function<void(Exit)> on_exit) override;
  void run(RunRequest request, std::move_only_function<void(Result<RunOutput>)> done) override;
  bool is_alive(const ProcessIdentity& process) const override;
  Result<> signal(const ProcessIdentity& process, int signal_number, bool group) override;

 private:
  struct Child {
    std::move_only_function<void(Exit)> on_exit;
    std::unique_ptr<ExitWatch> watch;
  };
  void child_ended(int pid);

  RealLoop& loop_;
  std::map<int, Child> children_;  // by pid; not yet reaped
  std::uint64_t next_run_ = 1;
  std::map<std::uint64_t, std::shared_ptr<CommandRun>> runs_;
};

}  // namespace slipway::core
