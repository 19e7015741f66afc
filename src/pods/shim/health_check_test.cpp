#include "pods/shim/health_check.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <thread>

#include "core/world/descriptor.hpp"

namespace slipway::pods::shim {
namespace {

std::string frame(char type, char flags, char stream, const std::string& payload) {
  return std::string("\0\0", 2) + static_cast<char>(payload.size()) + type + flags + std::string("\0\0\0", 3) + stream +
         payload;
}

const std::string settings = frame(4, 0, 0, "");
const std::string headers = frame(1, 4, 1, "\x88");       // ":status: 200"
const std::string trailers = frame(1, 4 | 1, 1, "\x88");  // whatever they say, the stream is over
std::string data(char status) { return frame(0, 0, 1, std::string("\0\0\0\0\x02\x08", 6) + status); }

// Takes one connection, answers it so whatever it says, and hears what it said.
class Server {
 public:
  explicit Server(std::string answer) {
    listener_ = core::Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener_.get(), 1) == 0);
    REQUIRE(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, answer = std::move(answer)] {
      const core::Descriptor client(::accept(listener_.get(), nullptr, nullptr));
      std::array<char, 4096> buffer{};
      const ssize_t got = ::recv(client.get(), buffer.data(), buffer.size(), 0);
      heard_.assign(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
      [[maybe_unused]] const auto sent = ::send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
      ::shutdown(client.get(), SHUT_WR);
      while (::recv(client.get(), buffer.data(), buffer.size(), 0) > 0) {
      }
    });
  }
  ~Server() {
    if (thread_.joinable()) thread_.join();
  }
  int port() const { return port_; }
  const std::string& heard() {
    thread_.join();
    return heard_;
  }

 private:
  core::Descriptor listener_;
  int port_ = 0;
  std::string heard_;
  std::thread thread_;
};

std::string verdict(const std::string& answer) {
  Server server(answer);
  const auto healthy = check_health("127.0.0.1", server.port(), "models");
  return healthy ? "healthy" : healthy.error().message;
}

TEST_CASE("Health check: a gRPC server is asked for one service, by HTTP/2") {
  Server server(settings + headers + data(1) + trailers);
  REQUIRE(check_health("127.0.0.1", server.port(), "models"));
  const std::string& heard = server.heard();
  CHECK(heard.starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  CHECK(heard.find("/grpc.health.v1.Health/Check") != std::string::npos);
  CHECK(heard.ends_with("\x0a\x06models"));
}

TEST_CASE("Health check: what it answers decides, and what is no answer is said") {
  CHECK(verdict(settings + headers + data(1) + trailers) == "healthy");
  CHECK(verdict(settings + frame(6, 0, 0, "12345678") + headers +
                frame(0, 8 | 1, 1, std::string("\x01\0\0\0\0\x02\x08\x01\0", 9))) ==
        "healthy");  // padded, and after a ping
  CHECK(verdict(settings + headers + data(2) + trailers) == "service unhealthy (responded with \"NOT_SERVING\")");
  CHECK(verdict(settings + headers + data(9) + trailers) == "service unhealthy (responded with \"?\")");
  CHECK(verdict(settings + trailers).starts_with("it answered without a status"));
  CHECK(verdict(settings + frame(3, 0, 1, "1234")) == "it broke the call off");
  CHECK(verdict(settings + frame(7, 0, 0, "12345678")) == "it ended the connection");
  CHECK(verdict("HTTP/1.1 400 Bad Request\r\n\r\n") == "what it answers is no HTTP/2");
  CHECK(verdict(settings).starts_with("it closed the connection without an answer"));
}

}  // namespace
}  // namespace slipway::pods::shim
