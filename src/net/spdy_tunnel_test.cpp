#include "net/spdy_tunnel.hpp"

#include "net/websocket_test.hpp"

namespace slipway::net {
namespace {

using test::WebSocketClient;

const std::string protocol = "SPDY/3.1+portforward.k8s.io";

// A server that says back what each stream brings, and ends a stream when the client does.
struct EchoTunnel : test::Site {
  std::promise<void> closed;

  void start_echo() {
    router.add("GET", "/pf", [this](const Request& request, const std::shared_ptr<Responder>& responder) {
      SpdyTunnelOptions tunnel_options;
      tunnel_options.protocol = protocol;
      tunnel_options.session.has_flow_control = false;
      const auto held = std::make_shared<std::map<spdy::StreamId, std::string>>();
      const auto ended = std::make_shared<std::map<spdy::StreamId, bool>>();
      const auto make = [held, ended](SpdyTunnel& tunnel) {
        const auto push = [&tunnel, held, ended](spdy::StreamId id) {
          std::string& bytes = (*held)[id];
          bytes.erase(0, tunnel.session().send(id, bytes));
          if (bytes.empty() && (*ended)[id]) tunnel.session().end(id);
        };
        spdy::SessionEvents events;
        events.on_stream = [&tunnel](spdy::StreamId id, const core::Headers&, bool) { tunnel.session().reply(id); };
        events.on_data = [held, push](spdy::StreamId id, std::string_view bytes) {
          (*held)[id] += bytes;
          push(id);
        };
        events.on_end = [ended, push](spdy::StreamId id) {
          (*ended)[id] = true;
          push(id);
        };
        events.on_writable = push;
        return events;
      };
      accept_spdy_tunnel(request, *responder, tunnel_options, make, [this] { closed.set_value(); });
    });
    start();
  }
};

}  // namespace

TEST_CASE("streams go through a WebSocket, more of them at once than its buffers hold") {
  EchoTunnel site;
  site.start_echo();
  WebSocketClient socket(site.url("/pf"), protocol);
  std::map<spdy::StreamId, std::string> got;
  int open = 0;
  spdy::SessionEvents events;
  events.on_data = [&](spdy::StreamId id, std::string_view bytes) { got[id] += bytes; };
  events.on_end = [&](spdy::StreamId) { --open; };
  spdy::SessionOptions options;
  options.side = spdy::Side::client;
  options.has_flow_control = false;
  spdy::Session client(options, events);
  std::map<spdy::StreamId, std::string> sent;
  for (const std::size_t size : {std::size_t{1}, std::size_t{100'000}, std::size_t{3'000'000}}) {
    const spdy::StreamId id = client.open({{"streamType", "data"}}).value();
    ++open;
    std::string rest(size, static_cast<char>('a' + id));
    sent[id] = rest;
    // Everything is written before anything is read: the server holds it, and sends as we take it.
    while (!rest.empty()) {
      rest.erase(0, client.send(id, rest));
      for (std::string bytes; !(bytes = client.take_output()).empty();) socket.send(Opcode::binary, bytes);
    }
    client.end(id);
    socket.send(Opcode::binary, client.take_output());
  }
  while (open > 0) {
    const auto message = socket.read();
    REQUIRE(message);
    if (message->opcode == Opcode::binary) REQUIRE(client.receive(message->payload));
  }
  CHECK(got == sent);
  socket.close(1000);
  CHECK(socket.read_close_code() == 1000);
  auto future = site.closed.get_future();
  test::wait_for(future);
}

TEST_CASE("a tunnel in which no SPDY is spoken is closed with 1002") {
  EchoTunnel site;
  site.start_echo();
  WebSocketClient socket(site.url("/pf"), protocol);
  socket.send(Opcode::binary, std::string("\x80\x02\0\x06\0\0\0\x04\0\0\0\x01", 12));
  CHECK(socket.read_close_code() == 1002);
}

TEST_CASE("a client that asks for another protocol gets an answer, not a tunnel") {
  EchoTunnel site;
  site.start_echo();
  CHECK(site.fetch("GET", "/pf").status == 400);
}

}  // namespace slipway::net
