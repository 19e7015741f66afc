// Connections and the life of the process, with real sockets.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "gateway/proxy/test_gateway.hpp"
#include "storage/test_directory.hpp"

using namespace slipway;
using namespace slipway::gateway;
using namespace slipway::gateway::test;
using namespace std::chrono_literals;

TEST_CASE("one connection carries many requests, also when they are sent at once, over one upstream connection") {
  Upstream upstream(always("ok"));
  RunningGateway g(one_upstream(upstream.port()));
  Socket client = g.client();
  for (int i = 0; i < 10; ++i) {
    client.send(post("{}"));
    CHECK(client.receive_message().ends_with("ok"));
  }
  client.send(get() + post("{}") + get());
  for (int i = 0; i < 3; ++i) CHECK(client.receive_message().ends_with("ok"));
  client.send(get("/", "Connection: close\r\n"));
  CHECK(has(client.receive_all(), "connection: close"));
  CHECK(upstream.connections() == 1);
}

TEST_CASE("ambiguous requests are answered with 400, the connection ends, and the upstream hears nothing") {
  Upstream upstream(always("ok"));
  RunningGateway g(one_upstream(upstream.port()));
  const std::string smuggled = "GET /admin HTTP/1.1\r\nHost: chat.example.com\r\n\r\n";
  for (const std::string& bytes :
       {"POST / HTTP/1.1\r\nHost: chat.example.com\r\nContent-Length: 5\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\n" +
            smuggled,
        "POST / HTTP/1.1\r\nHost: chat.example.com\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" + smuggled,
        "POST / HTTP/1.1\r\nHost: chat.example.com\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n" + smuggled,
        "GET / HTTP/1.1\r\nHost: chat.example.com\r\nX: a\r\n b\r\n\r\n" + smuggled,
        "GET / HTTP/1.1\nHost: chat.example.com\n\n" + smuggled}) {
    CAPTURE(bytes);
    Socket client = g.client();
    client.send(bytes);
    const std::string all = client.receive_all();
    CHECK(has(all, "HTTP/1.1 400 Bad Request"));
    CHECK(!has(all, "200 OK"));
  }
  CHECK(upstream.connections() == 0);
  // A body that breaks its framing after the head was fine never makes a second request of its rest.
  Socket client = g.client();
  client.send("POST / HTTP/1.1\r\nHost: chat.example.com\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + smuggled);
  CHECK(!has(client.receive_all(), "200 OK"));
}

TEST_CASE("an old client gets its answer and the end of the connection") {
  Upstream upstream([](Socket& s, int) {
    s.receive_message();
    s.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
  });
  RunningGateway g(one_upstream(upstream.port()));
  Socket client = g.client();
  client.send("GET / HTTP/1.0\r\nHost: chat.example.com\r\n\r\n");
  const std::string all = client.receive_all();
  CHECK(all.ends_with("\r\n\r\nok"));
  CHECK(has(all, "connection: close"));
}

TEST_CASE("a head that never ends is given up") {
  proxy::GatewayOptions options;
  options.limits.header = 50ms;
  RunningGateway g(one_upstream(1), options);
  Socket client = g.client();
  client.send("GET / HTTP/1.1\r\nHost: chat");
  CHECK(client.is_closed_by_peer());
}

TEST_CASE("the admin port tells health, readiness, metrics and rules") {
  Upstream upstream(always("ok"));
  RunningGateway g("");
  CHECK(has(g.admin("/healthz"), "200 OK"));
  CHECK(has(g.admin("/readyz"), "no rules yet"));
  g.gateway->set_snapshot(traffic::snapshot_of(one_upstream(upstream.port()), 17));
  CHECK(g.counts("slipway_gateway_snapshot_version 17\n"));
  CHECK(has(g.admin("/readyz"), "200 OK"));
  CHECK(has(g.admin("/snapshot"), "\"domain\": \"chat.example.com\""));
  CHECK(has(g.admin("/nothing"), "404"));
  CHECK(has(g.admin("/drain"), "405"));
  CHECK(has(g.admin("/readyz"), "200 OK"));
  CHECK(has(g.admin("/drain", "POST"), "draining"));
  CHECK(has(g.admin("/readyz"), "503"));
  Socket client = g.client();
  client.send(get());
  CHECK(has(client.receive_all(), "connection: close"));
}

TEST_CASE("a port that is taken is an error that names it") {
  Upstream taken(always("ok"));
  proxy::GatewayOptions options;
  options.listen = "127.0.0.1:" + std::to_string(taken.port());
  const auto started = proxy::Gateway::start(options);
  REQUIRE(!started.has_value());
  CHECK(started.error().message == options.listen + " is in use by another program");
  options.listen = "nonsense";
  CHECK(!proxy::Gateway::start(options).has_value());
}

TEST_CASE("stopping lets a request end, closes idle connections, and accepts no more") {
  Signal asked, stopping;
  Upstream upstream([&](Socket& s, int) {
    s.receive_message();
    s.send(sse_head + chunk(token("one")));
    asked.set();
    CHECK(stopping.wait());
    s.send(chunk(token("two")) + "0\r\n\r\n");
  });
  RunningGateway g(one_upstream(upstream.port()));
  Socket idle = g.client();
  Socket client = g.client();
  client.send(post("{}"));
  CHECK(asked.wait());
  std::thread stopper([&] { g.gateway->stop(); });
  CHECK(idle.is_closed_by_peer());
  CHECK(!g.client().is_open());
  stopping.set();
  CHECK(client.receive_all().ends_with("0\r\n\r\n"));
  stopper.join();
}

TEST_CASE("a gateway that drained for a while still lets its last request end") {
  Signal asked, stopping;
  Upstream upstream([&](Socket& s, int) {
    if (!has(s.receive_message(), "last")) {
      s.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      return;
    }
    asked.set();
    CHECK(stopping.wait());
    s.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast");
  });
  RunningGateway g(one_upstream(upstream.port()));
  g.gateway->begin_drain();
  Socket early = g.client();
  early.send(get());
  CHECK(has(early.receive_all(), "ok"));
  Socket client = g.client();
  client.send(get("/last"));
  CHECK(asked.wait());
  std::thread stopper([&] { g.gateway->stop(); });
  while (g.client().is_open()) {
  }
  stopping.set();
  CHECK(client.receive_all().ends_with("last"));
  stopper.join();
}

TEST_CASE("stopping does not wait for ever") {
  Upstream upstream([](Socket& s, int) {
    s.receive_message();
    s.send(sse_head + chunk(token("one")));
    s.is_closed_by_peer();
  });
  proxy::GatewayOptions options;
  options.limits.drain = 50ms;
  RunningGateway g(one_upstream(upstream.port()), options);
  Socket client = g.client();
  client.send(post("{}"));
  client.receive_until("one\"}}]}\n\n");
  g.gateway->stop();
  CHECK(client.is_closed_by_peer());
}

TEST_CASE("the gateway follows a control plane, keeps what it got, and serves without it, also after a restart") {
  Upstream first(always("first")), second(always("second"));
  storage::TestDirectory directory;
  proxy::GatewayOptions options;
  options.cache = directory.path() + "/snapshot.json";
  const auto snapshot = [](int port, std::uint64_t version) {
    const std::string body =
        core::doc::render_json(traffic::to_json(traffic::snapshot_of(one_upstream(port), version)));
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  Signal change;
  {
    Upstream control_plane([&](Socket& s, int number) {
      const std::string request = s.receive_message();
      if (number == 1) {
        CHECK(request.starts_with("GET /api/slipway/v1/gateway/snapshot?after=0 HTTP/1.1\r\n"));
        s.send(snapshot(first.port(), 100));
      } else if (number == 2) {
        CHECK(has(request, "after=100 "));
        s.send("HTTP/1.1 204 No Content\r\n\r\n");
      } else if (number == 3) {
        s.send("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
      } else if (number == 4) {
        s.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nnot json");
      } else if (number == 5) {
        CHECK(change.wait());
        CHECK(has(request, "after=100 "));
        s.send(snapshot(second.port(), 90));  // a new control plane, with a clock behind
      } else {
        s.is_closed_by_peer();  // nothing new
      }
    });
    options.control_plane = "http://127.0.0.1:" + std::to_string(control_plane.port());
    RunningGateway g("", options);
    CHECK(g.counts("slipway_gateway_snapshot_version 100\n"));
    Socket client = g.client();
    client.send(get());
    CHECK(client.receive_message().ends_with("first"));
    change.set();
    CHECK(g.counts("slipway_gateway_snapshot_version 90\n"));
    client.send(get());
    CHECK(client.receive_message().ends_with("second"));
  }
  options.control_plane = "http://127.0.0.1:" + std::to_string(free_port());  // gone
  RunningGateway g("", options);
  CHECK(has(g.admin("/readyz"), "200 OK"));
  Socket client = g.client();
  client.send(get());
  CHECK(client.receive_message().ends_with("second"));
}

TEST_CASE("a broken cache is no reason not to start") {
  storage::TestDirectory directory;
  proxy::GatewayOptions options;
  options.cache = directory.path() + "/snapshot.json";
  std::ofstream(options.cache) << "{\"hosts\": 5}";
  RunningGateway g("", options);
  CHECK(has(g.admin("/readyz"), "no rules yet"));
}

TEST_CASE("rules are swapped between requests without touching those under way") {
  Signal asked, swapped;
  Upstream old_one([&](Socket& s, int) {
    s.receive_message();
    asked.set();
    CHECK(swapped.wait());
    s.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold");
  });
  Upstream new_one(always("new"));
  RunningGateway g(one_upstream(old_one.port()));
  Socket client = g.client();
  client.send(get());
  CHECK(asked.wait());
  g.gateway->set_snapshot(traffic::snapshot_of(one_upstream(new_one.port()), 2));
  CHECK(g.counts("slipway_gateway_snapshot_version 2\n"));
  swapped.set();
  CHECK(client.receive_message().ends_with("old"));
  client.send(get());
  CHECK(client.receive_message().ends_with("new"));
}
