#pragma once
// CommandRun: one short command of Processes::run, with its pipes, its deadline and its limits, driven by the loop's
// events. Inside the real world only.

#include <memory>
#include <optional>

#include "core/world/real_loop.hpp"
#include "core/world/real_processes.hpp"
#include "core/world/world.hpp"

namespace slipway::core {

class CommandRun {
 public:
  using Done = std::move_only_function<void(Result<RunOutput>)>;
  CommandRun(RealLoop& loop, RunRequest request, Done done);
  ~CommandRun();  // kills the command and its group when it still runs, and reaps it
  CommandRun(const CommandRun&) = delete;
  CommandRun& operator=(const CommandRun&) = delete;

  void start();  // `done` is called once, from here or from the loop

 private:
  struct Pipe {
    Descriptor fd;
    RealLoop::WatchId watch = 0;
  };
  Result<> launch_with_pipes();
  void write_input();
  void read_output(Pipe& pipe, bool is_error);
  void close(Pipe& pipe);
  void ended();               // the command is a zombie
  void finish_if_complete();  // it ended and both outputs did
  void give_up(Error why);
  void kill_and_reap();
  void finish(Result<RunOutput> result);

  RealLoop& loop_;
  RunRequest request_;
  Done done_;
  int pid_ = 0;  // 0 when there is no child to reap
  Pipe in_, out_, err_;
  std::unique_ptr<ExitWatch> watch_;
  TimerId deadline_ = 0;
  TimerId grace_ = 0;
  bool exited_ = false;
  std::size_t written_ = 0;
  RunOutput output_;
};

}  // namespace slipway::core
