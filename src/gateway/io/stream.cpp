#include "gateway/io/stream.hpp"

#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "core/world/real.hpp"
#include "gateway/io/impl.hpp"

namespace slipway::gateway::io {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {
constexpr core::Instant never = core::Instant::max();
core::Instant now() { return core::real_clock().monotonic(); }
}  // namespace

// The deadline's timer is moved lazily: it fires at the oldest deadline set and looks whether a later one was set
// since. It holds this state by shared_ptr, so that a timer already queued never touches a dead Stream.
struct Stream::Impl {
  struct Shared : std::enable_shared_from_this<Shared> {
    tcp::socket socket;
    asio::steady_timer timer;
    core::Instant deadline = never;
    core::Instant armed = never;
    bool expired = false;

    explicit Shared(tcp::socket s) : socket(std::move(s)), timer(socket.get_executor()) {}

    void arm() {
      if (deadline >= armed) return;
      armed = deadline;
      timer.expires_after(std::max(core::Duration(0), deadline - now()));
      timer.async_wait([self = shared_from_this()](error_code error) {
        if (error || self->armed == never) return;
        self->armed = never;
        if (self->deadline == never) return;
        if (self->deadline > now()) return self->arm();
        self->expired = true;
        self->close();
      });
    }
    void close() {
      error_code ignored;
      if (socket.is_open()) socket.close(ignored);
    }
  };
  std::shared_ptr<Shared> shared;
  explicit Impl(tcp::socket s) : shared(std::make_shared<Shared>(std::move(s))) {}
};

namespace {
template <class Shared>
Error error_of(const Shared& shared, const error_code& error, const char* what) {
  if (shared.expired) return Error(Code::deadline_exceeded, std::string(what) + ": timed out");
  if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
    return Error(Code::cancelled, std::string(what) + ": cancelled");
  }
  return Error(Code::unavailable, std::string(what) + ": " + error.message());
}
}  // namespace

Stream::Stream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Stream::~Stream() {
  never_expires();
  impl_->shared->armed = never;
  impl_->shared->timer.cancel();
  impl_->shared->close();
}

// Tries without waiting first, into one buffer for all of the thread's streams: an idle connection holds no buffer.
Co<Result<std::size_t>> Stream::read(std::string& into, std::size_t limit) {
  static thread_local char scratch[64 * 1024];
  auto shared = impl_->shared;
  for (;;) {
    error_code error;
    const std::size_t count = shared->socket.read_some(asio::buffer(scratch, std::min(limit, sizeof scratch)), error);
    if (error == asio::error::eof) co_return std::size_t{0};
    if (!error) {
      into.append(scratch, count);
      co_return count;
    }
    if (error != asio::error::would_block && error != asio::error::try_again)
      co_return fail(error_of(*shared, error, "read"));
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await shared->socket.async_wait(tcp::socket::wait_read, token);
    if (error) co_return fail(error_of(*shared, error, "read"));
  }
}

Co<Result<>> Stream::write(std::string_view bytes) {
  auto shared = impl_->shared;
  error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  auto buffer = asio::buffer(bytes.data(), bytes.size());
  co_await asio::async_write(shared->socket, buffer, token);
  if (error) co_return fail(error_of(*shared, error, "write"));
  co_return Result<>();
}

void Stream::expires_after(core::Duration duration) { expires_at(now() + duration); }
void Stream::expires_at(core::Instant instant) {
  impl_->shared->deadline = instant;
  impl_->shared->arm();
}
void Stream::never_expires() { impl_->shared->deadline = never; }
bool Stream::has_expired() const { return impl_->shared->expired; }

void Stream::cancel() {
  error_code ignored;
  impl_->shared->socket.cancel(ignored);
}
void Stream::shutdown_write() {
  error_code ignored;
  impl_->shared->socket.shutdown(tcp::socket::shutdown_send, ignored);
}
void Stream::close() { impl_->shared->close(); }
bool Stream::is_open() const { return impl_->shared->socket.is_open(); }

bool Stream::is_quiet() const {
  if (!is_open()) return false;
  char byte;
  const auto got = ::recv(impl_->shared->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::string Stream::remote_address() const {
  error_code error;
  const auto endpoint = impl_->shared->socket.remote_endpoint(error);
  return error ? std::string() : endpoint.address().to_string();
}

struct Listener::Impl {
  tcp::acceptor acceptor;
  explicit Impl(Loop& loop) : acceptor(loop.impl().context) {}
};

Listener::Listener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::~Listener() = default;

Result<std::unique_ptr<Listener>> Listener::open(Loop& loop, const std::string& address, int port) {
  const std::string where = address + ":" + std::to_string(port);
  error_code error;
  const auto ip = asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, error);
  if (error) return fail(Code::invalid_argument, "\"" + address + "\" is not an IP address");
  auto impl = std::make_unique<Impl>(loop);
  const tcp::endpoint endpoint(ip, static_cast<unsigned short>(port));
  impl->acceptor.open(endpoint.protocol(), error);
  if (!error) impl->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) impl->acceptor.bind(endpoint, error);
  if (!error) impl->acceptor.listen(4096, error);
  if (error == asio::error::address_in_use) {
    return fail(Code::unavailable, where + " is in use by another program", "stop it, or choose another port");
  }
  if (error) return fail(Code::unavailable, "cannot listen on " + where + ": " + error.message());
  return std::unique_ptr<Listener>(new Listener(std::move(impl)));
}

int Listener::port() const {
  error_code error;
  return impl_->acceptor.local_endpoint(error).port();
}

Co<Result<std::unique_ptr<Stream>>> Listener::accept() {
  error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  tcp::socket socket = co_await impl_->acceptor.async_accept(token);
  if (error) {
    const Code code = error == asio::error::operation_aborted || error == asio::error::bad_descriptor
                          ? Code::cancelled
                          : Code::unavailable;
    co_return fail(code, "accept: " + error.message());
  }
  socket.set_option(tcp::no_delay(true), error);
  socket.non_blocking(true, error);
  auto impl = std::make_unique<Stream::Impl>(std::move(socket));
  co_return std::make_unique<Stream>(std::move(impl));
}

void Listener::close() {
  error_code ignored;
  impl_->acceptor.close(ignored);
}

Co<Result<std::unique_ptr<Stream>>> connect(Loop& loop, std::string address, int port, core::Duration timeout) {
  const std::string where = address + ":" + std::to_string(port);
  error_code error;
  const auto ip = asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, error);
  if (error) co_return fail(Code::invalid_argument, "\"" + address + "\" is not an IP address");
  tcp::socket socket(loop.impl().context);
  auto impl = std::make_unique<Stream::Impl>(std::move(socket));
  auto shared = impl->shared;
  auto stream = std::make_unique<Stream>(std::move(impl));
  stream->expires_after(timeout);
  const tcp::endpoint endpoint(ip, static_cast<unsigned short>(port));
  auto token = asio::redirect_error(asio::use_awaitable, error);
  co_await shared->socket.async_connect(endpoint, token);
  if (shared->expired) co_return fail(Code::deadline_exceeded, "connecting to " + where + " timed out");
  if (error) co_return fail(Code::unavailable, "cannot connect to " + where + ": " + error.message());
  stream->never_expires();
  error_code ignored;
  shared->socket.set_option(tcp::no_delay(true), ignored);
  shared->socket.non_blocking(true, ignored);
  co_return std::move(stream);
}

}  // namespace slipway::gateway::io
