// What calls leave for the next ones: open connections and parsed certificates.

#include "net/impl/call.hpp"

namespace slipway::net {

std::shared_ptr<Transport> ConnectionPool::take(const std::string& peer) {
  for (auto it = idle_.begin(); it != idle_.end();) {
    if (it->peer != peer) {
      ++it;
      continue;
    }
    std::shared_ptr<Transport> transport = std::move(it->transport);
    it = idle_.erase(it);
    // A byte or an end on an idle connection means that the server closed it.
    if (transport->is_quiet()) return transport;
    transport->close();
  }
  return nullptr;
}

void ConnectionPool::put(const std::string& peer, std::shared_ptr<Transport> transport, Instant now) {
  idle_.push_front(Idle{peer, std::move(transport), now});
  std::size_t of_this_host = 0;
  std::erase_if(idle_, [&](const Idle& idle) {
    return now - idle.since > max_age || (idle.peer == peer && ++of_this_host > max_idle_per_host);
  });
  if (idle_.size() > max_idle) idle_.pop_back();
}

core::Result<std::shared_ptr<const TlsContext>> TlsContexts::get(const core::TlsSettings& settings) {
  if (const auto found = contexts_.find(settings); found != contexts_.end()) return found->second;
  TRY_ASSIGN(auto made, TlsContext::for_client(settings));
  if (contexts_.size() >= max_contexts) contexts_.clear();
  contexts_.emplace(settings, made);
  return made;
}

}  // namespace slipway::net
