// Pods/portforward over the channels of one WebSocket (v4.channel.k8s.io, or no protocol at all), as the clients for
// Python, JavaScript and Java have it.

#include <algorithm>
#include <ranges>

#include "core/world/streams.hpp"
#include "pods/connect/port_forward.hpp"
#include "pods/connect/socket_session.hpp"

namespace slipway::pods::connect {
namespace {

constexpr std::size_t max_ports = 128;  // a channel is one byte
constexpr std::size_t max_message = 4 * 1024 * 1024;

class Channels final : public SocketSession {
 public:
  Channels(ContextPtr context, objects::Object pod, const std::vector<int>& ports)
      : SocketSession(std::move(context)), pod_(std::move(pod)) {
    for (const int port : ports) connections_.push_back({.port = port});
  }

  void start(std::shared_ptr<net::WebSocket> socket) {
    socket_ = std::move(socket);
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      const int port = connections_[i].port;
      const std::string head{static_cast<char>(port & 0xff), static_cast<char>(port >> 8)};
      say(2 * i, head);
      say(2 * i + 1, head);
    }
    for (std::size_t i = 0; i < connections_.size(); ++i) open(i);
  }

 private:
  struct Connection {
    int port = 0;
    std::unique_ptr<core::ByteStream> peer;
    bool has_ended = false;
  };

  void open(std::size_t index) {
    if (!is_still_there(*context_, pod_)) return finish(index, "the pod is gone");
    const auto call = weak_call<Channels>();
    core::ByteEvents events;
    events.on_bytes = [call, index](std::string_view bytes) {
      call([&](Channels& self) { self.from_peer(index, bytes); });
    };
    events.on_end = [call, index](const Result<>& how) {
      call([&](Channels& self) { self.finish(index, how ? "" : how.error().message); });
    };
    events.on_writable = [call] { call([](Channels& self) { self.read_client(); }); };
    Connection& connection = connections_[index];
    auto peer = core::connect_tcp(context_->world.loop, pod_.status()["podIP"].string_or(""), connection.port,
                                  forward_timeout, std::move(events));
    if (!peer) return finish(index, peer.error().message);
    connection.peer = std::move(*peer);
  }

  bool say(std::size_t channel, std::string_view bytes) {
    std::string message(1, static_cast<char>(channel));
    message += bytes;
    return socket_->send(net::WebSocket::Kind::binary, message);
  }

  void from_peer(std::size_t index, std::string_view bytes) {
    if (!say(2 * index, bytes)) return finish(index, "the client takes nothing");  // a stream has no holes
    if (socket_->is_full()) read_peers(false);
  }
  void read_peers(bool wanted) {
    for (const auto& connection : connections_) {
      if (connection.peer) connection.peer->set_reading(wanted);
    }
  }

  void on_room() override { read_peers(true); }
  void on_message(const std::string& text) override {
    const std::string_view message = text;
    const auto channel = message.empty() ? 1U : static_cast<unsigned char>(message.front());
    if (channel % 2 != 0 || channel / 2 >= connections_.size()) return;
    const auto& peer = connections_[channel / 2].peer;
    if (!peer) return;
    peer->write(message.substr(1));
    if (peer->is_full()) socket_->set_reading(false);
  }
  void read_client() {
    const bool is_full = std::ranges::any_of(
        connections_, [](const Connection& connection) { return connection.peer && connection.peer->is_full(); });
    if (!is_full) socket_->set_reading(true);
  }

  void finish(std::size_t index, const std::string& problem) {
    Connection& connection = connections_[index];
    if (!problem.empty()) {
      say(2 * index + 1, "error forwarding port " + std::to_string(connection.port) + " to pod " + pod_.name().name +
                             ", uid " + pod_.uid() + ": " + problem);
    }
    connection.has_ended = true;
    // Its own event may be running.
    context_->world.loop.post([peer = std::shared_ptr(std::move(connection.peer))] {});
    if (std::ranges::all_of(connections_, &Connection::has_ended)) {
      close();
    } else {
      read_client();
    }
  }

  objects::Object pod_;
  std::vector<Connection> connections_;
};

api::Answer<std::vector<int>> ports_of(const net::Request& request) {
  std::vector<int> ports;
  for (const auto& [name, value] : request.query) {
    if (name != "ports") continue;
    for (const auto part : std::views::split(std::string_view(value), ',')) {
      const auto port = port_of(std::string_view(part));
      if (!port) return api::refuse(api::bad_request("unable to parse \"" + value + "\" as a port"));
      ports.push_back(*port);
    }
  }
  if (ports.empty()) return api::refuse(api::bad_request("query parameter \"ports\" is required"));
  if (ports.size() > max_ports) {
    return api::refuse(api::bad_request("more than " + std::to_string(max_ports) + " ports: forward them one by one"));
  }
  return ports;
}

}  // namespace

void forward_by_channels(const ContextPtr& context, const api::CallPtr& call, const objects::Object& pod) {
  const auto ports = ports_of(call->request);
  if (!ports) return call->send(ports.error());
  const auto session = std::make_shared<Channels>(context, pod, *ports);
  net::WebSocketOptions options;
  options.protocols = {"v4.channel.k8s.io"};
  options.max_message = max_message;
  auto socket = net::accept_websocket(call->request, *call->responder, options, session->socket_events());
  if (!socket) return;
  record(*context, *call, "forwarded-ports", pod, "");
  context->sessions.add(session);
  session->start(std::move(socket));
}

}  // namespace slipway::pods::connect
