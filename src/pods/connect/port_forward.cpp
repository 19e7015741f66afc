// Pods/portforward: TCP connections to a Pod's address, each as two SPDY streams inside a WebSocket: one for the bytes,
// one for what went wrong.
// https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets

#include <algorithm>

#include "core/world/streams.hpp"
#include "net/spdy_tunnel.hpp"
#include "net/websocket.hpp"
#include "objects/kinds.hpp"
#include "pods/connect/port_forward.hpp"

namespace slipway::pods::connect {
namespace {

constexpr const char* protocol = "SPDY/3.1+portforward.k8s.io";

class Forward final : public Session, public std::enable_shared_from_this<Forward> {
 public:
  Forward(ContextPtr context, objects::Object pod)
      : context_(std::move(context)), address_(pod.status()["podIP"].string_or("")), pod_(std::move(pod)) {}

  net::spdy::SessionEvents stream_events(net::SpdyTunnel& tunnel) {
    session_ = &tunnel.session();
    const auto call = [weak = weak_from_this()](auto work) {
      if (const auto self = weak.lock()) work(*self);
    };
    net::spdy::SessionEvents events;
    events.on_stream = [call](net::spdy::StreamId id, const core::Headers& headers, bool) {
      call([&](Forward& self) { self.on_stream(id, headers); });
    };
    events.on_data = [call](net::spdy::StreamId id, std::string_view bytes) {
      call([&](Forward& self) { self.on_data(id, bytes); });
    };
    events.on_end = [call](net::spdy::StreamId id) { call([&](Forward& self) { self.on_end(id); }); };
    events.on_reset = [call](net::spdy::StreamId id, net::spdy::Status) {
      call([&](Forward& self) { self.on_reset(id); });
    };
    events.on_writable = [call](net::spdy::StreamId id) { call([&](Forward& self) { self.on_room(id); }); };
    return events;
  }
  void start(std::shared_ptr<net::SpdyTunnel> tunnel) { tunnel_ = std::move(tunnel); }
  void end() {
    session_ = nullptr;
    connections_.clear();
    context_->sessions.remove(context_->world.loop, *this);
  }

 private:
  using StreamId = net::spdy::StreamId;
  struct Connection {
    StreamId error = 0, data = 0;
    int port = 0;
    std::unique_ptr<core::ByteStream> peer;
    std::string rest;  // of the peer's bytes, which the client does not take yet
    bool has_ended = false;
    std::string problem;
  };
  using Entry = std::map<std::string, Connection>::iterator;

  Entry find(StreamId data) {
    return std::ranges::find_if(connections_, [&](const auto& entry) { return entry.second.data == data; });
  }

  void on_stream(StreamId id, const core::Headers& headers) {
    const std::string_view type = core::header(headers, "streamtype");
    const auto port = port_of(core::header(headers, "port"));
    const std::string request(core::header(headers, "requestid"));
    if ((type != "data" && type != "error") || !port || request.empty())
      return session_->reset(id, net::spdy::Status::protocol_error);
    Connection& connection = connections_[request];
    StreamId& place = type == "data" ? connection.data : connection.error;
    if (place != 0) return session_->reset(id, net::spdy::Status::protocol_error);
    place = id;
    connection.port = *port;
    session_->reply(id);
    if (connection.data != 0 && connection.error != 0) open(request, connection);
  }

  void open(const std::string& request, Connection& connection) {
    if (!is_still_there(*context_, pod_)) {
      connection.has_ended = true;
      connection.problem = "the pod is gone";
      return send_rest(connections_.find(request));
    }
    const auto call = [weak = weak_from_this(), request](auto work) {
      const auto self = weak.lock();
      if (!self) return;
      const auto entry = self->connections_.find(request);
      if (entry == self->connections_.end()) return;
      work(*self, entry);
      if (self->tunnel_) self->tunnel_->flush();
    };
    core::ByteEvents events;
    events.on_bytes = [call](std::string_view bytes) {
      call([&](Forward& self, Entry entry) { self.from_peer(entry->second, bytes); });
    };
    events.on_end = [call](const Result<>& how) {
      call([&](Forward& self, Entry entry) {
        entry->second.has_ended = true;
        if (!how) entry->second.problem = how.error().message;
        self.send_rest(entry);
      });
    };
    events.on_writable = [call] { call([](Forward& self, Entry) { self.read_when_there_is_room(); }); };
    auto peer = core::connect_tcp(context_->world.loop, address_, connection.port, forward_timeout, std::move(events));
    if (peer) {
      connection.peer = std::move(*peer);
      return;
    }
    connection.has_ended = true;
    connection.problem = peer.error().message;
    send_rest(connections_.find(request));
  }

  void from_peer(Connection& connection, std::string_view bytes) {
    const std::size_t taken = connection.rest.empty() ? session_->send(connection.data, bytes) : 0;
    connection.rest += bytes.substr(taken);
    if (!connection.rest.empty()) connection.peer->set_reading(false);
  }

  // The connection goes with its last byte.
  void send_rest(Entry entry) {
    Connection& connection = entry->second;
    connection.rest.erase(0, session_->send(connection.data, connection.rest));
    if (!connection.rest.empty() && session_->can_send(connection.data)) return;
    if (!connection.has_ended) {
      if (connection.peer) connection.peer->set_reading(true);
      return;
    }
    if (!connection.problem.empty()) {
      session_->send(connection.error, "failed to connect to localhost:" + std::to_string(connection.port) +
                                           " inside pod " + pod_.name().text() + ": " + connection.problem);
    }
    session_->end(connection.error);
    session_->end(connection.data);
    forget(entry);
  }

  void forget(Entry entry) {
    // Its own event may be running.
    context_->world.loop.post([peer = std::shared_ptr(std::move(entry->second.peer))] {});
    connections_.erase(entry);
    read_when_there_is_room();
  }

  void on_data(StreamId id, std::string_view bytes) {
    const auto entry = find(id);
    if (entry == connections_.end() || !entry->second.peer) return;
    entry->second.peer->write(bytes);
    if (entry->second.peer->is_full() && tunnel_) tunnel_->set_reading(false);
  }
  void read_when_there_is_room() {
    const bool is_full = std::ranges::any_of(
        connections_, [](const auto& entry) { return entry.second.peer && entry.second.peer->is_full(); });
    if (!is_full && tunnel_) tunnel_->set_reading(true);
  }
  void on_end(StreamId id) {
    const auto entry = find(id);
    if (entry != connections_.end() && entry->second.peer) entry->second.peer->end_writing();
  }
  void on_reset(StreamId id) {
    const auto entry = find(id);
    if (entry == connections_.end()) return;
    session_->end(entry->second.error);
    forget(entry);
  }
  void on_room(StreamId id) {
    if (const auto entry = find(id); entry != connections_.end()) send_rest(entry);
  }

  ContextPtr context_;
  std::string address_;
  objects::Object pod_;
  std::shared_ptr<net::SpdyTunnel> tunnel_;
  net::spdy::Session* session_ = nullptr;          // the tunnel's
  std::map<std::string, Connection> connections_;  // by request id
};

api::Answer<objects::Object> prepare(const Context& context, const api::Call& call) {
  TRY_ANSWER(auto pod, find_pod(context, call));
  const std::string phase = pod.status()["phase"].string_or("Pending");
  if (phase != "Running" || pod.status()["podIP"].string_or("").empty()) {
    return api::refuse(api::bad_request("unable to forward port because pod is not running. Current status=" + phase));
  }
  return pod;
}

bool wants_tunnel(const net::Request& request) {
  return core::header(request.headers, "sec-websocket-protocol").contains(protocol);
}

}  // namespace

bool is_still_there(const Context& context, const objects::Object& pod) {
  const auto stored = context.store.find(objects::kinds::pod, pod.name());
  return stored && *stored && (*stored)->uid() == pod.uid();
}

void serve_port_forward(const ContextPtr& context, const api::CallPtr& call) {
  const auto pod = prepare(*context, *call);
  if (!pod) return call->send(pod.error());
  if (!net::wants_websocket(call->request)) return call->send(needs_websocket("portforward"));
  if (!wants_tunnel(call->request)) return forward_by_channels(context, call, *pod);
  const auto session = std::make_shared<Forward>(context, *pod);
  net::SpdyTunnelOptions options;
  options.protocol = protocol;
  options.session.has_flow_control = false;
  auto tunnel = net::accept_spdy_tunnel(
      call->request, *call->responder, options, [&](net::SpdyTunnel& made) { return session->stream_events(made); },
      [weak = std::weak_ptr(session)] {
        if (const auto alive = weak.lock()) alive->end();
      });
  if (!tunnel) return;
  record(*context, *call, "forwarded-ports", *pod, "");
  context->sessions.add(session);
  session->start(std::move(tunnel));
}

}  // namespace slipway::pods::connect
