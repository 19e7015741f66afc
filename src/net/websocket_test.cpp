#include "net/websocket.hpp"

#include <atomic>
#include <thread>

#include "net/certificates_test.hpp"
#include "net/websocket_test.hpp"

namespace slipway::net {
namespace {

using test::Site;
using test::wait_for;
using test::WebSocketClient;
using Kind = WebSocket::Kind;

struct Closed {
  int code = 0;
  std::string reason;
};

// A server whose /ws says back what it hears.
struct EchoSite : Site {
  WebSocketOptions socket_options;
  std::shared_ptr<std::promise<Closed>> closed = std::make_shared<std::promise<Closed>>();  // told by whom outlives us

  void start_echo() {
    socket_options.protocols = {"v5.channel.k8s.io", "v4.channel.k8s.io"};
    router.add("GET", "/ws", [this](const Request& request, const std::shared_ptr<Responder>& responder) {
      WebSocketEvents events;
      events.on_message = [](WebSocket& socket, Kind kind, const std::string& message) {
        if (message == "bye") return socket.close(4000, "as you wish");
        socket.send(kind, message);
      };
      events.on_close = [told = closed](WebSocket&, int code, const std::string& reason) {
        told->set_value({code, reason});
      };
      accept_websocket(request, *responder, socket_options, events);
    });
    start();
  }
  Closed wait_closed() {
    auto future = closed->get_future();
    return wait_for(future);
  }
};

std::string upgrade(const std::string& more) {
  return "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n" + more + "\r\n";
}
const std::string version = "Sec-WebSocket-Version: 13\r\n";
const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

void check_echo(WebSocketClient& client, Opcode opcode, const std::string& text) {
  client.send(opcode, text);
  const auto answer = client.read();
  REQUIRE(answer);
  CHECK(answer->opcode == opcode);
  CHECK(answer->payload == text);
}

}  // namespace

TEST_CASE("a WebSocket is opened with the example of RFC 6455 and echoes messages of all sizes") {
  EchoSite site;
  site.start_echo();
  WebSocketClient client(site.url("/ws"), "");
  CHECK(client.head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
  CHECK(client.head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  CHECK_FALSE(client.head.contains("Sec-WebSocket-Protocol"));
  for (const std::size_t size : {0, 1, 125, 126, 65535, 65536, 1024 * 1024}) {
    check_echo(client, Opcode::binary, std::string(size, '\xfe'));
  }
  check_echo(client, Opcode::text, "größer als ASCII");
  client.close(1000);
  CHECK(client.read_close_code() == 1000);
  CHECK(client.is_at_end());
  CHECK(site.wait_closed().code == 1000);
}

TEST_CASE("a WebSocket works over TLS") {
  const test::Authority authority;
  EchoSite site;
  site.options.tls = authority.serve();
  site.start_echo();
  WebSocketClient client("https://127.0.0.1:" + std::to_string(site.port()) + "/ws", "v4.channel.k8s.io",
                         authority.trust());
  CHECK(client.head.contains("Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n"));
  check_echo(client, Opcode::binary, std::string(300'000, 'z'));
  client.drop();
  CHECK(site.wait_closed().code == 1006);
}

TEST_CASE("of the client's protocols the first that we speak is chosen") {
  for (const auto& [offered, chosen] : std::vector<std::pair<std::string, std::string>>{
           {"v4.channel.k8s.io", "v4.channel.k8s.io"},
           {"x, v4.channel.k8s.io ,v5.channel.k8s.io", "v4.channel.k8s.io"},
           {"x\r\nSec-WebSocket-Protocol: v5.channel.k8s.io", "v5.channel.k8s.io"},
       }) {
    CAPTURE(offered);
    EchoSite site;
    site.start_echo();
    WebSocketClient client(site.url("/ws"), offered);
    CHECK(client.head.contains("Sec-WebSocket-Protocol: " + chosen + "\r\n"));
  }
}

TEST_CASE("what is not a request for a WebSocket we can serve is answered as HTTP") {
  EchoSite site;
  site.socket_options.needs_protocol = true;
  site.start_echo();
  const std::string protocol = "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n";
  for (const auto& [request, status, words] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "400", "wants a WebSocket"},
           {upgrade(key + protocol), "426", "Sec-WebSocket-Version: 13\r\n"},
           {upgrade("Sec-WebSocket-Version: 12\r\n" + key + protocol), "426", "only version 13"},
           {upgrade(version + protocol), "400", "16 bytes"},
           {upgrade(version + "Sec-WebSocket-Key: dGhl\r\n" + protocol), "400", "16 bytes"},
           {upgrade(version + key), "400", "the client offers none"},
           {upgrade(version + key + "Sec-WebSocket-Protocol: a, b\r\n"), "400", "\\\"v4.channel.k8s.io\\\""},
           {upgrade(version + key + protocol + "Origin: https://evil.example\r\n"), "403", "another site"},
       }) {
    CAPTURE(request);
    test::RawClient client(site.port());
    client.send(request);
    client.finish_sending();
    const std::string answer = client.read_all();
    CHECK(answer.starts_with("HTTP/1.1 " + status));
    CHECK_MESSAGE(answer.contains(words), answer);
  }
  test::RawClient own(site.port());
  own.send(upgrade(version + key + protocol + "Origin: http://localhost\r\n"));
  CHECK(own.read_until("\r\n\r\n").starts_with("HTTP/1.1 101"));
}

TEST_CASE("fragments are joined, and control frames may come between them") {
  EchoSite site;
  site.start_echo();
  WebSocketClient client(site.url("/ws"), "");
  client.send(Opcode::text, "one ", false);
  client.send(Opcode::ping, "are you there");
  client.send(Opcode::continuation, "two ", false);
  client.send(Opcode::pong, "unasked");
  client.send(Opcode::continuation, "", false);
  client.send(Opcode::continuation, "three", true);
  auto answer = client.read();
  REQUIRE(answer);
  CHECK(answer->opcode == Opcode::pong);
  CHECK(answer->payload == "are you there");
  answer = client.read();
  REQUIRE(answer);
  CHECK(answer->opcode == Opcode::text);
  CHECK(answer->payload == "one two three");
}

TEST_CASE("frames may come byte by byte, the first ones together with the request") {
  EchoSite site;
  site.start_echo();
  test::RawClient client(site.port());
  const std::string frame = encode_websocket_frame(Opcode::text, "hello", true, 7);
  client.send(upgrade(version + key) + frame);
  client.read_until("\x81\x05hello");
  for (const char byte : frame) client.send(std::string_view(&byte, 1));
  client.read_until("\x81\x05hello");
}

TEST_CASE("a peer that breaks the rules is closed with the code that says which") {
  const auto masked = [](Opcode opcode, std::string_view payload, bool is_final = true) {
    return encode_websocket_frame(opcode, payload, is_final, 0x01020304);
  };
  const std::string part = masked(Opcode::text, "a", false);
  std::string reserved = masked(Opcode::text, "a");
  reserved[0] = static_cast<char>(reserved[0] | 0x40);
  std::string unknown = masked(Opcode::text, "a");
  unknown[0] = static_cast<char>(0x83);
  const std::string huge = std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 10) + "mask";
  const std::vector<std::tuple<const char*, std::string, int>> cases = {
      {"not masked", encode_websocket_frame(Opcode::text, "a"), 1002},
      {"reserved bit", reserved, 1002},
      {"unknown opcode", unknown, 1002},
      {"long ping", masked(Opcode::ping, std::string(126, 'x')), 1002},
      {"fragmented ping", masked(Opcode::ping, "x", false), 1002},
      {"continues nothing", masked(Opcode::continuation, "x"), 1002},
      {"message inside a message", part + masked(Opcode::text, "b"), 1002},
      {"too large", masked(Opcode::binary, std::string(1024 * 1024 + 1, 'x')), 1009},
      {"too large in sum",
       masked(Opcode::binary, std::string(1024 * 1024, 'x'), false) + masked(Opcode::continuation, "x"), 1009},
      {"beyond 63 bits", huge, 1009},
      {"text that is not UTF-8", masked(Opcode::text, "\xff"), 1007},
      {"half a close code", masked(Opcode::close, "x"), 1002},
      {"a code nobody may send", masked(Opcode::close, render_close({1006, ""})), 1002},
      {"a close reason that is not UTF-8", masked(Opcode::close, std::string("\x03\xe8\xff", 3)), 1007},
  };
  for (const auto& [name, bytes, code] : cases) {
    CAPTURE(name);
    EchoSite site;
    site.start_echo();
    WebSocketClient client(site.url("/ws"), "");
    client.send_raw(bytes);
    CHECK(client.read_close_code() == code);
    CHECK(client.is_at_end());
    CHECK(site.wait_closed().code == code);
  }
}

TEST_CASE("both sides can close, and each hears the other's code") {
  for (const auto& [sent, heard] :
       std::vector<std::pair<int, int>>{{1000, 1000}, {1001, 1001}, {3333, 3333}, {1005, 1005}}) {
    EchoSite site;
    site.start_echo();
    WebSocketClient client(site.url("/ws"), "");
    client.close(sent);
    CHECK(client.read_close_code() == sent);
    CHECK(site.wait_closed().code == heard);
  }
  EchoSite site;
  site.start_echo();
  WebSocketClient client(site.url("/ws"), "");
  client.send(Opcode::text, "before");
  client.send(Opcode::text, "bye");
  CHECK(client.read()->payload == "before");
  const auto message = client.read();
  REQUIRE(message);
  CHECK(message->payload == std::string("\x0f\xa0", 2) + "as you wish");
  client.close(4000);
  CHECK(client.is_at_end());
  const Closed closed = site.wait_closed();
  CHECK(closed.code == 4000);
  CHECK(closed.reason == "as you wish");
}

TEST_CASE("a client that goes away without a word closes with 1006") {
  EchoSite site;
  site.start_echo();
  WebSocketClient client(site.url("/ws"), "");
  client.drop();
  CHECK(site.wait_closed().code == 1006);
}

TEST_CASE("a silent client is pinged, and cut off when it does not answer") {
  EchoSite site;
  site.socket_options.ping_interval = std::chrono::milliseconds(30);
  site.start_echo();
  WebSocketClient client(site.url("/ws"), "");
  auto message = client.read();
  REQUIRE(message);
  CHECK(message->opcode == Opcode::ping);
  client.send(Opcode::pong, message->payload);
  message = client.read();
  REQUIRE(message);
  CHECK(message->opcode == Opcode::ping);
  CHECK(client.is_at_end());
  const Closed closed = site.wait_closed();
  CHECK(closed.code == 1006);
  CHECK(closed.reason == "the client is silent");
}

TEST_CASE("a producer is told to pause for a slow reader, and goes on when there is room") {
  constexpr std::size_t wanted = std::size_t{16} * 1024 * 1024;
  const std::string piece(60'000, 'p');
  Site site;
  std::promise<void> filled;
  std::atomic<std::size_t> sent = 0;
  std::atomic<std::size_t> refused = 0;
  site.router.add("GET", "/ws", [&](const Request& request, const std::shared_ptr<Responder>& responder) {
    const auto produce = [&, has_filled = false](WebSocket& socket) mutable {
      while (sent < wanted) {
        if (!socket.send(Kind::binary, piece)) {
          ++refused;
          if (!std::exchange(has_filled, true)) filled.set_value();
          return;
        }
        sent += piece.size();
      }
      socket.close();
    };
    const auto shared = std::make_shared<std::function<void(WebSocket&)>>(produce);
    WebSocketEvents events;
    events.on_writable = [shared](WebSocket& socket) { (*shared)(socket); };
    const auto socket = accept_websocket(request, *responder, {}, events);
    REQUIRE(socket);
    (*shared)(*socket);
  });
  site.start();
  WebSocketClient client(site.url("/ws"), "");
  auto future = filled.get_future();
  wait_for(future);
  CHECK(sent < wanted);
  CHECK(sent < WebSocket::max_unsent + 2 * piece.size() + std::size_t{8} * 1024 * 1024);  // and what sockets hold
  std::size_t got = 0;
  while (const auto message = client.read()) {
    if (message->opcode == Opcode::close) break;
    got += message->payload.size();
  }
  CHECK(got == sent);
  CHECK(got >= wanted);
  CHECK(refused > 0);
}

TEST_CASE("a reader that takes nothing is cut off after the server's idle time") {
  EchoSite site;
  site.options.idle_timeout = std::chrono::milliseconds(100);
  site.start_echo();
  test::RawClient client(site.port(), 4096);
  client.send(upgrade(version + key)).read_until("\r\n\r\n");
  auto future = site.closed->get_future();
  const std::string message = encode_websocket_frame(Opcode::binary, std::string(1024 * 1024, 'x'), true, 1);
  for (int i = 0; i < 12; ++i) client.send(message);
  CHECK(wait_for(future).code == 1006);
}

TEST_CASE("a client that pings without listening to the answers is cut off") {
  EchoSite site;
  site.start_echo();
  test::RawClient client(site.port(), 4096);
  client.send(upgrade(version + key)).read_until("\r\n\r\n");
  auto future = site.closed->get_future();
  const std::string ping = encode_websocket_frame(Opcode::ping, std::string(125, 'x'), true, 1);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += ping;
  for (int i = 0; i < 200; ++i) client.send(many);
  CHECK(wait_for(future).code == 1006);
}

TEST_CASE("a handler that stops reading makes the client wait, and loses nothing") {
  Site site;
  std::promise<std::shared_ptr<WebSocket>> opened;
  std::promise<void> complete;
  std::atomic<std::size_t> received = 0;
  constexpr std::size_t total = std::size_t{24} * 1024 * 1024;
  site.router.add("GET", "/ws", [&](const Request& request, const std::shared_ptr<Responder>& responder) {
    WebSocketEvents events;
    events.on_message = [&](WebSocket&, Kind, const std::string& message) {
      received += message.size();
      if (received == total) complete.set_value();
    };
    auto socket = accept_websocket(request, *responder, {}, events);
    socket->set_reading(false);
    opened.set_value(socket);
  });
  site.start();
  WebSocketClient client(site.url("/ws"), "");
  auto future = opened.get_future();
  const auto socket = wait_for(future);
  std::jthread sender([&] {
    for (std::size_t i = 0; i < total / (512 * 1024); ++i) client.send(Opcode::binary, std::string(512 * 1024, 'x'));
  });
  CHECK(received == 0);
  socket->set_reading(true);
  auto done = complete.get_future();
  wait_for(done);
  sender.join();
  CHECK(received == total);
}

TEST_CASE("handlers on a loop hear messages in order on that loop") {
  core::RealWorld world;
  Site site;
  site.options.loop = &world.loop();
  std::vector<std::string> heard;
  site.router.add("GET", "/ws", [&](const Request& request, const std::shared_ptr<Responder>& responder) {
    WebSocketEvents events;
    events.on_message = [&](WebSocket&, Kind, std::string message) {
      CHECK(world.loop().on_this_thread());
      heard.push_back(std::move(message));
    };
    events.on_close = [&](WebSocket& socket, int code, const std::string&) {
      CHECK(world.loop().on_this_thread());
      CHECK(code == 1000);
      CHECK_FALSE(socket.is_open());
      CHECK_FALSE(socket.send(Kind::text, "too late"));
      world.stop();
    };
    accept_websocket(request, *responder, {}, events);
  });
  site.start();
  std::jthread client_thread([&] {
    WebSocketClient client(site.url("/ws"), "");
    for (int i = 0; i < 500; ++i) client.send(Opcode::text, std::to_string(i));
    client.close(1000);
    CHECK(client.read_close_code() == 1000);
  });
  world.run();
  client_thread.join();
  REQUIRE(heard.size() == 500);
  for (int i = 0; i < 500; ++i) CHECK(heard[static_cast<std::size_t>(i)] == std::to_string(i));
  site.server.reset();
}

}  // namespace slipway::net
