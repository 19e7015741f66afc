// One request and its answer, with real sockets.
#include <doctest/doctest.h>
#include <latch>

#include "gateway/proxy/test_gateway.hpp"

using namespace slipway;
using namespace slipway::gateway;
using namespace slipway::gateway::test;
using namespace std::chrono_literals;

TEST_CASE("a request arrives upstream without hop-by-hop headers and with who asked, and the answer says its subset") {
  std::string seen;
  Signal arrived;
  Upstream upstream([&](Socket& s, int) {
    seen = s.receive_message();
    arrived.set();
    s.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: 5\r\nX-Own: 1\r\n\r\nhi");
  });
  RunningGateway g(one_upstream(upstream.port()));
  Socket client = g.client();
  client.send(post("{}",
                   "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\nX-Forwarded-For: "
                   "9.9.9.9\r\nX-Request-Id: abc\r\n"));
  const std::string answer = client.receive_message();
  CHECK(has(answer, "HTTP/1.1 200 OK\r\n"));
  CHECK(has(answer, "x-slipway-subset: stable\r\n"));
  CHECK(has(answer, "x-request-id: abc\r\n"));
  CHECK(has(answer, "X-Own: 1\r\n"));
  CHECK(!has(answer, "Keep-Alive"));
  CHECK(answer.ends_with("\r\n\r\nhi"));
  REQUIRE(arrived.wait());
  CHECK(seen.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"));
  CHECK(has(seen, "Host: chat.example.com\r\n"));
  CHECK(has(seen, "x-forwarded-for: 9.9.9.9, 127.0.0.1\r\n"));
  CHECK(has(seen, "x-request-id: abc\r\n"));
  CHECK(!has(seen, "X-Hop"));
  CHECK(!has(seen, "TE:"));
  CHECK(
      g.counts("destination_service_name=\"chat\",destination_subset=\"stable\",destination_version=\"v1\",destination_"
               "canonical_revision=\"v1\",response_code=\"200\",response_flags=\"-\"} 1"));
}

TEST_CASE("every event is handed on when it comes, not when the next one does") {
  Signal seen_first;
  Upstream upstream([&](Socket& s, int) {
    s.receive_message();
    s.send(sse_head + chunk(token("one")));
    CHECK(seen_first.wait());
    s.send(chunk(token("two")) + chunk("data: [DONE]\n\n") + "0\r\n\r\n");
  });
  RunningGateway g(one_upstream(upstream.port()));
  Socket client = g.client();
  client.send(post("{\"stream\":true}"));
  CHECK(has(client.receive_until("one\"}}]}\n\n"), "text/event-stream"));
  seen_first.set();
  CHECK(has(client.receive_until("0\r\n\r\n"), "two"));
  CHECK(
      g.counts("slipway_gateway_time_to_first_token_seconds_count{destination_service_namespace=\"prod\",destination_"
               "service_name=\"chat\",destination_subset=\"stable\",destination_version=\"v1\",destination_canonical_"
               "revision=\"v1\"} 1"));
  CHECK(
      g.counts("slipway_gateway_inter_token_latency_seconds_count{destination_service_namespace=\"prod\",destination_"
               "service_name=\"chat\",destination_subset=\"stable\",destination_version=\"v1\",destination_canonical_"
               "revision=\"v1\"} 1"));
}

TEST_CASE("a client that goes away takes the upstream connection with it at once") {
  Signal gone;
  Upstream upstream([&](Socket& s, int) {
    s.receive_message();
    s.send(sse_head + chunk(token("one")));
    CHECK(s.is_closed_by_peer());
    gone.set();
  });
  RunningGateway g(one_upstream(upstream.port()));
  Socket client = g.client();
  client.send(post("{}"));
  client.receive_until("one\"}}]}\n\n");
  client.close();
  CHECK(gone.wait());
  CHECK(g.counts("response_code=\"0\",response_flags=\"DC\"} 1"));
  CHECK(
      g.counts("slipway_gateway_requests_in_flight{destination_service_namespace=\"prod\",destination_service_name="
               "\"chat\",destination_subset=\"stable\"} 0"));
}

TEST_CASE("a client that goes away before the first byte of the answer cancels too") {
  Signal asked, gone;
  Upstream upstream([&](Socket& s, int) {
    s.receive_message();
    asked.set();
    CHECK(s.is_closed_by_peer());
    gone.set();
  });
  RunningGateway g(one_upstream(upstream.port()));
  Socket client = g.client();
  client.send(post("{}"));
  CHECK(asked.wait());
  client.reset();
  CHECK(gone.wait());
}

TEST_CASE("an upstream that dies before it answers is an error in OpenAI's shape") {
  Upstream upstream([](Socket& s, int) { s.receive_message(); });
  RunningGateway g(one_upstream(upstream.port()));
  Socket client = g.client();
  client.send(post("{}"));
  const std::string answer = client.receive_message();
  CHECK(has(answer, "HTTP/1.1 503 Service Unavailable\r\n"));
  CHECK(has(answer, "server: slipway\r\n"));
  CHECK(has(answer, "x-slipway-subset: stable\r\n"));
  CHECK(has(
      answer,
      R"({"error":{"message":"the upstream closed the connection before it answered","type":"server_error","param":null,"code":"upstream_reset"}})"));
  CHECK(upstream.connections() == 1);  // the request may have been acted on: it is not sent twice
  CHECK(g.counts("response_code=\"503\",response_flags=\"UC\"} 1"));
}

TEST_CASE("an answer that its upstream cuts off is visibly cut off, counted as a failure, and not retried") {
  for (const std::string& head :
       {sse_head + chunk(token("one")), std::string("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")}) {
    Upstream upstream([&](Socket& s, int) {
      s.receive_message();
      s.send(head);
    });
    RunningGateway g(one_upstream(upstream.port()));
    Socket client = g.client();
    client.send(post("{}"));
    const std::string all = client.receive_all();
    CHECK(has(all, "HTTP/1.1 200 OK"));
    CHECK(!all.ends_with("0\r\n\r\n"));
    CHECK(g.counts("response_code=\"502\",response_flags=\"UC\"} 1"));
    CHECK(upstream.connections() == 1);
  }
}

TEST_CASE("a kept connection that turns out to be dead is replaced, once, and the client does not notice") {
  Upstream upstream([](Socket& s, int number) {
    if (number == 1) {  // answers once, then takes the next request and dies
      s.receive_message();
      s.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
      s.receive_message();
      return;
    }
    CHECK(has(s.receive_message(), "\r\n\r\n{\"n\":2}"));
    s.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond");
  });
  RunningGateway g(one_upstream(upstream.port()));
  Socket client = g.client();
  client.send(post("{\"n\":1}"));
  CHECK(client.receive_message().ends_with("first"));
  client.send(post("{\"n\":2}"));
  CHECK(client.receive_message().ends_with("second"));
  CHECK(upstream.connections() == 2);
}

TEST_CASE("when all kept connections die at once, a request is sent again on a fresh one") {
  std::latch two_at_once(2);
  Upstream upstream([&](Socket& s, int number) {
    s.receive_message();
    if (number <= 2) two_at_once.arrive_and_wait();
    s.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    if (number <= 2) s.receive_message();  // takes the next request and dies
  });
  RunningGateway g(one_upstream(upstream.port()));
  Socket one = g.client();
  Socket two = g.client();
  one.send(post("{}"));
  two.send(post("{}"));
  CHECK(one.receive_message().ends_with("ok"));
  CHECK(two.receive_message().ends_with("ok"));
  one.send(post("{}"));
  CHECK(one.receive_message().ends_with("ok"));
  CHECK(upstream.connections() == 3);
}

TEST_CASE("an endpoint that refuses connections costs a retry on another; when all refuse, 503") {
  Upstream alive(always("ok"));
  const int dead = free_port();
  const std::string both = "  - route: [{destination: {host: chat}}]\n";
  {
    RunningGateway g(traffic::chat_world(alive.port(), dead) + traffic::virtual_service(both));
    for (int i = 0; i < 20; ++i) {
      Socket client = g.client();
      client.send(get());
      CHECK(client.receive_message().ends_with("ok"));
    }
  }
  {
    RunningGateway g(traffic::chat_world(dead, dead) + traffic::virtual_service(both));
    Socket client = g.client();
    client.send(get());
    CHECK(has(client.receive_message(), "upstream_connect_failure"));
  }
  {
    RunningGateway g(
        traffic::chat_world(alive.port(), dead) +
        traffic::virtual_service("  - retries: {attempts: 0}\n    route: [{destination: {host: chat}}]\n"));
    int failed = 0;
    for (int i = 0; i < 40; ++i) {
      Socket client = g.client();
      client.send(get());
      failed += has(client.receive_message(), " 503 ") ? 1 : 0;
    }
    CHECK(failed > 0);
  }
}

TEST_CASE("a route's timeout ends in 504, before the first byte, and in a cut after it") {
  Upstream upstream([](Socket& s, int number) {
    s.receive_message();
    if (number == 2) s.send(sse_head + chunk(token("one")));
    s.is_closed_by_peer();
  });
  RunningGateway g(one_upstream(upstream.port(), "    timeout: 100ms\n"));
  Socket client = g.client();
  client.send(post("{}"));
  CHECK(has(client.receive_message(), "HTTP/1.1 504 Gateway Timeout"));
  client.send(post("{}"));
  const std::string all = client.receive_all();
  CHECK(has(all, "one"));
  CHECK(!all.ends_with("0\r\n\r\n"));
  CHECK(g.counts("response_code=\"504\",response_flags=\"UT\"} 2"));
}

TEST_CASE("a slow client holds the upstream back instead of filling our memory, and gets every byte") {
  const std::string block(1 << 20, 'x');
  constexpr int blocks = 64;
  std::size_t sent_early = 0;
  Signal stalled;
  Upstream upstream([&](Socket& s, int) {
    s.receive_message();
    s.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(block.size() * blocks) + "\r\n\r\n");
    std::string all;
    for (int i = 0; i < blocks; ++i) all += block;
    sent_early = s.send_without_waiting(all, 300);
    stalled.set();
    s.send(all.substr(sent_early));
  });
  RunningGateway g(one_upstream(upstream.port()));
  Socket client = g.client();
  client.send(get());
  CHECK(stalled.wait());
  CHECK(sent_early < block.size() * 40);  // what the kernel buffers on four sockets, and little of ours
  client.receive_until("\r\n\r\n");
  CHECK(client.receive_bytes(block.size() * blocks).size() == block.size() * blocks);
}

TEST_CASE("long request bodies stream up, by length or in chunks") {
  Upstream upstream([](Socket& s, int) {
    for (;;) {
      const std::string message = s.receive_message();
      if (message.empty()) return;
      const std::string size = std::to_string(message.size() - message.find("\r\n\r\n") - 4);
      s.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size.size()) + "\r\n\r\n" + size);
    }
  });
  RunningGateway g(one_upstream(upstream.port()));
  Socket client = g.client();
  const std::string body(3'000'000, 'p');
  client.send(post(body));
  CHECK(client.receive_message().ends_with("\r\n\r\n3000000"));

  client.send("POST / HTTP/1.1\r\nHost: chat.example.com\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::string framed;
  for (int i = 0; i < 10; ++i) framed += chunk(body.substr(0, 100'000));
  client.send(framed + "0\r\n\r\n");
  const std::string answer = client.receive_message();
  CHECK(answer.find("200 OK") != std::string::npos);
  CHECK(std::stoi(answer.substr(answer.find("\r\n\r\n") + 4)) >= 1'000'000);  // with its framing
}

TEST_CASE("the answer may begin while the request's body is still coming") {
  Signal answered;
  Upstream upstream([&](Socket& s, int) {
    s.receive_until("\r\n\r\n");
    s.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
    s.receive(1000);
  });
  RunningGateway g(one_upstream(upstream.port()));
  Socket client = g.client();
  client.send("POST / HTTP/1.1\r\nHost: chat.example.com\r\nContent-Length: 10000000\r\n\r\n" +
              std::string(100'000, 'x'));
  CHECK(has(client.receive_message(), "413"));
}

TEST_CASE("an answer without a body has none, and one without a length ends with its connection") {
  Upstream upstream([](Socket& s, int number) {
    if (number == 1) {
      CHECK(s.receive_message().starts_with("HEAD"));
      s.send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
      CHECK(s.receive_message().starts_with("GET"));
      s.send("HTTP/1.1 204 No Content\r\n\r\n");
      CHECK(s.receive_message().starts_with("GET"));
      s.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
    }
  });
  RunningGateway g(one_upstream(upstream.port()));
  Socket client = g.client();
  client.send("HEAD / HTTP/1.1\r\nHost: chat.example.com\r\n\r\n");
  CHECK(has(client.receive_until("\r\n\r\n"), "content-length: 500"));
  client.send(get());
  CHECK(has(client.receive_until("\r\n\r\n"), "204"));
  client.send(get());
  CHECK(has(client.receive_message(), "d\r\nuntil the end\r\n0\r\n\r\n"));  // now in chunks
  CHECK(upstream.connections() == 1);
}

TEST_CASE("a client that waits to be asked for its body is asked") {
  Upstream upstream([](Socket& s, int) {
    const std::string seen = s.receive_message();
    CHECK(!has(seen, "Expect"));
    CHECK(seen.ends_with("\r\n\r\n{}"));
    s.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  RunningGateway g(one_upstream(upstream.port()));
  Socket client = g.client();
  client.send("POST / HTTP/1.1\r\nHost: chat.example.com\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(client.receive_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("{}");
  CHECK(client.receive_message().ends_with("ok"));
}

TEST_CASE("redirects, direct answers, and requests that nothing matches are answered here") {
  RunningGateway g(traffic::chat_world() +
                   traffic::virtual_service(
                       "  - {match: [{uri: {exact: /old}}], redirect: {uri: /new}}\n"
                       "  - {match: [{uri: {exact: /ping}}], directResponse: {status: 200, body: {string: pong}}}\n"
                       "  - {match: [{uri: {exact: /lost}}], route: [{destination: {host: nobody}}]}\n"));
  Socket client = g.client();
  client.send(get("/old?a=1"));
  CHECK(has(client.receive_message(), "location: http://chat.example.com/new?a=1\r\n"));
  client.send(get("/ping"));
  CHECK(client.receive_message().ends_with("pong"));
  client.send(get("/lost"));
  CHECK(has(client.receive_message(), "backend_not_found"));
  client.send(get("/nothing"));
  const std::string answer = client.receive_message();
  CHECK(has(answer, "HTTP/1.1 404 Not Found"));
  CHECK(has(answer, "route_not_found"));
  CHECK(g.counts("response_code=\"404\",response_flags=\"NR\"} 1"));
}

TEST_CASE(
    "a user stays on a subset, whether the header or the body names them, and an empty subset fails for its share "
    "alone") {
  Upstream stable(always("stable")), canary(always("canary"));
  RunningGateway g(traffic::chat_world(stable.port(), canary.port()) +
                   traffic::virtual_service(traffic::weighted(50, 50)));
  Socket client = g.client();
  int on_canary = 0;
  for (int user = 0; user < 40; ++user) {
    const std::string name = "u" + std::to_string(user);
    client.send(post("{}", "x-user: " + name + "\r\n"));
    const std::string by_header = client.receive_message();
    client.send(post("{\"messages\":[],\"user\":\"" + name + "\"}"));
    const std::string by_body = client.receive_message();
    CHECK(has(by_header, "x-slipway-subset: canary") == by_header.ends_with("canary"));
    CHECK(by_header.ends_with("canary") == by_body.ends_with("canary"));
    on_canary += by_header.ends_with("canary") ? 1 : 0;
  }
  CHECK(on_canary > 8);
  CHECK(on_canary < 32);

  std::string rules =
      traffic::chat_world(stable.port(), canary.port()) + traffic::virtual_service(traffic::weighted(50, 50));
  rules.replace(rules.rfind("ready: true"), 11, "ready: false");
  g.gateway->set_snapshot(traffic::snapshot_of(rules, 2));
  int failed = 0;
  for (int user = 0; user < 40; ++user) {
    client.send(post("{}", "x-user: u" + std::to_string(user) + "\r\n"));
    failed += has(client.receive_message(), "no_ready_endpoint") ? 1 : 0;
  }
  CHECK(failed == on_canary);
}
