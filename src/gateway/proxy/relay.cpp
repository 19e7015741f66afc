// The second half of an exchange: the answer on its way back, and the watch over the client.
#include "gateway/proxy/exchange.hpp"

#include "net/headers.hpp"

namespace slipway::gateway::proxy {

io::Co<bool> Exchange::relay() {
  const http1::Head& head = response_.head();
  const int status = head.status;
  const bool bodyless = request_.head().method == "HEAD" || status == 204 || status == 304;
  const bool old_client = request_.head().minor_version == 0;
  const bool chunked = !bodyless && !head.content_length && !old_client;
  const bool keep = keeps_client() && (bodyless || head.content_length || chunked);
  meter_.emplace(core::header(head.headers, "content-type").starts_with("text/event-stream"));

  std::string out = render_client_head(keep, bodyless, chunked);
  for (;;) {
    const std::string piece = response_.take_body();
    note_content(piece);
    if (chunked)
      http1::append_chunk(out, piece);
    else
      out += piece;
    if (response_.done() && chunked) out += http1::last_chunk;
    if (!out.empty()) {
      client_.expires_after(state_.limits.stalled_client);
      auto written = co_await client_.write(out);
      client_.never_expires();
      if (!written) {
        upstream_->close();
        record(0, "DC");
        co_return false;
      }
      out.clear();
    }
    if (response_.done()) break;

    Result<> fed;
    if (upstream_inbox_.empty()) {
      if (!deadline_) upstream_->expires_after(state_.limits.silent_upstream);
      auto count = co_await upstream_->read(upstream_inbox_, 32 * 1024);
      if (!count)
        fed = fail(std::move(count).error());
      else if (*count == 0)
        fed = response_.finish();
    }
    if (fed && !upstream_inbox_.empty()) {
      auto taken = response_.feed(upstream_inbox_);
      if (taken)
        upstream_inbox_.erase(0, *taken);
      else
        fed = fail(std::move(taken).error());
    }
    if (!fed) {
      // The client has part of an answer. The only honest end is a visible one: no last chunk, and the connection goes.
      const bool timeout = fed.error().code == Code::deadline_exceeded;
      if (client_gone_)
        record(0, "DC");
      else
        record(timeout ? 504 : 502, timeout ? "UT" : "UC");
      client_.close();
      co_return false;
    }
  }
  record(status, "-");
  const bool clean = upstream_inbox_.empty() && !response_.ends_with_connection() && head.keep_alive;
  co_await stop_watch();
  if (clean && request_.done() && upstream_->is_open()) state_.pool.give(endpoint_->text(), std::move(upstream_));
  co_return keep && !client_gone_;
}

std::string Exchange::render_client_head(bool keep, bool bodyless, bool chunked) const {
  const http1::Head& head = response_.head();
  core::Headers headers = head.headers;
  http1::remove_hop_by_hop(headers);
  traffic::apply_response_rules(*matched_.route, destination_, headers);
  if (!backend_->subset.empty()) net::set_header(headers, "x-slipway-subset", backend_->subset);
  if (core::header(headers, "x-request-id").empty()) headers.emplace_back("x-request-id", request_id_);
  const bool told_length = head.content_length && head.status != 204;
  if (told_length)
    headers.emplace_back("content-length", std::to_string(*head.content_length));
  else if (chunked && !bodyless)
    headers.emplace_back("transfer-encoding", "chunked");
  if (!keep)
    headers.emplace_back("connection", "close");
  else if (request_.head().minor_version == 0)
    headers.emplace_back("connection", "keep-alive");
  return http1::render_response(head.status, headers);
}

void Exchange::note_content(std::string_view bytes) {
  const auto before = meter_->last();
  const core::Instant now = state_.loop.now();
  const int pieces = meter_->feed(bytes, now);
  if (!before || pieces == 0) return;
  const metrics::Target target = metrics::target_of(*backend_, endpoint_);
  for (int i = 0; i < pieces; ++i) state_.metrics.token_gap(target, (now - *before) / pieces);
}

void Exchange::start_watch() {
  if (watching_) return;
  watching_ = true;
  state_.loop.spawn(watch(), [this] { watch_ended_.set(); });
}

io::Co<> Exchange::watch() {
  pumping_ = true;
  const bool all = co_await pump();
  pumping_ = false;
  if (!all) co_return;
  // Bytes of a next request may come; more of them than this and we stop looking.
  while (!stopping_ && inbox_.size() < 16 * 1024) {
    auto count = co_await client_.read(inbox_, 16 * 1024);
    if (stopping_) co_return;
    if (!count || *count == 0) {
      client_went();
      co_return;
    }
  }
}

io::Co<bool> Exchange::pump() {
  const bool chunked = !request_.head().content_length;
  while (!request_.done()) {
    if (inbox_.empty()) {
      auto invited = co_await invite_body();
      auto count = co_await client_.read(inbox_, 64 * 1024);
      if (stopping_) co_return false;
      if (!invited || !count || *count == 0) {
        client_went();
        co_return false;
      }
    }
    auto taken = request_.feed(inbox_);
    if (!taken) {
      client_went();  // a body that breaks its framing: there is nobody to talk to
      co_return false;
    }
    inbox_.erase(0, *taken);
    const std::string piece = request_.take_body();
    std::string framed;
    if (chunked) http1::append_chunk(framed, piece);
    if (chunked && request_.done()) framed += http1::last_chunk;
    const std::string_view bytes = chunked ? std::string_view(framed) : std::string_view(piece);
    auto written = co_await upstream_->write(bytes);
    if (stopping_ || !written) co_return false;  // the answer tells, if one comes
  }
  co_return true;
}

void Exchange::client_went() {
  client_gone_ = true;
  if (upstream_) upstream_->close();
}

io::Co<> Exchange::stop_watch() {
  if (!watching_ || watch_ended_.is_set()) co_return;
  stopping_ = true;
  client_.cancel();
  if (pumping_ && upstream_) upstream_->close();
  co_await watch_ended_.wait();
}

}  // namespace slipway::gateway::proxy
