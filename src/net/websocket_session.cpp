#include "net/impl/websocket_session.hpp"

namespace slipway::net {
namespace {

constexpr std::size_t room_at = WebSocket::full_at / 2;
constexpr std::size_t max_undelivered = 1024 * 1024;
constexpr std::size_t cost_of_message = 64;  // of an empty one, at least
constexpr core::Duration close_time = std::chrono::seconds(5);

Opcode opcode_of(WebSocket::Kind kind) { return kind == WebSocket::Kind::text ? Opcode::text : Opcode::binary; }

}  // namespace

WebSocketSession::WebSocketSession(WebSocketOptions options, std::string protocol, WebSocketEvents events)
    : options_(std::move(options)),
      protocol_(std::move(protocol)),
      events_(std::move(events)),
      decoder_(WebSocketDecoder::Side::server, options_.max_message) {}

template <class Work>
void WebSocketSession::on_network(Work work) {
  exchange_->poster->post([self = shared_from_this(), what = std::move(work)]() mutable { what(*self); });
}

template <class Work>
void WebSocketSession::on_handler(Work work) {
  exchange_->run_callback([self = shared_from_this(), what = std::move(work)]() mutable { what(*self); });
}

bool WebSocketSession::send(Kind kind, std::string_view message) {
  if (!is_open()) return false;
  if (exchange_->unsent > max_unsent) {
    wants_room_ = true;
    on_network([](WebSocketSession& self) { self.tell_of_room(); });  // it may have come meanwhile
    return false;
  }
  std::string frame = encode_websocket_frame(opcode_of(kind), message);
  exchange_->unsent += frame.size();
  if (is_full()) wants_room_ = true;
  on_network([what = std::move(frame)](WebSocketSession& self) {
    const auto connection = self.connection_.lock();
    if (!connection) return;
    if (self.stage_ != Stage::open) {
      self.exchange_->unsent -= what.size();
      return;
    }
    connection->send_upgraded(what);
    self.tell_of_room();
  });
  return true;
}

void WebSocketSession::set_reading(bool wanted) {
  on_network([wanted](WebSocketSession& self) {
    self.is_paused_ = !wanted;
    self.choose_reading();
  });
}

void WebSocketSession::close(int code, std::string_view reason) {
  if (is_closing_.exchange(true)) return;
  on_network([why = CloseReason{code, std::string(reason)}](WebSocketSession& self) {
    const auto connection = self.connection_.lock();
    if (self.stage_ != Stage::open || !connection) return;
    self.stage_ = Stage::closing;
    self.close_ = why;
    self.send_frame(Opcode::close, render_close(why));
    self.choose_reading();
    connection->expect_upgraded(close_time, false);
  });
}

void WebSocketSession::on_start(std::shared_ptr<Connection> connection) {
  connection_ = connection;
  connection->expect_upgraded(options_.ping_interval);
}

void WebSocketSession::on_bytes(std::string_view bytes) {
  is_ping_unanswered_ = false;
  if (stage_ == Stage::done) return;
  const auto wrong = decoder_.feed(bytes, [this](WebSocketMessage message) { return on_message(std::move(message)); });
  if (wrong) finish(*wrong, true);
}

// False when nothing is to be read any more.
bool WebSocketSession::on_message(WebSocketMessage message) {
  switch (message.opcode) {
    case Opcode::ping:
      if (stage_ == Stage::open) send_frame(Opcode::pong, message.payload);
      break;
    case Opcode::close: {
      CloseReason why;
      if (const auto wrong = parse_close(message.payload, why)) {
        finish(*wrong, true);
      } else {
        finish(why, true);
      }
      break;
    }
    case Opcode::text:
    case Opcode::binary:
      if (stage_ == Stage::open && !is_closing_) deliver(std::move(message));
      break;
    case Opcode::pong:
    case Opcode::continuation:
      break;
  }
  return stage_ != Stage::done;
}

void WebSocketSession::deliver(WebSocketMessage message) {
  const std::size_t size = message.payload.size() + cost_of_message;
  if (undelivered_.fetch_add(size) + size > max_undelivered) {
    is_overflowing_ = true;
    choose_reading();
  }
  const Kind kind = message.opcode == Opcode::text ? Kind::text : Kind::binary;
  on_handler([kind, size, what = std::move(message.payload)](WebSocketSession& self) mutable {
    if (self.events_.on_message && !self.is_closing_) self.events_.on_message(self, kind, std::move(what));
    self.taken(size);
  });
}

void WebSocketSession::taken(std::size_t size) {
  const std::size_t before = undelivered_.fetch_sub(size);
  constexpr std::size_t enough = max_undelivered / 2;
  if (before <= enough || before - size > enough) return;
  on_network([](WebSocketSession& self) {
    self.is_overflowing_ = false;
    self.choose_reading();
  });
}

void WebSocketSession::choose_reading() {
  if (const auto connection = connection_.lock())
    connection->read_upgraded((!is_paused_ && !is_overflowing_) || stage_ != Stage::open);
}

void WebSocketSession::send_frame(Opcode opcode, std::string_view payload) {
  const auto connection = connection_.lock();
  if (!connection) return;
  // A client that asks without listening to the answers.
  if (exchange_->unsent > max_unsent) return connection->abort_upgraded();
  const std::string frame = encode_websocket_frame(opcode, payload);
  exchange_->unsent += frame.size();
  connection->send_upgraded(frame);
}

// The client closed, or did what ends the connection. The close frame is the answer to its own, or says what was wrong.
void WebSocketSession::finish(const CloseReason& why, bool tells_client) {
  const auto connection = connection_.lock();
  if (stage_ == Stage::done || !connection) return;
  if (stage_ == Stage::open) close_ = why;
  const bool is_told = std::exchange(stage_, Stage::done) == Stage::closing;
  is_over_ = true;
  if (tells_client && !is_told) send_frame(Opcode::close, render_close(why));
  connection->end_upgraded();
}

void WebSocketSession::on_silence() {
  const auto connection = connection_.lock();
  if (!connection) return;
  if (stage_ == Stage::closing || is_ping_unanswered_) {
    if (stage_ == Stage::open) close_.reason = "the client is silent";
    return connection->abort_upgraded();
  }
  if (!is_paused_ && !is_overflowing_) {
    is_ping_unanswered_ = true;
    send_frame(Opcode::ping, "");
  }
  connection->expect_upgraded(options_.ping_interval);
}

void WebSocketSession::on_end() {
  stage_ = Stage::done;
  is_over_ = true;
  on_handler([why = close_](WebSocketSession& self) {
    const WebSocketEvents events = std::exchange(self.events_, {});
    if (events.on_close) events.on_close(self, why.code, why.reason);
  });
}

void WebSocketSession::tell_of_room() {
  if (exchange_->unsent > room_at || !wants_room_.exchange(false)) return;
  on_handler([](WebSocketSession& self) {
    if (self.events_.on_writable && self.is_open()) self.events_.on_writable(self);
  });
}

}  // namespace slipway::net
