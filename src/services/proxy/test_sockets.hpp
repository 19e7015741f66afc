#pragma once
// For tests: blocking sockets on addresses of loopback that nobody uses. A wait that never ends is a failed test.

#include <doctest/doctest.h>
#include <sys/time.h>

#include <cerrno>

#include "core/world/real.hpp"
#include "services/proxy/socket.hpp"

namespace slipway::services::proxy::test {

inline constexpr timeval patience{20, 0};

// 127.x.y.z with a port that was free there a moment ago.
inline Address free_address() {
  auto& random = core::real_random();
  const auto byte = [&] { return std::to_string(1 + random.below(254)); };
  const std::string host = "127.251." + byte() + "." + byte();
  const core::Descriptor probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  SocketAddress at = socket_address({host, 0});
  REQUIRE(::bind(probe.get(), at.get(), at.size) == 0);
  REQUIRE(::getsockname(probe.get(), at.get(), &at.size) == 0);
  return address_of(at);
}

inline core::Descriptor open_blocking(int type) {
  core::Descriptor socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return socket;
}

// An endpoint: what it accepts is asked for by the test.
struct Server {
  Address at = free_address();
  core::Descriptor socket = open_blocking(SOCK_STREAM);
  Server() {
    const SocketAddress address = socket_address(at);
    REQUIRE(::bind(socket.get(), address.get(), address.size) == 0);
    REQUIRE(::listen(socket.get(), 64) == 0);
  }
  core::Descriptor accept() const {
    core::Descriptor client(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
    REQUIRE(client);
    ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return client;
  }
};

// 0, or the errno of the attempt.
inline int try_connect(const core::Descriptor& socket, const Address& to) {
  const SocketAddress address = socket_address(to);
  return ::connect(socket.get(), address.get(), address.size) == 0 ? 0 : errno;
}
inline core::Descriptor connected(const Address& to) {
  core::Descriptor socket = open_blocking(SOCK_STREAM);
  REQUIRE(try_connect(socket, to) == 0);
  return socket;
}

inline void say(const core::Descriptor& socket, std::string_view text) {
  REQUIRE(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}
// So many bytes; fewer when the other end ends.
inline std::string hear(const core::Descriptor& socket, std::size_t size) {
  std::string text(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::recv(socket.get(), text.data() + have, size - have, 0);
    REQUIRE_MESSAGE(got >= 0, std::string(std::strerror(errno)));
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}
// 0: the peer ended well; an errno: it did not.
inline int hear_end(const core::Descriptor& socket) {
  char byte = 0;
  const ssize_t got = ::recv(socket.get(), &byte, 1, 0);
  REQUIRE(got <= 0);
  return got == 0 ? 0 : errno;
}

}  // namespace slipway::services::proxy::test
