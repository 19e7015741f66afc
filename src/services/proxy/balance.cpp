#include "services/proxy/balance.hpp"

#include <algorithm>

namespace slipway::services::proxy {

void Balance::set(std::vector<Address> endpoints, Duration affinity) {
  endpoints_ = std::move(endpoints);
  affinity_ = affinity;
  if (affinity_ > Duration{}) return;
  clients_.clear();
  order_.clear();
}

bool Balance::has(const Address& endpoint) const { return std::ranges::find(endpoints_, endpoint) != endpoints_.end(); }

std::optional<Address> Balance::pick(const std::string& client, Instant now, const std::set<Address>& tried) {
  if (affinity_ == Duration{}) return next(tried);
  auto endpoint = remembered(client, now, tried);
  if (!endpoint) endpoint = next(tried);
  if (endpoint) remember(client, *endpoint, now);
  return endpoint;
}

std::optional<Address> Balance::remembered(const std::string& client, Instant now, const std::set<Address>& tried) {
  const auto found = clients_.find(client);
  if (found == clients_.end() || now - found->second.last > affinity_) return std::nullopt;
  const Address& endpoint = found->second.endpoint;
  if (!has(endpoint) || tried.contains(endpoint)) return std::nullopt;
  return endpoint;
}

void Balance::remember(const std::string& client, const Address& endpoint, Instant now) {
  const auto [found, is_new] = clients_.try_emplace(client);
  if (!is_new) order_.erase(found->second.place);
  found->second = {endpoint, now, order_.insert(order_.end(), client)};
  if (clients_.size() <= most_remembered) return;
  clients_.erase(order_.front());
  order_.pop_front();
}

std::optional<Address> Balance::next(const std::set<Address>& tried) {
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    const Address& endpoint = endpoints_[cursor_++ % endpoints_.size()];
    if (!tried.contains(endpoint)) return endpoint;
  }
  return std::nullopt;
}

}  // namespace slipway::services::proxy
