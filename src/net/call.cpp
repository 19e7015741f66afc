#include "net/impl/call.hpp"

#include <boost/asio/connect.hpp>

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

Call::Call(std::shared_ptr<CallContext> context, core::HttpRequest request, std::optional<core::Duration> idle_timeout,
           std::shared_ptr<CallReceiver> receiver)
    : context_(std::move(context)),
      request_(std::move(request)),
      idle_timeout_(idle_timeout),
      receiver_(std::move(receiver)),
      deadline_(context_->io),
      resolver_(context_->io) {}

void Call::start() {
  if (context_->is_stopped || is_finished_) return;
  context_->calls.insert(shared_from_this());
  auto prepared = prepare();
  if (!prepared) return fail_with(std::move(prepared).error());
  expect_within(request_.timeout);
  transport_ = context_->pool.take(peer_);
  if (transport_) return use_transport(true);
  connect();
}

core::Result<> Call::prepare() {
  TRY_ASSIGN(url_, parse_url(request_.url));
  TRY_ASSIGN(out_, render_request(request_, url_, true));
  request_.body = std::string();
  peer_ = url_.authority;
  if (!url_.is_tls) return {};
  TRY_ASSIGN(tls_, context_->tls.get(request_.tls ? *request_.tls : core::TlsSettings()));
  peer_ = "https://" + url_.authority + "/" + std::to_string(tls_->id());
  return {};
}

void Call::expect_within(core::Duration timeout) {
  deadline_.expires_after(timeout);
  deadline_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    // A wait that ended just before it was armed anew is not cancelled any more: the new end decides.
    if (!error && self->deadline_.expiry() <= std::chrono::steady_clock::now()) self->on_timeout();
  });
}

void Call::on_timeout() {
  if (is_finished_ || is_paused_) return;
  const std::string what = has_told_head_ && idle_timeout_
                               ? ": no byte of the answer within " + core::render_for_people(*idle_timeout_)
                               : ": no answer within " + core::render_for_people(request_.timeout);
  fail_with(Error(Code::deadline_exceeded, where() + what));
}

void Call::connect() {
  transport_ = std::make_shared<Transport>(tcp::socket(context_->io));
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
  asio::async_connect(transport_->socket(), *list,
                      [self = shared_from_this(), list](const boost::system::error_code& error, const tcp::endpoint&) {
                        if (self->is_finished_) return;
                        if (error) {
                          return self->fail_with(Error(
                              Code::unavailable, "cannot connect to " + self->url_.authority + ": " + error.message()));
                        }
                        if (self->tls_) return self->start_tls();
                        self->use_transport(false);
                      });
}

void Call::start_tls() {
  transport_->start_tls(tls_, url_.host, [self = shared_from_this()](const boost::system::error_code& error) {
    if (self->is_finished_) return;
    if (!error) return self->use_transport(false);
    const auto& failure = self->transport_->tls_failure();
    self->fail_with(Error(failure ? failure->code : Code::unavailable,
                          "cannot speak TLS with " + self->url_.authority + ": " + self->transport_->reason_of(error)));
  });
}

void Call::use_transport(bool is_reused) {
  is_reused_ = is_reused;
  boost::system::error_code ignored;
  transport_->socket().set_option(tcp::no_delay(true), ignored);
  parser_.emplace(request_.method == "HEAD", [this](std::string_view bytes) {
    tell_head();
    auto taken = receiver_->on_body(*this, bytes);
    if (!taken) refusal_ = std::move(taken).error();
    return !refusal_ && !is_finished_;
  });
  write();
  read();  // a server may answer, or close, before it has the whole request
}

void Call::write() {
  is_written_ = false;
  written_ = 0;
  write_some();
}

void Call::write_some() {
  const auto handler = [self = shared_from_this(), transport = transport_](const boost::system::error_code& error,
                                                                           std::size_t size) {
    // A failure shows in the reading too, and there an answer may still be waiting.
    if (error || self->is_finished_ || self->transport_ != transport) return;
    self->written_ += size;
    if (self->written_ < self->out_.size()) return self->write_some();
    self->is_written_ = true;
  };
  transport_->async_write_some(std::string_view(out_).substr(written_), handler);
}

void Call::read() {
  if (is_reading_ || is_paused_ || is_finished_) return;
  is_reading_ = true;
  transport_->async_read_some(buffer_,
                              [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
                                self->is_reading_ = false;
                                if (self->is_finished_) return;
                                if (error == asio::error::eof) return self->on_end_of_stream();
                                if (error) return self->on_broken(error);
                                self->on_read(size);
                              });
}

void Call::tell_head() {
  if (has_told_head_) return;
  has_told_head_ = true;
  receiver_->on_head(*this, parser_->status(), std::move(parser_->headers()));
}

void Call::on_read(std::size_t size) {
  has_received_ = true;
  const auto self = shared_from_this();
  auto fed = parser_->feed(std::string_view(buffer_.data(), size));
  if (is_finished_) return;
  if (refusal_) return fail_with(std::move(*refusal_));
  if (!fed) return fail_with(Error(fed.error().code, where() + ": " + fed.error().message));
  if (parser_->has_head()) tell_head();
  if (is_finished_) return;
  if (parser_->is_complete()) return succeed();
  if (has_told_head_ && idle_timeout_ && !is_paused_) {
    if (*idle_timeout_ > core::Duration::zero()) {
      expect_within(*idle_timeout_);
    } else {
      deadline_.cancel();
    }
  }
  read();
}

void Call::pause() {
  is_paused_ = true;
  if (idle_timeout_) deadline_.cancel();
}

void Call::resume() {
  if (!is_paused_ || is_finished_) return;
  is_paused_ = false;
  if (has_told_head_ && idle_timeout_.value_or(core::Duration::zero()) > core::Duration::zero())
    expect_within(*idle_timeout_);
  if (parser_) read();
}

// Whether a stale kept connection was to blame and a new one is under way.
bool Call::try_again() {
  if (!is_reused_ || has_received_ || !is_idempotent(request_.method)) return false;
  transport_->close();
  connect();
  return true;
}

void Call::on_broken(const boost::system::error_code& error) {
  if (try_again()) return;
  const auto& failure = transport_->tls_failure();
  fail_with(Error(failure ? failure->code : Code::unavailable, where() + ": " + transport_->reason_of(error)));
}

void Call::on_end_of_stream() {
  if (try_again()) return;
  auto ended = parser_->finish();
  if (!ended) return fail_with(Error(ended.error().code, where() + ": " + ended.error().message));
  tell_head();
  if (!is_finished_) succeed();
}

void Call::succeed() {
  if (is_written_ && parser_->may_reuse_connection())
    context_->pool.put(peer_, std::exchange(transport_, nullptr), std::chrono::steady_clock::now());
  finish({});
}

void Call::fail_with(Error why) {
  if (!is_finished_) finish(core::fail(std::move(why)));
}

void Call::finish(core::Result<> result) {
  const auto receiver = receiver_;
  const auto self = shared_from_this();
  drop();
  receiver->on_done(std::move(result));
}

void Call::drop() {
  const auto self = shared_from_this();
  is_finished_ = true;
  deadline_.cancel();
  resolver_.cancel();
  if (transport_) transport_->close();
  context_->calls.erase(self);
}

}  // namespace slipway::net
