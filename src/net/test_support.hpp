#pragma once
// For tests: a server on a free port with a router to fill, and a socket that speaks whatever it is told.

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <future>
#include <memory>
#include <string>

#include "core/world/descriptor.hpp"
#include "net/client.hpp"
#include "net/http.hpp"

namespace slipway::net::test {

inline constexpr int patience_ms = 20'000;  // of a test for what must come; never waited out when all is well

class RawClient {
 public:
  explicit RawClient(int port, int receive_buffer = 0) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }

  RawClient& send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;  // the server closed; what it said is still to be read
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return *this;
  }
  void finish_sending() { ::shutdown(socket_.get(), SHUT_WR); }
  void close() { socket_.close(); }

  // Everything until the server closes.
  std::string read_all() {
    while (receive()) {
    }
    return std::exchange(received_, {});
  }
  // Up to and including `mark`; fails the test when the server closes first.
  std::string read_until(std::string_view mark) {
    for (;;) {
      const std::size_t at = received_.find(mark);
      if (at != std::string::npos) {
        std::string text = received_.substr(0, at + mark.size());
        received_.erase(0, at + mark.size());
        return text;
      }
      const bool more = receive();
      REQUIRE_MESSAGE(more, "closed before \"" << mark << "\", after: " << received_);
    }
  }
  int port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }

 private:
  bool receive() {
    pollfd entry{socket_.get(), POLLIN, 0};
    const int ready = ::poll(&entry, 1, patience_ms);
    REQUIRE_MESSAGE(ready == 1, "the server keeps silent after: " << received_);
    std::array<char, 65536> buffer;
    const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    received_.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
  }

  core::Descriptor socket_;
  std::string received_;
};

struct Site {
  IoThread io;
  Router router;
  ServerOptions options;
  std::unique_ptr<Server> server;

  void start() {
    auto started = Server::start(io, router, options);
    REQUIRE(started);
    server = std::move(*started);
  }
  int port() const { return server->port(); }
  std::string url(const std::string& target) const { return "http://127.0.0.1:" + std::to_string(port()) + target; }
  // One request on its own connection; everything the server says.
  std::string talk(std::string_view bytes) const { return RawClient(port()).send(bytes).read_all(); }
  core::HttpResponse fetch(const std::string& method, const std::string& target, std::string body = {},
                           core::Headers headers = {}) const {
    core::HttpRequest request;
    request.method = method;
    request.url = url(target);
    request.body = std::move(body);
    request.headers = std::move(headers);
    request.timeout = std::chrono::seconds(20);
    auto response = net::fetch(std::move(request));
    REQUIRE_MESSAGE(response, (response ? "" : response.error().one_line()));
    return std::move(*response);
  }
};

template <class T>
T wait_for(std::future<T>& future) {
  REQUIRE(future.wait_for(std::chrono::milliseconds(patience_ms)) == std::future_status::ready);
  return future.get();
}

}  // namespace slipway::net::test
