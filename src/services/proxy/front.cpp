#include "services/proxy/front.hpp"

#include "services/proxy/tcp_front.hpp"
#include "services/proxy/udp_front.hpp"

namespace slipway::services::proxy {

Result<std::shared_ptr<Front>> open_front(Poller& poller, Traffic& traffic, Protocol protocol, const Address& at,
                                          std::shared_ptr<Balance> balance) {
  TRY_ASSIGN(core::Descriptor socket, listen_at(protocol, at));
  const int fd = socket.get();
  std::shared_ptr<Front> front;
  if (protocol == Protocol::udp) {
    front = std::make_shared<UdpFront>(poller, traffic, std::move(socket), std::move(balance));
  } else {
    front = std::make_shared<TcpFront>(poller, traffic, std::move(socket), std::move(balance));
  }
  TRY(poller.add(fd, EPOLLIN, *front));
  return front;
}

}  // namespace slipway::services::proxy
