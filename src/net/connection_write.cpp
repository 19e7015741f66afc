// The writing half: answers to bytes.

#include <charconv>

#include "net/impl/connection.hpp"
#include "net/impl/text.hpp"

namespace slipway::net {
namespace {

constexpr std::size_t max_write = 256 * 1024;
constexpr core::Duration linger_time = std::chrono::seconds(2);

std::string chunk_head(std::size_t size) {
  std::array<char, 20> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16);
  return std::string(digits.data(), end) + "\r\n";
}

}  // namespace

void Connection::answer(const Exchange& exchange, Response response) {
  if (!is_current(exchange) || has_begun_ || is_finished_) return;
  if (peer_sent_all_) keep_alive_ = false;
  const std::string head = render_response_head(response.status, response.headers, Framing::content_length,
                                                response.body.size(), keep_alive_);
  const bool has_body = !is_head_request_ && !has_no_body(response.status);
  if (has_body && out_.empty() && response.body.size() > out_.capacity()) {
    out_ = std::move(response.body);  // large: made room for in place
    out_.insert(0, head);
  } else {
    out_ += head;
    if (has_body) out_ += response.body;
  }
  finish_exchange();
}

void Connection::begin(const Exchange& exchange, int status, const core::Headers& headers) {
  if (!is_current(exchange) || has_begun_ || is_finished_) return;
  if (peer_sent_all_) return close();
  has_begun_ = true;
  is_chunked_ = !is_http10_ && !has_no_body(status);
  if (is_http10_) keep_alive_ = false;
  out_ += render_response_head(status, headers, is_chunked_ ? Framing::chunked : Framing::until_close, 0, keep_alive_);
  if (has_no_body(status)) is_head_request_ = true;
  flush();
}

void Connection::write(const Exchange& exchange, std::string_view bytes) {
  if (!is_current(exchange) || !has_begun_ || is_finished_) return;
  streamed_in_out_ += bytes.size();
  if (!is_head_request_) {
    if (is_chunked_) out_ += chunk_head(bytes.size());
    out_ += bytes;
    if (is_chunked_) out_ += "\r\n";
  }
  flush();
}

void Connection::end(const Exchange& exchange) {
  if (!is_current(exchange) || !has_begun_ || is_finished_) return;
  if (is_chunked_ && !is_head_request_) out_ += "0\r\n\r\n";
  finish_exchange();
}

void Connection::abort(const Exchange& exchange) {
  if (is_current(exchange)) close();
}

void Connection::set_on_close(const Exchange& exchange, std::function<void()> callback) {
  if (exchange.client_left) return exchange.run_callback(std::move(callback));
  if (is_current(exchange) && !is_finished_) on_close_ = std::move(callback);
}

void Connection::finish_exchange() {
  is_finished_ = true;
  exchange_->is_open = false;
  on_close_ = nullptr;
  flush();
}

void Connection::flush() {
  if (is_writing_ || stage_ == Stage::closed) return;
  if (out_.empty()) return on_flushed();
  being_written_ = std::exchange(out_, {});
  streamed_in_writing_ = std::exchange(streamed_in_out_, 0);
  written_ = 0;
  is_writing_ = true;
  write_some();
}

void Connection::write_some() {
  arm(write_deadline_, context_->options.idle_timeout);
  const std::string_view left = std::string_view(being_written_).substr(written_, max_write);
  transport_->async_write_some(left,
                               [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
                                 if (self->stage_ == Stage::closed) return;
                                 if (error) return self->close();
                                 self->written_ += size;
                                 if (self->written_ < self->being_written_.size()) return self->write_some();
                                 self->is_writing_ = false;
                                 self->write_deadline_.cancel();
                                 if (self->exchange_) {
                                   self->exchange_->unsent -= self->streamed_in_writing_;
                                   self->exchange_->tell_when_writable();
                                 }
                                 if (const auto session = self->upgraded_) session->on_written();
                                 self->flush();
                               });
}

void Connection::on_flushed() {
  if (exchange_) {  // a HEAD's stream
    exchange_->unsent -= std::exchange(streamed_in_out_, 0);
    exchange_->tell_when_writable();
  }
  if (!is_finished_) return;
  is_finished_ = false;
  if (stage_ == Stage::upgraded) return linger();
  has_begun_ = false;
  exchange_.reset();
  if (!keep_alive_ || peer_sent_all_) return linger();
  next_request();
}

// Closing at once would reset the connection while the client still sends, and it could lose our answer.
void Connection::linger() {
  if (peer_sent_all_) return close();
  leave_upgraded();
  stage_ = Stage::lingering;
  transport_->finish_sending();
  arm(read_deadline_, linger_time);
  read();
}

void Connection::client_left() {
  if (!exchange_ || is_finished_) return;
  exchange_->client_left = true;
  exchange_->is_open = false;
  if (auto callback = std::exchange(on_close_, nullptr)) exchange_->run_callback(std::move(callback));
}

void Connection::close() {
  if (stage_ == Stage::closed) return;
  client_left();
  leave_upgraded();
  shut();
  context_->connections.erase(shared_from_this());
}

void Connection::shut() {
  stage_ = Stage::closed;
  upgraded_.reset();
  if (exchange_) {
    exchange_->is_open = false;
    exchange_->on_writable = nullptr;
  }
  exchange_.reset();
  incoming_.reset();
  on_close_ = nullptr;
  read_deadline_.cancel();
  write_deadline_.cancel();
  transport_->close();
}

void Connection::upgrade(const Exchange& exchange, const core::Headers& headers, std::shared_ptr<Upgraded> next) {
  if (!is_current(exchange) || has_begun_ || is_finished_ || peer_sent_all_) {
    next->on_end();
    return;
  }
  out_ += render_upgrade_head(headers);
  stage_ = Stage::upgraded;
  on_close_ = nullptr;
  upgraded_ = std::move(next);
  flush();
  const auto session = upgraded_;
  session->on_start(shared_from_this());
  if (const std::string early = std::exchange(in_, {}); !early.empty() && stage_ == Stage::upgraded)
    on_upgraded_read(early);
  read();
}

void Connection::on_upgraded_read(std::string_view bytes) {
  if (upgraded_silence_ > core::Duration::zero()) arm(read_deadline_, upgraded_silence_);
  const auto session = upgraded_;
  session->on_bytes(bytes);
}

void Connection::send_upgraded(std::string_view bytes) {
  if (stage_ != Stage::upgraded || is_finished_) return;
  streamed_in_out_ += bytes.size();
  out_ += bytes;
  flush();
}

void Connection::read_upgraded(bool wanted) {
  is_upgraded_read_ = wanted;
  if (stage_ == Stage::upgraded && wanted) read();
}

void Connection::expect_upgraded(core::Duration silence, bool renews) {
  upgraded_silence_ = renews ? silence : core::Duration::zero();
  if (stage_ == Stage::upgraded && silence > core::Duration::zero()) arm(read_deadline_, silence);
}

void Connection::end_upgraded() {
  if (stage_ != Stage::upgraded) return;
  is_finished_ = true;
  flush();
}

// It hears no more of us.
void Connection::leave_upgraded() {
  if (const auto session = std::exchange(upgraded_, nullptr)) session->on_end();
}

}  // namespace slipway::net
