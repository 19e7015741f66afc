#pragma once
// Inside proxy/: follows the control plane's snapshots on a thread of its own, so that parsing and writing the cache
// never delays a request. Control plane gone: tries again with back-off, for ever; the gateway serves on.

#include <functional>
#include <memory>
#include <string>

#include "core/result.hpp"
#include "gateway/traffic/snapshot.hpp"

namespace slipway::gateway::proxy {

class Follower {
 public:
  // `on_snapshot` runs on the follower's thread. `known` is the version at hand, from the cache; 0: none.
  static Result<std::unique_ptr<Follower>> start(const std::string& control_plane, std::string cache,
                                                 std::uint64_t known,
                                                 std::function<void(traffic::Snapshot)> on_snapshot);
  ~Follower();  // cancels and waits

  struct Impl;

 private:
  explicit Follower(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The snapshot that a gateway kept; not_found when there is none.
Result<traffic::Snapshot> read_cache(const std::string& path);

}  // namespace slipway::gateway::proxy
