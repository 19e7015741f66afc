#include "gateway/proxy/exchange.hpp"

#include "core/text.hpp"
#include "gateway/traffic/split.hpp"
#include "net/headers.hpp"

namespace slipway::gateway::proxy {

Exchange::Exchange(State& state, io::Stream& client, std::string& inbox, http1::Parser& request)
    : state_(state),
      client_(client),
      inbox_(inbox),
      request_(request),
      snapshot_(state.snapshot),
      began_(state.loop.now()),
      watch_ended_(state.loop) {}

Exchange::~Exchange() {
  if (counted_) state_.metrics.ended(*counted_);
}

io::Co<bool> Exchange::run() {
  normalise();
  const http1::Head& head = request_.head();
  const std::string_view given_id = core::header(head.headers, "x-request-id");
  request_id_ = given_id.empty() || given_id.size() > 128 ? state_.random.uuid() : std::string(given_id);

  const traffic::RequestView view{head.method, core::header(head.headers, "host"), head.target, &head.headers};
  matched_ = traffic::match(*snapshot_, view);
  if (!matched_.route) {
    Reply reply = error_reply(404, "route_not_found",
                              "no route for " + head.method + " " + std::string(view.path()) + " at host \"" +
                                  traffic::host_of(view.authority) + "\"");
    co_return co_await answer(std::move(reply), "NR");
  }
  const traffic::HttpRoute& rule = matched_.route->rule;
  if (rule.redirect) {
    Reply reply{rule.redirect->code, {{"location", traffic::redirect_location(*rule.redirect, view)}}, ""};
    co_return co_await answer(std::move(reply), "-");
  }
  if (rule.direct_response) {
    Reply reply = text_reply(rule.direct_response->status, rule.direct_response->body);
    co_return co_await answer(std::move(reply), "-");
  }
  if (rule.timeout) deadline_ = began_ + *rule.timeout;

  auto read = co_await read_ahead();
  if (!read) {
    if (read.error().code == Code::invalid_argument) {
      Reply reply = error_reply(400, "malformed_request", read.error().message);
      co_return co_await answer(std::move(reply), "DPE");
    }
    record(0, "DC");
    client_.close();
    co_return false;
  }
  const traffic::SessionKey key = traffic::session_key(head.headers, prefix_);
  destination_ = traffic::pick_destination(*matched_.route, key, state_.random.uniform());
  backend_ = &snapshot_->backends[matched_.route->backends[destination_]];
  if (backend_->endpoints.empty()) {
    const bool missing = !backend_->problem.empty();
    Reply reply = error_reply(503, missing ? "backend_not_found" : "no_ready_endpoint",
                              missing ? backend_->problem : "no endpoint of " + backend_->text() + " is ready");
    co_return co_await answer(std::move(reply), missing ? "NC" : "UH");
  }
  counted_ = metrics::target_of(*backend_, nullptr);
  state_.metrics.started(*counted_);
  const bool again = co_await forward();
  co_await stop_watch();
  co_return again&& request_.done();
}

// "GET http://host/path": the target's authority wins over the Host header (RFC 9112 3.2.2).
void Exchange::normalise() {
  http1::Head& head = request_.head();
  static constexpr std::string_view scheme = "http://";
  if (!head.target.starts_with(scheme)) return;
  const std::size_t slash = head.target.find('/', scheme.size());
  const std::string authority =
      head.target.substr(scheme.size(), slash == std::string::npos ? slash : slash - scheme.size());
  head.target = slash == std::string::npos ? "/" : head.target.substr(slash);
  net::set_header(head.headers, "host", authority);
}

// Reads so much of the body as the session key needs, or all of a short one, which can then be sent again.
io::Co<Result<>> Exchange::read_ahead() {
  const http1::Head& head = request_.head();
  const std::size_t limit = state_.limits.read_ahead;
  const bool needs_key = traffic::is_split(*matched_.route) && !traffic::has_session_header(head.headers);
  const bool wait = needs_key || (head.content_length && *head.content_length <= limit);
  while (!request_.done() && prefix_.size() < limit) {
    if (inbox_.empty()) {
      if (!wait) break;
      auto invited = co_await invite_body();
      if (!invited) co_return invited;
      client_.expires_after(state_.limits.body);
      auto count = co_await client_.read(inbox_, 16 * 1024);
      client_.never_expires();
      if (!count) co_return fail(std::move(count).error());
      if (*count == 0) co_return fail(Code::unavailable, "the client closed inside the body");
    }
    auto taken = request_.feed(inbox_);
    if (!taken) co_return fail(std::move(taken).error());
    inbox_.erase(0, *taken);
    prefix_ += request_.take_body();
  }
  whole_ = request_.done();
  co_return Result<>();
}

io::Co<Result<>> Exchange::invite_body() {
  if (invited_) co_return Result<>();
  invited_ = true;
  const http1::Head& head = request_.head();
  if (head.minor_version == 0 || !core::equal_ignoring_case(core::header(head.headers, "expect"), "100-continue"))
    co_return Result<>();
  static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  co_return co_await client_.write(go_on);
}

io::Co<bool> Exchange::forward() {
  std::string avoid;
  bool may_reuse = whole_;  // a body that cannot be sent again goes out on a fresh connection: a kept one may be dead
  for (int attempt = 0;; ++attempt) {
    const bool may_retry = attempt < std::min(1, matched_.route->rule.retries);
    const auto index = state_.balancer.pick(*backend_, request_.head().headers, state_.random, avoid);
    endpoint_ = &backend_->endpoints[*index];
    lease_ = traffic::Balancer::Lease(state_.balancer, *endpoint_);
    bool reused = false;
    auto opened = co_await open_upstream(*endpoint_, may_reuse, reused);
    if (client_gone_) break;
    if (!opened) {
      avoid = endpoint_->text();
      if (may_retry) continue;
      Reply reply = error_reply(503, "upstream_connect_failure", opened.error().message);
      co_return co_await answer(std::move(reply), "UF");
    }
    const std::string bytes = render_upstream_request();
    auto outcome = co_await upstream_->write(bytes);
    if (outcome) {
      start_watch();
      outcome = co_await receive_head();
    }
    if (outcome) co_return co_await relay();
    if (client_gone_) break;
    // A kept connection may have been closed by its server just now. Nothing of the answer came, so nothing is repeated
    // that the client saw; the body is sent again from prefix_, on a fresh connection: those kept with it died with it.
    may_reuse = false;
    if (reused && may_retry && !response_.started() && outcome.error().code != Code::deadline_exceeded) continue;
    Error error = std::move(outcome).error();
    co_return co_await answer_failure(std::move(error));
  }
  record(0, "DC");
  co_return false;
}

io::Co<Result<>> Exchange::open_upstream(const traffic::Endpoint& endpoint, bool may_reuse, bool& reused) {
  response_.reset();
  upstream_inbox_.clear();
  upstream_ = may_reuse ? state_.pool.take(endpoint.text()) : nullptr;
  reused = upstream_ != nullptr;
  if (!reused) {
    core::Duration limit = backend_->connection_pool.connect_timeout.value_or(state_.limits.connect);
    if (deadline_) limit = std::min(limit, *deadline_ - state_.loop.now());
    auto connected = co_await io::connect(state_.loop, endpoint.address, endpoint.port, limit);
    if (!connected) co_return fail(std::move(connected).error());
    upstream_ = std::move(*connected);
  }
  if (deadline_) upstream_->expires_at(*deadline_);
  co_return Result<>();
}

std::string Exchange::render_upstream_request() const {
  const http1::Head& head = request_.head();
  core::Headers headers = head.headers;
  http1::remove_hop_by_hop(headers);
  net::remove_header(headers, "expect");
  std::string forwarded(core::header(headers, "x-forwarded-for"));
  if (!forwarded.empty()) forwarded += ", ";
  net::set_header(headers, "x-forwarded-for", forwarded + client_.remote_address());
  if (core::header(headers, "x-forwarded-proto").empty()) headers.emplace_back("x-forwarded-proto", "http");
  net::set_header(headers, "x-request-id", request_id_);
  traffic::apply_request_rules(*matched_.route, destination_, headers);
  const bool has_body = head.chunked || head.content_length;
  const bool chunked = has_body && !whole_ && !head.content_length;
  if (chunked) {
    net::set_header(headers, "transfer-encoding", "chunked");
  } else if (has_body) {
    net::set_header(headers, "content-length", std::to_string(whole_ ? prefix_.size() : *head.content_length));
  }
  std::string bytes = http1::render_request(head.method, traffic::rewritten_target(matched_, head.target), headers);
  if (chunked)
    http1::append_chunk(bytes, prefix_);
  else
    bytes += prefix_;
  return bytes;
}

io::Co<Result<>> Exchange::receive_head() {
  if (request_.head().method == "HEAD") response_.expect_no_body();
  if (!deadline_) upstream_->expires_after(state_.limits.silent_upstream);
  for (;;) {
    if (upstream_inbox_.empty()) {
      auto count = co_await upstream_->read(upstream_inbox_, 64 * 1024);
      if (!count) co_return fail(std::move(count).error());
      if (*count == 0) co_return fail(Code::unavailable, "the upstream closed the connection without an answer");
    }
    auto taken = response_.feed(upstream_inbox_);
    if (!taken) co_return fail(std::move(taken).error());
    upstream_inbox_.erase(0, *taken);
    if (!response_.head_done()) continue;
    if (response_.head().status == 101)
      co_return fail(Code::invalid_argument, "the upstream switched protocols unasked");
    if (response_.head().status >= 200) co_return Result<>();
    response_.reset();  // 1xx: the answer is still to come
    if (request_.head().method == "HEAD") response_.expect_no_body();
  }
}

io::Co<bool> Exchange::answer_failure(Error error) {
  if (error.code == Code::deadline_exceeded) {
    Reply reply = error_reply(504, "upstream_timeout", "the upstream did not answer in time");
    co_return co_await answer(std::move(reply), "UT");
  }
  if (error.code == Code::invalid_argument || error.code == Code::resource_exhausted) {
    Reply reply = error_reply(502, "upstream_protocol_error", error.message);
    co_return co_await answer(std::move(reply), "UPE");
  }
  Reply reply = error_reply(503, "upstream_reset", "the upstream closed the connection before it answered");
  co_return co_await answer(std::move(reply), "UC");
}

io::Co<bool> Exchange::answer(Reply reply, std::string flags) {
  co_await stop_watch();
  const int status = reply.status;
  net::set_header(reply.headers, "x-request-id", request_id_);
  if (backend_ && !backend_->subset.empty()) net::set_header(reply.headers, "x-slipway-subset", backend_->subset);
  // What was announced of a body and not read is not worth waiting for, unless it is here already.
  while (!request_.done() && !inbox_.empty()) {
    auto taken = request_.feed(inbox_);
    if (!taken) break;
    inbox_.erase(0, *taken);
    request_.take_body();
  }
  const bool keep = keeps_client() && request_.done();
  const std::string bytes = render(std::move(reply), keep, request_.head().method == "HEAD");
  client_.expires_after(state_.limits.stalled_client);
  auto written = co_await client_.write(bytes);
  client_.never_expires();
  record(written ? status : 0, written ? flags : "DC");
  co_return written&& keep;
}

bool Exchange::keeps_client() const { return request_.head().keep_alive && !state_.draining && !client_gone_; }

void Exchange::record(int status, std::string flags) {
  if (std::exchange(recorded_, true)) return;
  metrics::Outcome outcome;
  if (backend_) outcome.target = metrics::target_of(*backend_, endpoint_);
  outcome.status = status;
  outcome.flags = std::move(flags);
  outcome.duration = state_.loop.now() - began_;
  if (meter_ && meter_->first()) outcome.first_token = *meter_->first() - began_;
  state_.metrics.finished(outcome);
}

}  // namespace slipway::gateway::proxy
