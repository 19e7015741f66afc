#pragma once
// Chooses an endpoint inside a backend. The choices are pure functions of loads and draws; Balancer keeps the loads.

#include <memory>
#include <span>
#include <unordered_map>

#include "core/world/world.hpp"
#include "gateway/traffic/snapshot.hpp"

namespace slipway::gateway::traffic {

// Two different endpoints drawn by `a` and `b`; the one with fewer requests in flight (power of two choices).
// `loads` must not be empty.
std::size_t pick_least_request(std::span<const std::uint32_t> loads, std::uint64_t a, std::uint64_t b);
// Rendezvous hashing: a key stays with its endpoint as long as that endpoint is there, and nobody else moves when
// one comes or goes. (Envoy uses a ring; the promise is the same.)
std::size_t pick_by_hash(std::span<const Endpoint> endpoints, std::string_view key);

// Requests in flight by endpoint, and whose turn it is. One thread.
class Balancer {
 public:
  // Which endpoint of `backend` gets the next request; `avoid` (an endpoint's text) is taken only when there is no
  // other. nullopt when there is none at all.
  std::optional<std::size_t> pick(const Backend& backend, const core::Headers& headers, core::Random& random,
                                  std::string_view avoid = {});
  std::uint32_t in_flight(const Endpoint& endpoint) const;

  // Counts one request in flight while it lives. The Balancer outlives it.
  class Lease {
   public:
    Lease() = default;
    Lease(Balancer& balancer, const Endpoint& endpoint);
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease();

   private:
    std::unique_ptr<std::pair<Balancer*, std::string>> held_;
    void release();
  };

 private:
  std::unordered_map<std::string, std::uint32_t> loads_;
  std::unordered_map<std::string, std::uint64_t> turns_;
};

}  // namespace slipway::gateway::traffic
