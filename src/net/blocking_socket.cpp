#include "net/impl/blocking_socket.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/world/real.hpp"

namespace slipway::net {
namespace {

using core::Descriptor;
using Deadline = BlockingSocket::Deadline;

enum class Wakeup { ready, timed_out, interrupted };

Wakeup wait_for(int fd, short events, Deadline deadline) {
  int milliseconds = -1;
  if (deadline) {
    const auto left = *deadline - core::real_clock().monotonic();
    if (left <= core::Duration::zero()) return Wakeup::timed_out;
    milliseconds = static_cast<int>(
        std::min<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(left).count(), 1'000'000'000));
  }
  pollfd entry{fd, events, 0};
  const int count = ::poll(&entry, 1, milliseconds);
  if (count < 0) return Wakeup::interrupted;
  return count == 0 ? Wakeup::timed_out : Wakeup::ready;
}

// As wait_for, with signals ignored.
bool is_ready(int fd, short events, Deadline deadline) {
  for (;;) {
    const Wakeup wakeup = wait_for(fd, events, deadline);
    if (wakeup != Wakeup::interrupted) return wakeup == Wakeup::ready;
  }
}

bool is_ready_now(int fd, short events) {
  pollfd entry{fd, events, 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & events) != 0;
}

std::unexpected<Error> timed_out() { return fail(Code::deadline_exceeded, ""); }

}  // namespace

core::Result<> BlockingSocket::connect(const Url& url, Deadline deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &found);
  if (failure != 0)
    return fail(Code::unavailable, "cannot find the host \"" + url.host + "\": " + ::gai_strerror(failure));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);

  int last_error = ECONNREFUSED;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    last_error = connect_to(*address, deadline);
    if (last_error == 0) return {};
    if (last_error == ETIMEDOUT) return timed_out();
  }
  return fail(Code::unavailable, "cannot connect to " + url.authority + ": " + std::strerror(last_error));
}

// An errno, 0 for success, ETIMEDOUT when our own time is over.
int BlockingSocket::connect_to(const addrinfo& address, Deadline deadline) {
  socket_ = Descriptor(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return errno;
  const int one = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::connect(socket_.get(), address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!is_ready(socket_.get(), POLLOUT, deadline)) return ETIMEDOUT;
  int error_number = 0;
  socklen_t size = sizeof error_number;
  ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error_number, &size);
  return error_number;
}

core::Result<> BlockingSocket::start_tls(std::shared_ptr<const TlsContext> context, const Url& url, Deadline deadline) {
  tls_ = std::make_unique<TlsEngine>(std::move(context), url.host);
  const std::string where = "cannot speak TLS with " + url.authority + ": ";
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    auto done = tls_->handshake();
    TRY(send_wire(tls_->take_output(), deadline, false));
    if (!done) return fail(done.error().code, where + done.error().message);
    if (*done) return {};
    const auto got = receive_wire(buffer, deadline);
    if (!got) return fail(got.error().code, where + got.error().message);
    if (got->got == Got::timed_out) return timed_out();
    if (got->got == Got::end) return fail(Code::unavailable, where + "the peer closed the connection");
    tls_->receive(std::string_view(buffer.data(), got->size));
  }
}

core::Result<> BlockingSocket::send(std::string_view bytes, Deadline deadline, bool gives_way) {
  constexpr std::size_t step = 64 * 1024;  // what TLS makes of the bytes is in memory once more
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, tls_ ? step : bytes.size());
    bytes.remove_prefix(part.size());
    if (tls_) TRY(tls_->write(part));
    const std::string wire = tls_ ? tls_->take_output() : std::string();
    TRY_ASSIGN(const bool is_all, send_wire(tls_ ? wire : part, deadline, gives_way));
    if (!is_all) return {};
  }
  return {};
}

// There is something to read. With TLS it may be for TLS itself: a ticket for a later session, a change of keys.
bool BlockingSocket::hears_answer() {
  if (!tls_) return true;
  std::array<char, 16 * 1024> buffer;
  const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (got <= 0) return got == 0 || (errno != EAGAIN && errno != EINTR);
  tls_->receive(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
  return tls_->is_readable();
}

// False when the peer answers already, perhaps to refuse the rest.
core::Result<bool> BlockingSocket::send_wire(std::string_view bytes, Deadline deadline, bool gives_way) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      const int wanted = gives_way ? POLLOUT | POLLIN : POLLOUT;
      if (!is_ready(socket_.get(), static_cast<short>(wanted), deadline)) return timed_out();
      if (gives_way && is_ready_now(socket_.get(), POLLIN) && hears_answer()) return false;
    } else if (errno != EINTR) {
      return false;  // why, if the peer said so, is still to be read
    }
  }
  return true;
}

core::Result<BlockingSocket::Received> BlockingSocket::receive_wire(std::span<char> into, Deadline deadline) {
  for (;;) {
    const Wakeup wakeup = wait_for(socket_.get(), POLLIN, deadline);
    if (wakeup == Wakeup::timed_out) return Received{Got::timed_out};
    if (wakeup == Wakeup::interrupted) return Received{Got::interrupted};
    const ssize_t got = ::recv(socket_.get(), into.data(), into.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return fail(Code::unavailable, std::strerror(errno));
    return Received{got == 0 ? Got::end : Got::bytes, static_cast<std::size_t>(got)};
  }
}

core::Result<BlockingSocket::Received> BlockingSocket::receive(std::span<char> into, Deadline deadline) {
  if (!tls_) return receive_wire(into, deadline);
  std::array<char, 17 * 1024> buffer;
  for (;;) {
    TRY_ASSIGN(const TlsEngine::Read read, tls_->read(into));
    if (read.got == TlsEngine::Got::bytes) return Received{Got::bytes, read.size};
    if (read.got == TlsEngine::Got::end) return Received{Got::end};
    TRY(send_wire(tls_->take_output(), deadline));  // the answer to a change of keys
    TRY_ASSIGN(const Received received, receive_wire(buffer, deadline));
    if (received.got == Got::end) return fail(Code::unavailable, "the peer cut the TLS connection off");
    if (received.got != Got::bytes) return received;
    tls_->receive(std::string_view(buffer.data(), received.size));
  }
}

}  // namespace slipway::net
