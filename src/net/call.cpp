#include "net/impl/call.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>

#include "core/text.hpp"
#include "core/time.hpp"
#include "net/impl/text.hpp"

namespace slipway::net {
namespace {

using asio::ip::tcp;

// A request that may be sent twice when a kept connection turns out to be closed (RFC 9110, 9.2.2).
bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS";
}

// Of addresses that need no resolver.
std::vector<tcp::endpoint> literal_endpoints(const Url& url) {
  const auto port = static_cast<std::uint16_t>(url.port);
  if (core::equal_ignoring_case(url.host, "localhost")) {
    return {tcp::endpoint(asio::ip::address_v4::loopback(), port),
            tcp::endpoint(asio::ip::address_v6::loopback(), port)};
  }
  boost::system::error_code error;
  const auto address = asio::ip::make_address(url.host, error);
  if (error) return {};
  return {tcp::endpoint(address, port)};
}

}  // namespace

std::optional<tcp::socket> ConnectionPool::take(const std::string& authority) {
  for (auto it = idle_.begin(); it != idle_.end();) {
    if (it->authority != authority) {
      ++it;
      continue;
    }
    tcp::socket socket = std::move(it->socket);
    it = idle_.erase(it);
    // An idle connection has nothing to say: a byte or an end means that the server closed it.
    char byte = 0;
    boost::system::error_code error;
    socket.non_blocking(true, error);
    socket.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
    if (error == asio::error::would_block) return socket;
  }
  return std::nullopt;
}

void ConnectionPool::put(const std::string& authority, tcp::socket socket, Instant now) {
  idle_.push_front(Idle{authority, std::move(socket), now});
  std::size_t of_this_host = 0;
  std::erase_if(idle_, [&](const Idle& idle) {
    return now - idle.since > max_age || (idle.authority == authority && ++of_this_host > max_idle_per_host);
  });
  if (idle_.size() > max_idle) idle_.pop_back();
}

Call::Call(std::shared_ptr<CallContext> context, core::HttpRequest request, Done done)
    : context_(std::move(context)),
      request_(std::move(request)),
      done_(std::move(done)),
      deadline_(context_->io),
      resolver_(context_->io),
      socket_(context_->io) {}

void Call::start() {
  if (context_->is_stopped) return;
  context_->calls.insert(shared_from_this());
  auto url = parse_url(request_.url);
  if (!url) return fail_with(std::move(url).error());
  url_ = std::move(*url);
  auto text = render_request(request_, url_, true);
  if (!text) return fail_with(std::move(text).error());
  out_ = std::move(*text);
  request_.body = std::string();

  deadline_.expires_after(request_.timeout);
  deadline_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error) return;
    self->fail_with(Error(Code::deadline_exceeded,
                          self->where() + ": no answer within " + core::render_for_people(self->request_.timeout)));
  });
  if (auto kept = context_->pool.take(url_.authority)) {
    socket_ = std::move(*kept);
    return use_socket(true);
  }
  connect();
}

void Call::connect() {
  auto endpoints = literal_endpoints(url_);
  if (endpoints.empty()) return resolve();
  connect_to(std::move(endpoints));
}

void Call::resolve() {
  resolver_.async_resolve(
      url_.host, std::to_string(url_.port),
      [self = shared_from_this()](const boost::system::error_code& error, const tcp::resolver::results_type& found) {
        if (self->is_finished_) return;
        if (error) {
          return self->fail_with(
              Error(Code::unavailable, "cannot find the host \"" + self->url_.host + "\": " + error.message()));
        }
        std::vector<tcp::endpoint> endpoints;
        for (const auto& entry : found) endpoints.push_back(entry.endpoint());
        self->connect_to(std::move(endpoints));
      });
}

void Call::connect_to(std::vector<tcp::endpoint> endpoints) {
  auto list = std::make_shared<std::vector<tcp::endpoint>>(std::move(endpoints));
  asio::async_connect(
      socket_, *list, [self = shared_from_this(), list](const boost::system::error_code& error, const tcp::endpoint&) {
        if (self->is_finished_) return;
        if (error) {
          return self->fail_with(
              Error(Code::unavailable, "cannot connect to " + self->url_.authority + ": " + error.message()));
        }
        self->use_socket(false);
      });
}

void Call::use_socket(bool is_reused) {
  is_reused_ = is_reused;
  boost::system::error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  parser_.emplace(request_.method == "HEAD", [this](std::string_view bytes) {
    body_ += bytes;
    return body_.size() <= request_.max_response;
  });
  write();
  read();  // a server may answer, or close, before it has the whole request
}

void Call::write() {
  is_written_ = false;
  asio::async_write(socket_, asio::buffer(out_),
                    [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                      // A failure shows in the reading too, and there an answer may still be waiting.
                      if (!error) self->is_written_ = true;
                    });
}

void Call::read() {
  socket_.async_read_some(asio::buffer(buffer_),
                          [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
                            if (self->is_finished_) return;
                            if (error == asio::error::eof) return self->on_end_of_stream();
                            if (error) return self->on_broken(error);
                            self->on_read(size);
                          });
}

void Call::on_read(std::size_t size) {
  has_received_ = true;
  auto fed = parser_->feed(std::string_view(buffer_.data(), size));
  if (!fed && fed.error().code == Code::cancelled) {
    return fail_with(Error(Code::resource_exhausted, where() + ": the answer is larger than " +
                                                         std::to_string(request_.max_response) + " bytes"));
  }
  if (!fed) return fail_with(Error(fed.error().code, where() + ": " + fed.error().message));
  if (parser_->is_complete()) return succeed();
  read();
}

// Whether a stale kept connection was to blame and a new one is under way.
bool Call::try_again() {
  if (!is_reused_ || has_received_ || !is_idempotent(request_.method)) return false;
  boost::system::error_code ignored;
  socket_.close(ignored);
  socket_ = tcp::socket(context_->io);
  connect();
  return true;
}

void Call::on_broken(const boost::system::error_code& error) {
  if (try_again()) return;
  fail_with(Error(Code::unavailable, where() + ": " + error.message()));
}

void Call::on_end_of_stream() {
  if (try_again()) return;
  auto ended = parser_->finish();
  if (!ended) return fail_with(Error(ended.error().code, where() + ": " + ended.error().message));
  succeed();
}

void Call::succeed() {
  if (is_written_ && parser_->may_reuse_connection())
    context_->pool.put(url_.authority, std::move(socket_), std::chrono::steady_clock::now());
  core::HttpResponse response;
  response.status = parser_->status();
  response.headers = std::move(parser_->headers());
  response.body = std::move(body_);
  finish(std::move(response));
}

void Call::fail_with(Error why) {
  if (!is_finished_) finish(core::fail(std::move(why)));
}

void Call::finish(core::Result<core::HttpResponse> result) {
  auto done = std::move(done_);
  const auto self = shared_from_this();
  drop();
  context_->calls.erase(self);
  done(std::move(result));
}

void Call::drop() {
  is_finished_ = true;
  deadline_.cancel();
  resolver_.cancel();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace slipway::net
