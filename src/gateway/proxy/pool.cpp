#include "gateway/proxy/pool.hpp"

#include <set>

namespace slipway::gateway::proxy {

std::unique_ptr<io::Stream> Pool::take(const std::string& endpoint) {
  const auto found = idle_.find(endpoint);
  if (found == idle_.end()) return nullptr;
  auto& list = found->second;
  while (!list.empty()) {
    Idle last = std::move(list.back());
    list.pop_back();
    if (loop_.now() - last.since > max_age) {
      list.clear();  // the rest is older
      break;
    }
    if (last.stream->is_quiet()) return std::move(last.stream);
  }
  return nullptr;
}

void Pool::give(const std::string& endpoint, std::unique_ptr<io::Stream> stream) {
  auto& list = idle_[endpoint];
  if (list.size() >= max_idle) list.erase(list.begin());
  stream->never_expires();
  list.push_back({std::move(stream), loop_.now()});
}

void Pool::keep_only(const traffic::Snapshot& snapshot) {
  std::set<std::string> named;
  for (const traffic::Backend& backend : snapshot.backends) {
    for (const traffic::Endpoint& endpoint : backend.endpoints) named.insert(endpoint.text());
  }
  std::erase_if(idle_, [&](const auto& entry) { return !named.contains(entry.first); });
}

}  // namespace slipway::gateway::proxy
