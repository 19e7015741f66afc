#pragma once
// WebSocketSession: one WebSocket, between its handler's thread and the network thread.

#include <atomic>
#include <memory>
#include <string>

#include "net/impl/connection.hpp"
#include "net/impl/exchange.hpp"
#include "net/impl/upgraded.hpp"
#include "net/impl/websocket_frames.hpp"
#include "net/websocket.hpp"

namespace slipway::net {

class WebSocketSession final : public WebSocket,
                               public Upgraded,
                               public std::enable_shared_from_this<WebSocketSession> {
 public:
  WebSocketSession(WebSocketOptions options, std::string protocol, WebSocketEvents events);

  bool send(Kind kind, std::string_view message) override;
  bool is_full() const override { return exchange_->unsent > full_at; }
  void set_reading(bool wanted) override;
  void close(int code, std::string_view reason) override;
  bool is_open() const override { return !is_closing_ && !is_over_ && exchange_->is_open; }
  const std::string& protocol() const override { return protocol_; }

  void attach(std::shared_ptr<Exchange> exchange) override { exchange_ = std::move(exchange); }
  void on_start(std::shared_ptr<Connection> connection) override;
  void on_bytes(std::string_view bytes) override;
  void on_written() override { tell_of_room(); }
  void on_silence() override;
  void on_end() override;

 private:
  enum class Stage {
    open,
    closing,  // our close frame is out, the client's is not here
    done,
  };
  template <class Work>
  void on_network(Work work);
  template <class Work>
  void on_handler(Work work);
  bool on_message(WebSocketMessage message);
  void deliver(WebSocketMessage message);
  void taken(std::size_t size);
  void send_frame(Opcode opcode, std::string_view payload);
  void finish(const CloseReason& why, bool tells_client);
  void tell_of_room();
  void choose_reading();

  const WebSocketOptions options_;
  const std::string protocol_;
  std::shared_ptr<Exchange> exchange_;
  std::atomic<bool> is_closing_ = false;  // by the handler: it wants no more messages
  std::atomic<bool> is_over_ = false;     // the client closed, or is gone: what it said before is still delivered
  std::atomic<bool> wants_room_ = false;
  std::atomic<std::size_t> undelivered_ = 0;  // bytes on their way to the handler

  WebSocketEvents events_;  // where handlers run

  // On the network thread:
  std::weak_ptr<Connection> connection_;
  WebSocketDecoder decoder_;
  Stage stage_ = Stage::open;
  CloseReason close_{1006, ""};
  bool is_ping_unanswered_ = false;
  bool is_paused_ = false;       // by the handler
  bool is_overflowing_ = false;  // the handler's thread is behind
};

}  // namespace slipway::net
