#include "services/proxy/socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <cerrno>

namespace slipway::services::proxy {
namespace {

constexpr int backlog = 4096;
constexpr int connect_attempts = 1;  // of SYNs after the first: an endpoint that is silent for 3 s is passed over

int type_of(Protocol protocol) { return protocol == Protocol::udp ? SOCK_DGRAM : SOCK_STREAM; }

void turn_on(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

std::unexpected<Error> refused(const std::string& what, const Address& address) {
  const int why = errno;
  const Code code = why == EACCES || why == EPERM    ? Code::permission_denied
                    : why == EMFILE || why == ENFILE ? Code::resource_exhausted
                                                     : Code::unavailable;
  std::string hint;
  if (code == Code::permission_denied && address.port < 1024)
    hint = "ports below 1024 need sysctl net.ipv4.ip_unprivileged_port_start=0, or root";
  if (why == EADDRINUSE)
    hint =
        "some program has that port, perhaps on 0.0.0.0, which is every address: in a Pod let it listen on $(POD_IP)";
  return fail(code, what + " " + address.text() + ": " + std::strerror(why), hint);
}

Result<core::Descriptor> open_socket(Protocol protocol, const Address& address, int family) {
  core::Descriptor socket(::socket(family, type_of(protocol) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return refused("cannot open a socket for", address);
  return socket;
}

}  // namespace

SocketAddress socket_address(const Address& address) {
  SocketAddress result;
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<std::uint16_t>(address.port));
  if (::inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr) == 1) {
    result.size = sizeof v4;
    std::memcpy(&result.storage, &v4, sizeof v4);
    return result;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(static_cast<std::uint16_t>(address.port));
  ::inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr);
  result.size = sizeof v6;
  std::memcpy(&result.storage, &v6, sizeof v6);
  return result;
}

Address address_of(const SocketAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address.storage, sizeof v6);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return {text.data(), ntohs(v6.sin6_port)};
  }
  sockaddr_in v4{};
  std::memcpy(&v4, &address.storage, sizeof v4);
  ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  return {text.data(), ntohs(v4.sin_port)};
}

Result<core::Descriptor> listen_at(Protocol protocol, const Address& address) {
  const SocketAddress at = socket_address(address);
  TRY_ASSIGN(core::Descriptor socket, open_socket(protocol, address, at.storage.ss_family));
  if (protocol == Protocol::tcp) turn_on(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  if (::bind(socket.get(), at.get(), at.size) != 0) return refused("cannot listen on", address);
  if (protocol == Protocol::tcp && ::listen(socket.get(), backlog) != 0) return refused("cannot listen on", address);
  return socket;
}

Result<Connecting> connect_to(Protocol protocol, const Address& address) {
  const SocketAddress to = socket_address(address);
  Connecting result;
  TRY_ASSIGN(result.socket, open_socket(protocol, address, to.storage.ss_family));
  if (protocol == Protocol::tcp) {
    prepare_stream(result.socket.get());
    ::setsockopt(result.socket.get(), IPPROTO_TCP, TCP_SYNCNT, &connect_attempts, sizeof connect_attempts);
  }
  result.is_done = ::connect(result.socket.get(), to.get(), to.size) == 0;
  if (!result.is_done && errno != EINPROGRESS) return refused("cannot connect to", address);
  return result;
}

void prepare_stream(int fd) {
  turn_on(fd, IPPROTO_TCP, TCP_NODELAY);
  turn_on(fd, SOL_SOCKET, SO_KEEPALIVE);
}

int error_of(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

void reset(core::Descriptor& socket) {
  if (!socket) return;
  const linger at_once{1, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket.close();
}

}  // namespace slipway::services::proxy
