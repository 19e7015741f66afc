// The blocking client: plain sockets and poll(), for programs that have nothing else to do meanwhile.

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/world/descriptor.hpp"
#include "core/world/real.hpp"
#include "net/client.hpp"
#include "net/impl/parser.hpp"
#include "net/impl/text.hpp"

namespace slipway::net {
namespace {

using core::Descriptor;
using core::Instant;

enum class Wakeup { ready, timed_out, interrupted };

Wakeup wait_for(int fd, short events, std::optional<Instant> deadline) {
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
bool is_ready(int fd, short events, std::optional<Instant> deadline) {
  for (;;) {
    const Wakeup wakeup = wait_for(fd, events, deadline);
    if (wakeup != Wakeup::interrupted) return wakeup == Wakeup::ready;
  }
}

// One exchange over one connection.
class Fetch {
 public:
  using OnBytes = std::function<bool(std::string_view)>;
  explicit Fetch(core::HttpRequest request)
      : request_(std::move(request)), deadline_(core::real_clock().monotonic() + request_.timeout) {}

  // Until the head is there the request's timeout counts; with `is_stream` the body may take forever.
  core::Result<core::HttpResponse> run(bool is_stream, const OnBytes& on_bytes) {
    TRY_ASSIGN(url_, parse_url(request_.url));
    TRY_ASSIGN(const std::string text, render_request(request_, url_, false));
    TRY(connect());
    TRY(send(text));
    return receive(is_stream, on_bytes);
  }

 private:
  std::unexpected<Error> broken(const std::string& why) const {
    return fail(Code::unavailable, request_.method + " " + request_.url + ": " + why);
  }
  std::unexpected<Error> timed_out() const {
    return fail(Code::deadline_exceeded, request_.method + " " + request_.url + ": no answer within " +
                                             core::render_for_people(request_.timeout));
  }

  core::Result<> connect() {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failure = ::getaddrinfo(url_.host.c_str(), std::to_string(url_.port).c_str(), &hints, &found);
    if (failure != 0)
      return fail(Code::unavailable, "cannot find the host \"" + url_.host + "\": " + ::gai_strerror(failure));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);

    int last_error = ECONNREFUSED;
    for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
      last_error = connect_to(*address);
      if (last_error == 0) return {};
      if (last_error == ETIMEDOUT) return timed_out();
    }
    return fail(Code::unavailable, "cannot connect to " + url_.authority + ": " + std::strerror(last_error));
  }

  // An errno, 0 for success, ETIMEDOUT when our own time is over.
  int connect_to(const addrinfo& address) {
    socket_ = Descriptor(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket_) return errno;
    const int one = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (::connect(socket_.get(), address.ai_addr, address.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (!is_ready(socket_.get(), POLLOUT, deadline_)) return ETIMEDOUT;
    int error_number = 0;
    socklen_t size = sizeof error_number;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error_number, &size);
    return error_number;
  }

  core::Result<> send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno == EAGAIN) {
        if (!is_ready(socket_.get(), POLLOUT | POLLIN, deadline_)) return timed_out();
        if (is_ready_now(POLLIN)) return {};  // it answers already, perhaps to refuse the rest
      } else if (errno != EINTR) {
        return {};  // why, if the peer said so, is still to be read
      }
    }
    return {};
  }

  bool is_ready_now(short events) const {
    pollfd entry{socket_.get(), events, 0};
    return ::poll(&entry, 1, 0) > 0 && (entry.revents & events) != 0;
  }

  core::Result<core::HttpResponse> receive(bool is_stream, const OnBytes& on_bytes) {
    ResponseParser parser(request_.method == "HEAD", on_bytes);
    std::array<char, 64 * 1024> buffer;
    while (!parser.is_complete()) {
      const bool is_unlimited = is_stream && parser.has_head();
      const Wakeup wakeup = wait_for(socket_.get(), POLLIN, is_unlimited ? std::nullopt : std::optional(deadline_));
      if (wakeup == Wakeup::timed_out) return timed_out();
      if (wakeup == Wakeup::interrupted) {
        if (is_unlimited && !on_bytes({})) break;
        continue;
      }
      const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (got < 0) return broken(std::strerror(errno));
      const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
      const auto fed = got == 0 ? parser.finish() : parser.feed(bytes);
      if (fed) continue;
      if (fed.error().code == Code::cancelled) break;
      return broken(fed.error().message);
    }
    return core::HttpResponse{parser.status(), std::move(parser.headers()), ""};
  }

  core::HttpRequest request_;
  Instant deadline_;
  Url url_;
  Descriptor socket_;
};

}  // namespace

core::Result<core::HttpResponse> fetch(core::HttpRequest request) {
  const std::size_t limit = request.max_response;
  const std::string where = request.method + " " + request.url;
  std::string body;
  TRY_ASSIGN(auto response, Fetch(std::move(request)).run(false, [&](std::string_view bytes) {
    body += bytes;
    return body.size() <= limit;
  }));
  if (body.size() > limit)
    return fail(Code::resource_exhausted, where + ": the answer is larger than " + std::to_string(limit) + " bytes");
  response.body = std::move(body);
  return response;
}

core::Result<int> fetch_stream(core::HttpRequest request, const std::function<bool(std::string_view)>& on_bytes) {
  TRY_ASSIGN(const auto response, Fetch(std::move(request)).run(true, on_bytes));
  return response.status;
}

}  // namespace slipway::net
