#pragma once
// Inside proxy/: what the sessions of one gateway share. Loop thread only.

#include <set>

#include "core/world/world.hpp"
#include "gateway/io/stream.hpp"
#include "gateway/metrics/gateway_metrics.hpp"
#include "gateway/proxy/gateway.hpp"
#include "gateway/proxy/pool.hpp"
#include "gateway/traffic/balance.hpp"

namespace slipway::gateway::proxy {

class Session;

// splitmix64, seeded once from the machine: a system call a request would be too many.
class FastRandom : public core::Random {
 public:
  explicit FastRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

struct State {
  io::Loop& loop;
  Limits limits;
  FastRandom random;
  std::shared_ptr<const traffic::Snapshot> snapshot = std::make_shared<const traffic::Snapshot>();  // never null
  metrics::Metrics metrics;
  traffic::Balancer balancer;
  Pool pool;
  bool draining = false;  // answers close their connections
  bool stopping = false;  // draining, and nobody is accepted any more
  std::set<Session*> sessions;
  io::Event all_ended;  // set when stopping and no session is left

  State(io::Loop& l, Limits given, std::uint64_t seed) : loop(l), limits(given), random(seed), pool(l), all_ended(l) {}
};

}  // namespace slipway::gateway::proxy
