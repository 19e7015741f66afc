#pragma once
// The flags of `slipway model-server`, the same for the real process and the program of the simulated world.

#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace slipway::serving::simulator {

// How long a token takes. Defaults: a small model on one modest GPU.
//   prefill = (prefill_overhead + uncached prompt tokens * prefill_per_token) * load
//   decode  = (output tokens - 1) * inter_token * load
//   load    = 1 + (load_factor - 1) * (running - 1) / (parallel - 1)
struct Latency {
  Duration prefill_overhead = std::chrono::milliseconds(20);
  Duration prefill_per_token = std::chrono::microseconds(350);
  Duration inter_token = std::chrono::milliseconds(15);
  double load_factor = 1.5;
  double slow = 1;  // multiplies everything: a regression
};

// Each is off by default.
struct Failures {
  double error_rate = 0;  // this share of completions answers 500
  double hang_rate = 0;   // this share never answers
  double wrong_rate = 0;  // this share of prompts (always the same ones) gets a useless answer
  int crash_after = 0;    // the process dies at the N-th completion
  int exit_at_start = 0;  // the process ends with this code instead of loading
};

struct Options {
  std::string model = "simulated";
  std::string host = "127.0.0.1";
  int port = 8080;
  int context = 1024;  // tokens of one request
  int parallel = 4;    // requests at once; more wait
  int max_waiting = 1000;
  Duration startup = {};  // /health says 503 until then
  // After SIGTERM it is unhealthy at once and takes requests for this long, so that a gateway can turn away from it.
  Duration linger = std::chrono::milliseconds(500);
  Latency latency;
  Failures failures;
};

// `arguments` are those after "model-server". Unknown and malformed flags are invalid_argument, with the nearest known.
Result<Options> parse_options(const std::vector<std::string>& arguments);
std::string options_help();

}  // namespace slipway::serving::simulator
