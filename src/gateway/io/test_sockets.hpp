#pragma once
// Test support: plain blocking sockets with deadlines, and a scripted upstream. Included by tests only.

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace slipway::gateway::test {

// Nothing in these tests takes this long; it only ends a test that would hang.
inline constexpr int patience_ms = 10'000;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)), seen_(std::move(other.seen_)) {}
  ~Socket() { close(); }

  static Socket connect_to(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool connected = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    if (!connected) ::close(fd);
    return Socket(connected ? fd : -1);
  }

  bool is_open() const { return fd_ >= 0; }
  bool send(const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const auto n = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return false;
      sent += static_cast<std::size_t>(n);
    }
    return true;
  }
  // What can be sent without waiting for the peer to read.
  std::size_t send_without_waiting(const std::string& bytes, int wait_ms) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      pollfd p{fd_, POLLOUT, 0};
      if (::poll(&p, 1, wait_ms) <= 0) break;
      const auto n = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    return sent;
  }
  // One read; "" at the end of the connection or of our patience.
  std::string receive(int wait_ms = patience_ms) {
    pollfd p{fd_, POLLIN, 0};
    if (::poll(&p, 1, wait_ms) <= 0) return {};
    std::string bytes(65536, '\0');
    const auto n = ::recv(fd_, bytes.data(), bytes.size(), 0);
    bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return bytes;
  }
  // Everything up to and including `end`; what follows is kept for the next call. "" when it does not come.
  std::string receive_until(const std::string& end) {
    for (;;) {
      const std::size_t at = seen_.find(end);
      if (at != std::string::npos) {
        std::string out = seen_.substr(0, at + end.size());
        seen_.erase(0, at + end.size());
        return out;
      }
      const std::string more = receive();
      if (more.empty()) return {};
      seen_ += more;
    }
  }
  std::string receive_bytes(std::size_t count) {
    while (seen_.size() < count) {
      const std::string more = receive();
      if (more.empty()) break;
      seen_ += more;
    }
    std::string out = seen_.substr(0, count);
    seen_.erase(0, out.size());
    return out;
  }
  std::string receive_all() {
    std::string out = std::exchange(seen_, {});
    for (;;) {
      const std::string more = receive();
      if (more.empty()) return out;
      out += more;
    }
  }
  // Head and body of a request or response with Content-Length, chunks, or neither.
  std::string receive_message() {
    std::string head = receive_until("\r\n\r\n");
    std::string lower = head;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (const auto at = lower.find("content-length: "); at != std::string::npos) {
      return head + receive_bytes(static_cast<std::size_t>(std::stoul(lower.substr(at + 16))));
    }
    if (lower.find("transfer-encoding: chunked") != std::string::npos) return head + receive_until("0\r\n\r\n");
    return head;
  }
  bool is_closed_by_peer() {  // waits for it
    for (;;) {
      pollfd p{fd_, POLLIN, 0};
      if (::poll(&p, 1, patience_ms) <= 0) return false;
      char bytes[4096];
      if (::recv(fd_, bytes, sizeof bytes, 0) <= 0) return true;
    }
  }
  void reset() {  // RST instead of FIN
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void stop() { ::shutdown(fd_, SHUT_RDWR); }

 private:
  int fd_;
  std::string seen_;
};

// A promise between threads, once.
class Signal {
 public:
  void set() {
    const std::lock_guard lock(mutex_);
    set_ = true;
    changed_.notify_all();
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(patience_ms), [this] { return set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;
};

// A server whose connections each run the script on a thread; `number` counts connections from 1.
class Upstream {
 public:
  using Script = std::function<void(Socket&, int number)>;
  explicit Upstream(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener_, 64) == 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~Upstream() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (auto& socket : sockets_) {
        if (socket->is_open()) socket->stop();
      }
    }
    for (auto& thread : threads_) thread.join();
  }
  int port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void accept_all() {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      const std::lock_guard lock(mutex_);
      auto socket = std::make_shared<Socket>(fd);
      sockets_.push_back(socket);
      const int number = ++connections_;
      threads_.emplace_back([this, socket, number] {
        script_(*socket, number);
        const std::lock_guard closing(mutex_);
        socket->close();
      });
    }
  }

  Script script_;
  int listener_ = -1, port_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread acceptor_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Socket>> sockets_;
  std::vector<std::thread> threads_;
};

// Answers every request on a connection with 200 and this body, for as long as requests come.
inline Upstream::Script always(std::string body) {
  return [body](Socket& s, int) {
    while (!s.receive_message().empty())
      s.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  };
}

inline int free_port() {  // of nobody, a moment ago
  Upstream nobody([](Socket&, int) {});
  return nobody.port();
}

}  // namespace slipway::gateway::test
