#include "net/spdy_tunnel.hpp"

#include "net/websocket.hpp"

namespace slipway::net {
namespace {

class Tunnel final : public SpdyTunnel {
 public:
  Tunnel(const spdy::SessionOptions& options, const std::function<spdy::SessionEvents(SpdyTunnel&)>& make_events)
      : session_(options, make_events(*this)) {}

  spdy::Session& session() override { return session_; }

  void flush() override {
    const auto socket = socket_.lock();
    if (!socket || std::exchange(is_flushing_, true)) return;  // the outer one goes on
    while (!socket->is_full()) {
      const std::string bytes = session_.take_output();
      if (bytes.empty() || !socket->send(WebSocket::Kind::binary, bytes)) break;
    }
    is_flushing_ = false;
  }
  void set_reading(bool wanted) override {
    if (const auto socket = socket_.lock()) socket->set_reading(wanted);
  }
  void close() override {
    flush();
    if (const auto socket = socket_.lock()) socket->close();
  }

  void use(const std::shared_ptr<WebSocket>& socket) { socket_ = socket; }
  void on_message(WebSocket& socket, std::string_view bytes) {
    const auto received = session_.receive(bytes);
    flush();
    if (!received) socket.close(1002, received.error().message);
  }

 private:
  std::weak_ptr<WebSocket> socket_;
  bool is_flushing_ = false;
  spdy::Session session_;
};

}  // namespace

std::shared_ptr<SpdyTunnel> accept_spdy_tunnel(const Request& request, Responder& responder, SpdyTunnelOptions options,
                                               const std::function<spdy::SessionEvents(SpdyTunnel&)>& make_events,
                                               std::function<void()> on_close) {
  auto tunnel = std::make_shared<Tunnel>(options.session, make_events);
  WebSocketEvents events;
  events.on_message = [tunnel](WebSocket& socket, WebSocket::Kind, const std::string& message) {
    tunnel->on_message(socket, message);
  };
  events.on_writable = [tunnel](WebSocket&) { tunnel->flush(); };
  events.on_close = [tunnel, what = std::move(on_close)](WebSocket&, int, const std::string&) {
    if (what) what();
  };
  WebSocketOptions socket_options;
  socket_options.protocols = {std::move(options.protocol)};
  socket_options.needs_protocol = true;
  const auto socket = accept_websocket(request, responder, std::move(socket_options), std::move(events));
  if (!socket) return nullptr;
  tunnel->use(socket);
  return tunnel;
}

}  // namespace slipway::net
