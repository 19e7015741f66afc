#pragma once
// SimulatedGateway: the data plane inside the simulated world. The same matching, splitting, balancing and metrics as
// the real one, on the same snapshots; only the bytes go through SimulatedWorld. It belongs to the surroundings: a
// crash of the control plane leaves it serving with its last snapshot.
//
// The simulated network has no streams: the whole answer comes at once. Time to first token is the response header
// `x-slipway-first-token-seconds` when the server sends it, else the whole duration.

#include <memory>
#include <string>

#include "core/world/simulated.hpp"
#include "gateway/metrics/gateway_metrics.hpp"
#include "gateway/traffic/snapshot.hpp"

namespace slipway::gateway::simulated {

class SimulatedGateway {
 public:
  // Serves host:port from start() on. `world` outlives it.
  SimulatedGateway(core::SimulatedWorld& world, std::string host, int port);
  ~SimulatedGateway();  // stops serving
  Result<> start();

  // For Publisher::follow(). The callback may outlive the gateway.
  std::function<void(std::shared_ptr<const traffic::Snapshot>)> follower();
  void set_snapshot(std::shared_ptr<const traffic::Snapshot> snapshot);
  std::uint64_t version() const;
  metrics::Metrics& metrics();
  std::string url() const;  // "http://127.0.0.1:8081"

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::gateway::simulated
