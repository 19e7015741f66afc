#include "pods/connect/socket_session.hpp"

#include <utility>

namespace slipway::pods::connect {

net::WebSocketEvents SocketSession::socket_events() {
  const auto call = weak_call<SocketSession>();
  net::WebSocketEvents events;
  events.on_message = [call](net::WebSocket&, net::WebSocket::Kind, const std::string& message) {
    call([&](SocketSession& self) { self.on_message(message); });
  };
  events.on_writable = [call](net::WebSocket&) { call([](SocketSession& self) { self.on_room(); }); };
  events.on_close = [call](net::WebSocket&, int, const std::string&) { call([](SocketSession& self) { self.end(); }); };
  return events;
}

void SocketSession::close() {
  socket_->close();
  end();
}

void SocketSession::end() {
  if (!std::exchange(is_over_, true)) context_->sessions.remove(context_->world.loop, *this);
}

}  // namespace slipway::pods::connect
