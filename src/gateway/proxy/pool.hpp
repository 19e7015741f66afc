#pragma once
// Inside proxy/: kept connections to endpoints, newest first.

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/io/stream.hpp"
#include "gateway/traffic/snapshot.hpp"

namespace slipway::gateway::proxy {

class Pool {
 public:
  explicit Pool(io::Loop& loop) : loop_(loop) {}
  // A connection that was alive a moment ago, or null.
  std::unique_ptr<io::Stream> take(const std::string& endpoint);
  void give(const std::string& endpoint, std::unique_ptr<io::Stream> stream);
  // Closes connections to endpoints that the snapshot does not name.
  void keep_only(const traffic::Snapshot& snapshot);
  void clear() { idle_.clear(); }

 private:
  struct Idle {
    std::unique_ptr<io::Stream> stream;
    core::Instant since;
  };
  static constexpr std::size_t max_idle = 128;                         // an endpoint
  static constexpr core::Duration max_age = std::chrono::seconds(30);  // below most servers' own limit
  io::Loop& loop_;
  std::unordered_map<std::string, std::vector<Idle>> idle_;
};

}  // namespace slipway::gateway::proxy
