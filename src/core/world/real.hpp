#pragma once
// The real world: the machine's clocks, a mailbox thread and a few beside it, getrandom, posix_spawn, files with fsync.
// The HTTP client lives in net/ (net/client.hpp) and is handed in.

#include <memory>

#include "core/world/world.hpp"

namespace slipway::core {

class Notices;  // notices.hpp

class RealWorld {
 public:
  RealWorld();
  ~RealWorld();  // stops accepting posts, waits for background work; the loop must not be running

  // Must be called before world() is used.
  void set_http(HttpClient& http);
  World world();
  Loop& loop();
  Notices& notices();

  // Runs the mailbox on the calling thread until stop(). Reaps children of Processes.
  void run();
  void stop();  // thread-safe, async-signal-unsafe; run() returns after the current task

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// This machine's clocks alone, for programs that need no loop (the gateway, the load generator, the CLI).
Clock& real_clock();
Random& real_random();
Files& real_files();
// Identity of a running process, or not_found. Reads /proc.
Result<ProcessIdentity> identify(int pid);
// Blocks the calling thread. Only for programs outside the control loop (the CLI waiting, the shim).
void sleep_for(Duration duration);

}  // namespace slipway::core
