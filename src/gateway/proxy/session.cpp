#include "gateway/proxy/session.hpp"

#include "gateway/proxy/exchange.hpp"
#include "gateway/proxy/reply.hpp"

namespace slipway::gateway::proxy {

Session::Session(State& state, std::unique_ptr<io::Stream> client) : state_(state), client_(std::move(client)) {
  state_.sessions.insert(this);
}
Session::~Session() {
  state_.sessions.erase(this);
  if (state_.stopping && state_.sessions.empty()) state_.all_ended.set();
}

void Session::end_if_idle() {
  if (idle_) client_->close();
}
void Session::cut() { client_->close(); }

io::Co<> Session::run() {
  for (;;) {
    const bool came = co_await read_head();
    if (!came) break;
    Exchange exchange(state_, *client_, inbox_, request_);
    const bool again = co_await exchange.run();
    if (!again || state_.draining) break;
    request_.reset();
  }
  co_await close_gently();
}

io::Co<bool> Session::read_head() {
  idle_ = inbox_.empty();
  client_->expires_after(state_.limits.keep_alive);
  bool has_begun = false;  // with its first byte, be it of an empty line before the request
  while (!request_.head_done()) {
    if (inbox_.empty()) {
      auto count = co_await client_->read(inbox_, 16 * 1024);
      if (!count && client_->has_expired() && request_.started()) {
        co_return false;  // nothing can be said any more: the deadline closed the connection
      }
      if (!count || *count == 0) co_return false;
    }
    if (!std::exchange(has_begun, true)) client_->expires_after(state_.limits.header);
    idle_ = false;
    auto taken = request_.feed(inbox_);
    if (!taken) {
      Error error = std::move(taken).error();
      co_await refuse(std::move(error));
      co_return false;
    }
    inbox_.erase(0, *taken);
  }
  client_->never_expires();
  co_return true;
}

io::Co<> Session::refuse(Error error) {
  const int status = error.code == Code::resource_exhausted ? 431 : error.code == Code::unimplemented ? 501 : 400;
  Reply reply = error_reply(status,
                            status == 431   ? "head_too_large"
                            : status == 501 ? "not_implemented"
                                            : "malformed_request",
                            error.message);
  const std::string bytes = render(std::move(reply), false);
  metrics::Outcome outcome;
  outcome.status = status;
  outcome.flags = "DPE";
  state_.metrics.finished(outcome);
  client_->expires_after(state_.limits.header);
  co_await client_->write(bytes);
}

io::Co<> Session::close_gently() {
  if (!client_->is_open()) co_return;
  client_->shutdown_write();
  client_->expires_after(std::chrono::seconds(1));
  std::string ignored;
  for (std::size_t total = 0; total < 1024 * 1024;) {
    auto count = co_await client_->read(ignored, 16 * 1024);
    if (!count || *count == 0) break;
    total += *count;
    ignored.clear();
  }
  client_->close();
}

}  // namespace slipway::gateway::proxy
