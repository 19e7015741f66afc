#pragma once
// `slipway model-server`: the simulated model as a real process.

#include <memory>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace slipway::serving::simulator {

// Serves until SIGTERM or SIGINT, drains, and returns the exit code: 0, 1 when the port is taken, 2 for bad flags.
// `arguments` are those after "model-server". Must be called before other threads exist (it blocks those signals).
int run_model_server(const std::vector<std::string>& arguments);

// The same in a thread of its own on a free port of 127.0.0.1, for tests and the load generator's self-check. Ends
// when destroyed.
class BackgroundModelServer {
 public:
  static Result<std::unique_ptr<BackgroundModelServer>> start(const std::vector<std::string>& arguments);
  ~BackgroundModelServer();
  int port() const;

 private:
  struct State;
  explicit BackgroundModelServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace slipway::serving::simulator
