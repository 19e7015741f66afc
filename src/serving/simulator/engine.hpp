#pragma once
// Engine: slots, queue, prefix cache and the latency model of one simulated model server. Knows no HTTP; its time comes
// from its host, so that it runs in the real and in the simulated world.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_set>

#include "core/world/world.hpp"
#include "serving/simulator/metrics.hpp"
#include "serving/simulator/options.hpp"

namespace slipway::serving::simulator {

// What the engine and the server take from the world they run in. All but `post` belong to one thread.
struct Host {
  std::function<core::Instant()> monotonic;
  std::function<core::Time()> now;
  std::function<void(Duration, core::Task)> after;
  std::function<void(core::Task)> post;  // thread-safe
  std::function<double()> uniform;
  std::function<void(int)> exit;  // ends the process
};

struct Usage {
  int prompt_tokens = 0;
  int cached_tokens = 0;
  int completion_tokens = 0;
  Duration queued{}, prefill{}, decode{};
};

struct Job {
  std::string prompt;               // all that the model reads
  std::vector<std::string> pieces;  // what it will say, one token each, at least one
  bool length_limited = false;      // pieces were cut at a limit
  std::function<void(const std::string& piece, bool first)> on_piece;
  std::function<void(const Usage&)> on_done;
};

class Engine {
 public:
  Engine(const Options& options, Host& host);
  // Starts at once when a slot is free, else waits. nullopt when too many wait already.
  std::optional<std::uint64_t> submit(Job job);
  // Its slot is free at once; nothing more is told about it.
  void cancel(std::uint64_t id);
  bool idle() const { return requests_.empty(); }
  const Metrics& metrics() const { return metrics_; }

 private:
  struct Request;
  double load() const;
  int cached_tokens_of(const std::string& prompt);
  void start_waiting();
  void schedule(std::uint64_t id, Duration delay);
  void say_next(std::uint64_t id);
  void release(std::uint64_t id);

  const Options& options_;
  Host& host_;
  Metrics metrics_;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, std::shared_ptr<Request>> requests_;
  std::deque<std::uint64_t> waiting_;
  int running_ = 0;
  // Prefixes read before, as chained hashes of blocks; the oldest are forgotten first.
  std::unordered_set<std::uint64_t> blocks_;
  std::deque<std::uint64_t> block_order_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace slipway::serving::simulator
