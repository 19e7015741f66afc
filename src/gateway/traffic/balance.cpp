#include "gateway/traffic/balance.hpp"

#include "gateway/traffic/split.hpp"

namespace slipway::gateway::traffic {

std::size_t pick_least_request(std::span<const std::uint32_t> loads, std::uint64_t a, std::uint64_t b) {
  const std::size_t count = loads.size();
  if (count < 2) return 0;
  const std::size_t first = a % count;
  const std::size_t second = (first + 1 + b % (count - 1)) % count;
  return loads[second] < loads[first] ? second : first;
}

std::size_t pick_by_hash(std::span<const Endpoint> endpoints, std::string_view key) {
  const std::uint64_t seed = stable_hash(key);
  std::size_t best = 0;
  std::uint64_t best_score = 0;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const std::uint64_t score = stable_hash(endpoints[i].text(), seed);
    if (i == 0 || score > best_score) {
      best = i;
      best_score = score;
    }
  }
  return best;
}

std::optional<std::size_t> Balancer::pick(const Backend& backend, const core::Headers& headers, core::Random& random,
                                          std::string_view avoid) {
  const auto& endpoints = backend.endpoints;
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    if (avoid.empty() || endpoints[i].text() != avoid) candidates.push_back(i);
  }
  if (candidates.empty()) {
    if (endpoints.empty()) return std::nullopt;
    return random.next() % endpoints.size();
  }
  if (candidates.size() == 1) return candidates[0];
  switch (backend.load_balancer.balance) {
    case Balance::least_request: {
      std::vector<std::uint32_t> loads;
      for (std::size_t i : candidates) loads.push_back(in_flight(endpoints[i]));
      const std::uint64_t a = random.next(), b = random.next();
      return candidates[pick_least_request(loads, a, b)];
    }
    case Balance::round_robin:
      return candidates[turns_[backend.text()]++ % candidates.size()];
    case Balance::header_hash: {
      const std::string_view key = core::header(headers, backend.load_balancer.hash_header);
      if (key.empty()) break;
      std::vector<Endpoint> remaining;
      for (std::size_t i : candidates) remaining.push_back(endpoints[i]);
      return candidates[pick_by_hash(remaining, key)];
    }
    case Balance::random:
      break;
  }
  return candidates[random.next() % candidates.size()];
}

std::uint32_t Balancer::in_flight(const Endpoint& endpoint) const {
  const auto found = loads_.find(endpoint.text());
  return found == loads_.end() ? 0 : found->second;
}

Balancer::Lease::Lease(Balancer& balancer, const Endpoint& endpoint)
    : held_(std::make_unique<std::pair<Balancer*, std::string>>(&balancer, endpoint.text())) {
  ++balancer.loads_[held_->second];
}
Balancer::Lease& Balancer::Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    release();
    held_ = std::move(other.held_);
  }
  return *this;
}
Balancer::Lease::~Lease() { release(); }
void Balancer::Lease::release() {
  if (!held_) return;
  auto& loads = held_->first->loads_;
  if (const auto found = loads.find(held_->second); found != loads.end() && --found->second == 0) loads.erase(found);
  held_.reset();
}

}  // namespace slipway::gateway::traffic
