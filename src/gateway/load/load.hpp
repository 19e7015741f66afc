#pragma once
// The load generator: chat requests at a rate, whether or not earlier ones have been answered (an open loop), each
// measured from the instant it was meant to start, so that a slow server cannot hide its queue (no coordinated
// omission). `slipway load` and `slipway demo` use it. Loopback only, unless told otherwise.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/doc.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "core/world/world.hpp"

namespace slipway::gateway::load {

struct Prompt {
  std::string prompt;
  int max_tokens = 64;
  std::string user;   // "": one of the numbered users, or nobody
  double weight = 1;  // relative, how often it is drawn
};
// JSON lines: {"prompt","max_tokens","user"?,"weight"?}. Strict; errors carry the line.
Result<std::vector<Prompt>> parse_prompts(std::string_view jsonl, const std::string& source_name);

struct LoadOptions {
  std::string url;              // "http://127.0.0.1:8081/v1/chat/completions"
  std::string host;             // Host header; "": the URL's
  std::string model;            // member "model"
  std::vector<Prompt> prompts;  // not empty
  double rate = 1;              // requests a second
  enum class Arrivals { poisson, constant } arrivals = Arrivals::poisson;
  std::optional<core::Duration> duration;  // absent: until stop()
  int users = 0;                           // > 0: header x-user is user-1 .. user-N, drawn evenly
  std::uint64_t seed = 1;                  // the same seed asks the same questions at the same instants
  int max_in_flight = 256;                 // beyond it requests wait, and their wait is measured
  bool stream = true;
  core::Duration timeout = std::chrono::seconds(120);  // of one request, from when it is sent
  core::Headers headers;                               // more of them
  bool allow_remote = false;
};

// How one request ended. Times are from its intended start.
struct Finished {
  std::uint64_t number = 0;  // from 1, in order of intended start
  core::Time at{};           // when it ended, by the wall clock
  std::string user;
  int status = 0;       // 0: no response
  std::string error;    // "", "http 503", "connect", "cut off", "timeout", "error event"
  std::string message;  // what the server or the system said about it
  std::string subset;   // x-slipway-subset
  std::optional<core::Duration> first_token;
  core::Duration total{};
  int pieces = 0;  // of content
  bool ok() const { return error.empty(); }
};

struct Quantiles {
  std::size_t count = 0;
  double p50 = 0, p90 = 0, p95 = 0, p99 = 0, max = 0;  // seconds; meaningless when count is 0
};
struct SubsetReport {
  std::uint64_t requests = 0, errors = 0;
  Quantiles first_token;
};
struct LoadReport {
  std::uint64_t sent = 0, succeeded = 0, failed = 0;
  std::uint64_t abandoned = 0;  // cut by stop(), counted nowhere else
  double seconds = 0;           // since the start
  double achieved_rate = 0;     // finished a second
  Quantiles first_token, between_tokens, total;
  std::map<std::string, std::uint64_t> errors;  // by kind
  std::map<std::string, SubsetReport> subsets;  // by x-slipway-subset; "" for answers without it
};
doc::Value to_json(const LoadReport& report);    // quantiles of nothing are null
std::string to_table(const LoadReport& report);  // fits one screen

class LoadGenerator {
 public:
  // Starts at once, on a thread of its own. `on_finished` runs there, once a request. invalid_argument for options that
  // make no sense; permission_denied for a target that is not loopback.
  static Result<std::unique_ptr<LoadGenerator>> start(LoadOptions options,
                                                      std::function<void(const Finished&)> on_finished = {});
  ~LoadGenerator();  // stop() without patience

  void set_rate(double rate);  // from the next request on; thread-safe
  LoadReport report() const;   // so far; thread-safe
  // Sends no more, waits `patience` for those under way, cuts the rest. Blocks. Idempotent.
  LoadReport stop(core::Duration patience = std::chrono::seconds(5));
  LoadReport wait();  // until `duration` has passed and everything has ended
  bool is_running() const;

 private:
  struct Impl;
  explicit LoadGenerator(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The whole of a program: until the duration is over, or SIGINT or SIGTERM, which it blocks in every thread it starts.
Result<LoadReport> run_until_interrupted(LoadOptions options);

}  // namespace slipway::gateway::load
