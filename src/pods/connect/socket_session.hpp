#pragma once
// SocketSession: a session whose client is at the other end of one WebSocket. Inside the room only.

#include "net/websocket.hpp"
#include "pods/connect/context.hpp"

namespace slipway::pods::connect {

class SocketSession : public Session, public std::enable_shared_from_this<SocketSession> {
 public:
  explicit SocketSession(ContextPtr context) : context_(std::move(context)) {}
  // They hold the session weakly.
  net::WebSocketEvents socket_events();

 protected:
  virtual void on_message(const std::string& message) = 0;
  virtual void on_room() = 0;  // the client reads again

  // For callbacks: calls what it is given with this session, an `Own`, unless that has gone.
  template <class Own>
  auto weak_call() {
    return [weak = weak_from_this()](auto work) {
      if (const auto self = weak.lock()) work(static_cast<Own&>(*self));
    };
  }
  void close();  // all is said
  void end();    // the client has gone, or is about to

  ContextPtr context_;
  std::shared_ptr<net::WebSocket> socket_;
  bool is_over_ = false;
};

}  // namespace slipway::pods::connect
