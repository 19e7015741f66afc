#pragma once
// Front: one address where the proxy listens for a rule. TcpFront accepts, UdpFront passes datagrams on and answers
// back; a client's datagrams go to one endpoint until it was silent for a while. Inside proxy/ only.

#include <limits>
#include <list>
#include <unordered_map>

#include "services/proxy/flow.hpp"

namespace slipway::services::proxy {

// What goes through: for metrics, and so that ends are waited for.
struct Traffic {
  std::unordered_map<Flow*, std::unique_ptr<Flow>> flows;
  std::uint64_t connections = 0;  // since the start
  std::uint64_t datagrams = 0;
  std::size_t exchanges = 0;  // over UDP, now
  std::size_t listeners = 0;
  std::size_t descriptors = std::numeric_limits<std::size_t>::max();  // that the process may have

  // Some are left for new rules, for listeners, and for who asks how it goes.
  bool has_room() const { return 2 * flows.size() + exchanges + listeners < descriptors - descriptors / 8; }
  // TCP waits for room, and who sends datagrams takes that of those who were silent longest.
  bool has_room_for_datagrams() const { return exchanges < descriptors / 4; }
};

class Front : public Handler {
 public:
  Front(Poller& poller, Traffic& traffic, core::Descriptor socket, std::shared_ptr<Balance> balance)
      : poller_(poller), traffic_(traffic), socket_(std::move(socket)), balance_(std::move(balance)) {}
  // Another rule has this address now, or its endpoints changed.
  virtual void follow(std::shared_ptr<Balance> balance) { balance_ = std::move(balance); }
  // Nobody gets in any more. TCP connections go on.
  virtual void close() { socket_.close(); }

 protected:
  Poller& poller_;
  Traffic& traffic_;
  core::Descriptor socket_;
  std::shared_ptr<Balance> balance_;
};

// Listens from now on.
Result<std::shared_ptr<Front>> open_front(Poller& poller, Traffic& traffic, Protocol protocol, const Address& at,
                                          std::shared_ptr<Balance> balance);

}  // namespace slipway::services::proxy
