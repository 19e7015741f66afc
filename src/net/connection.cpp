// The reading half: bytes to requests to handlers.

#include "net/impl/connection.hpp"

#include "core/log.hpp"
#include "core/text.hpp"
#include "net/impl/text.hpp"

namespace slipway::net {
namespace {

constexpr std::size_t max_pipelined = 64 * 1024;           // read ahead while a request is handled
constexpr std::size_t max_unrouted_body = 64 * 1024;       // read and dropped, so that the connection can be kept
constexpr std::size_t max_discarded = 16UL * 1024 * 1024;  // of a body that was refused

std::string text_of(const asio::ip::tcp::socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return "";
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

Response not_allowed(const std::vector<std::string>& methods) {
  Response response = error_response(Error(Code::invalid_argument, "this path does not know that method"));
  response = Response{405, response.headers, response.body};
  std::string allow;
  for (const std::string& method : methods) allow += (allow.empty() ? "" : ", ") + method;
  response.headers.emplace_back("Allow", allow);
  return response;
}

void run_handler(const ServerContext& context, const Route& route, Request request,
                 const std::shared_ptr<Responder>& responder) {
  try {
    if (!route.options.public_ && context.guard && !context.guard(request, *responder)) return;
    route.handler(std::move(request), responder);
  } catch (const std::exception& error) {
    // The responder goes unanswered, so the client gets a 500.
    log::error("net", "a request handler failed", {{"what", error.what()}});
  }
}

}  // namespace

Connection::Connection(std::shared_ptr<ServerContext> context, asio::ip::tcp::socket socket)
    : context_(std::move(context)),
      transport_(std::make_shared<Transport>(std::move(socket))),
      read_deadline_(transport_->socket().get_executor()),
      write_deadline_(transport_->socket().get_executor()),
      remote_(text_of(transport_->socket())) {}

void Connection::start() {
  boost::system::error_code ignored;
  transport_->socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  if (!context_->tls) {
    arm(read_deadline_, context_->options.idle_timeout);
    return read();
  }
  arm(read_deadline_, context_->options.header_timeout);
  transport_->start_tls(context_->tls, "", [self = shared_from_this()](const boost::system::error_code& error) {
    if (self->stage_ != Stage::closed) self->on_handshake(error);
  });
}

void Connection::on_handshake(const boost::system::error_code& error) {
  if (error) {
    log::debug("net", "a TLS handshake failed", {{"remote", remote_}, {"why", transport_->reason_of(error)}});
    const auto& failure = transport_->tls_failure();
    if (!failure) return close();
    if (failure->code != Code::invalid_argument) return linger();
    transport_->give_up_tls();
    return reject(*failure, 400);
  }
  identity_ = transport_->identity();
  arm(read_deadline_, context_->options.idle_timeout);
  read();
}

void Connection::arm(asio::steady_timer& timer, core::Duration timeout) {
  timer.expires_after(timeout);
  timer.async_wait([self = shared_from_this(), &timer](const boost::system::error_code& error) {
    // A wait that ended just before it was armed anew is not cancelled any more: the new end decides.
    if (!error && timer.expiry() <= std::chrono::steady_clock::now()) self->on_timeout(timer);
  });
}

void Connection::on_timeout(const asio::steady_timer& timer) {
  if (stage_ == Stage::closed) return;
  if (stage_ == Stage::upgraded && &timer == &read_deadline_) {
    const auto session = upgraded_;
    return session->on_silence();
  }
  const bool is_in_request = stage_ == Stage::reading && !parser_.is_idle();
  if (&timer == &write_deadline_ || !is_in_request) return close();
  reject(Error(Code::deadline_exceeded, "the request did not arrive in time"), 408);
}

void Connection::read() {
  if (is_reading_ || stage_ == Stage::closed || peer_sent_all_) return;
  if (stage_ == Stage::handling && in_.size() > max_pipelined) return;
  if (stage_ == Stage::upgraded && !is_upgraded_read_) return;
  is_reading_ = true;
  transport_->async_read_some(buffer_,
                              [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
                                self->is_reading_ = false;
                                if (self->stage_ == Stage::closed) return;
                                if (error) return self->on_read_error(error == asio::error::eof);
                                self->on_read(size);
                              });
}

void Connection::on_read(std::size_t size) {
  if (stage_ == Stage::lingering) {
    discarded_ += size;
    if (discarded_ > max_discarded) return close();
  } else if (stage_ == Stage::upgraded) {
    on_upgraded_read(std::string_view(buffer_.data(), size));
  } else {
    in_.append(buffer_.data(), size);
    if (stage_ == Stage::reading) process();
  }
  read();
}

void Connection::on_read_error(bool is_end_of_stream) {
  peer_sent_all_ = true;
  const bool may_wait_for_answer = is_end_of_stream && stage_ == Stage::handling;
  if (!may_wait_for_answer) return close();
  // It may have closed only its sending side: a plain answer is still delivered, a stream ends.
  client_left();
  if (has_begun_) close();
}

void Connection::process() {
  while (stage_ == Stage::reading) {
    const bool was_idle = parser_.is_idle();
    std::string_view input = in_;
    const RequestParser::Event event = parser_.feed(input, body_part_);
    in_.erase(0, in_.size() - input.size());
    if (!body_part_.empty() && !take_body()) return;
    switch (event) {
      case RequestParser::Event::more:
        if (parser_.is_idle()) return;
        if (was_idle) arm(read_deadline_, context_->options.header_timeout);
        if (incoming_) arm(read_deadline_, context_->options.idle_timeout);
        return;
      case RequestParser::Event::head:
        if (!on_head()) return;
        break;
      case RequestParser::Event::complete:
        return dispatch();
      case RequestParser::Event::failed: {
        const auto& failure = parser_.failure();
        return reject(Error(Code::invalid_argument, failure.message), failure.status);
      }
    }
  }
}

core::Result<Target> Connection::check_target(RequestHead& head) {
  std::string host(core::header(head.headers, "Host"));
  if (head.target.starts_with("http://")) {  // RFC 9112, 3.2.2: the authority of an absolute target beats Host
    TRY_ASSIGN(const Url url, parse_url(head.target));
    host = url.authority;
    head.target = url.target;
  }
  const bool has_host = !host.empty() || head.minor_version == 1;
  if (has_host && !is_own_host(host, context_->options.allowed_hosts)) {
    return fail(Code::permission_denied, "this server does not answer for the host \"" + host + "\"",
                "add the name to the server's allowed hosts if it is meant to");
  }
  return parse_target(head.target);
}

void Connection::choose_route(const RequestHead& head) {
  incoming_->match = context_->routes.find(head.method, incoming_->target.segments);
  if (incoming_->match.route != nullptr) {
    incoming_->body = BodySink(context_->options.spool_directory, incoming_->match.route->options.max_body);
  } else if (incoming_->match.allowed.empty()) {
    incoming_->verdict = error_response(Error(Code::not_found, "there is nothing at " + incoming_->target.path));
  } else {
    incoming_->verdict = not_allowed(incoming_->match.allowed);
  }
}

// False when the request was rejected.
bool Connection::on_head() {
  RequestHead& head = parser_.head();
  is_head_request_ = head.method == "HEAD";
  is_http10_ = head.minor_version == 0;
  keep_alive_ = head.keep_alive;
  auto target = check_target(head);
  if (!target) {
    reject(target.error(), target.error().code == Code::permission_denied ? 421 : 400);
    return false;
  }
  incoming_.emplace(std::move(*target), RouteMatch(), std::nullopt, BodySink("", max_unrouted_body));
  choose_route(head);

  const std::size_t limit =
      incoming_->match.route != nullptr ? incoming_->match.route->options.max_body : max_unrouted_body;
  if (head.content_length.value_or(0) > limit) {
    const std::string size = std::to_string(*head.content_length);
    reject(Error(Code::resource_exhausted,
                 "the request's body has " + size + " bytes, " + std::to_string(limit) + " are allowed"),
           413);
    return false;
  }
  const std::string_view expectation = core::header(head.headers, "Expect");
  if (expectation.empty() || is_http10_) return true;
  if (!core::equal_ignoring_case(expectation, "100-continue")) {
    reject(Error(Code::invalid_argument, "only 100-continue can be expected here"), 417);
    return false;
  }
  if (head.has_body() && in_.empty()) {
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    flush();
  }
  return true;
}

// False when the body was refused.
bool Connection::take_body() {
  const auto taken = incoming_->body.take(body_part_);
  if (taken) return true;
  body_part_.clear();
  reject(taken.error(), incoming_->body.is_over_limit() ? 413 : 507);
  return false;
}

void Connection::dispatch() {
  stage_ = Stage::handling;
  read_deadline_.cancel();
  exchange_ = std::make_shared<Exchange>();
  exchange_->poster = context_->poster;
  exchange_->loop = context_->options.loop;
  exchange_->connection = weak_from_this();
  exchange_->body_file = incoming_->body.file();
  if (incoming_->verdict) return answer(*exchange_, std::move(*incoming_->verdict));

  RequestHead& head = parser_.head();
  Request request;
  request.method = std::move(head.method);
  request.target = std::move(head.target);
  request.path = std::move(incoming_->target.path);
  request.query = std::move(incoming_->target.query);
  request.headers = std::move(head.headers);
  request.body = incoming_->body.take_memory();
  request.body_file = exchange_->body_file ? exchange_->body_file->path() : "";
  request.remote = remote_;
  request.parameters = std::move(incoming_->match.parameters);
  request.client_subject = identity_.common_name;
  request.client_organizations = identity_.organizations;
  hand_over(std::move(request));
}

void Connection::hand_over(Request request) {
  const Route& route = *incoming_->match.route;
  incoming_.reset();
  auto responder = make_responder(exchange_);
  if (context_->options.loop == nullptr) return run_handler(*context_, route, std::move(request), responder);
  context_->options.loop->post(
      [context = context_, &route, what = std::move(request), who = std::move(responder)]() mutable {
        run_handler(*context, route, std::move(what), who);
      });
}

// Answers a request that will not be handled. What else the client sends cannot be told from its body, so the
// connection ends.
void Connection::reject(const Error& why, int status) {
  const Response plain = error_response(why);
  std::string body = plain.body;
  if (const std::string stale = "\"status\":" + std::to_string(plain.status); plain.status != status) {
    if (const std::size_t at = body.rfind(stale); at != std::string::npos) {
      body.replace(at, stale.size(), "\"status\":" + std::to_string(status));
    }
  }
  stage_ = Stage::handling;
  in_.clear();
  read_deadline_.cancel();
  keep_alive_ = false;
  exchange_ = std::make_shared<Exchange>();
  answer(*exchange_, Response{status, plain.headers, std::move(body)});
}

void Connection::next_request() {
  stage_ = Stage::reading;
  incoming_.reset();
  parser_.reset();
  arm(read_deadline_, context_->options.idle_timeout);
  process();
  read();
}

}  // namespace slipway::net
