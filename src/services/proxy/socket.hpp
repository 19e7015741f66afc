#pragma once
// Sockets of the proxy: addresses as the kernel has them, opening, and what is set on each. Inside proxy/ only.

#include <sys/socket.h>

#include <cstring>
#include <string>

#include "core/result.hpp"
#include "core/world/descriptor.hpp"
#include "services/rules.hpp"

namespace slipway::services::proxy {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
SocketAddress socket_address(const Address& address);  // its host is an IP address
Address address_of(const SocketAddress& address);

// Non-blocking. unavailable: the address is taken, or is not this machine's; permission_denied: a port below 1024.
Result<core::Descriptor> listen_at(Protocol protocol, const Address& address);
// Begins to connect; whether it is done already. unavailable: nobody listens there.
struct Connecting {
  core::Descriptor socket;
  bool is_done = false;
};
Result<Connecting> connect_to(Protocol protocol, const Address& address);
// A connection that a client made: small writes at once, and dead peers are found.
void prepare_stream(int fd);
int error_of(int fd);  // SO_ERROR
// Ends a connection so that the peer sees a reset, not an end.
void reset(core::Descriptor& socket);

}  // namespace slipway::services::proxy
