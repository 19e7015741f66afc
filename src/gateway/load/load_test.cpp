#include "gateway/load/load.hpp"

#include <doctest/doctest.h>

#include "gateway/io/test_sockets.hpp"
#include "gateway/load/report.hpp"
#include "gateway/proxy/test_gateway.hpp"

using namespace slipway;
using namespace slipway::gateway;
using namespace slipway::gateway::load;
using namespace slipway::gateway::test;
using namespace std::chrono_literals;

namespace {

LoadOptions to(int port, double rate, core::Duration duration) {
  LoadOptions options;
  options.url = "http://127.0.0.1:" + std::to_string(port) + "/v1/chat/completions";
  options.prompts = {{.prompt = "hello", .max_tokens = 3}};
  options.model = "m";
  options.rate = rate;
  options.duration = duration;
  return options;
}

// Says "a", waits, says "b".
Upstream::Script two_tokens(core::Duration before, core::Duration between) {
  return [before, between](Socket& s, int) {
    const auto pause = [&s](core::Duration d) { s.receive(static_cast<int>(d.count() / 1000)); };
    while (!s.receive_message().empty()) {
      pause(before);
      s.send(sse_head + chunk(token("a")));
      pause(between);
      s.send(chunk(token("b")) + chunk("data: [DONE]\n\n") + "0\r\n\r\n");
    }
  };
}

}  // namespace

TEST_CASE("known delays are measured as they are") {
  Upstream upstream(two_tokens(60ms, 40ms));
  auto generator = LoadGenerator::start(to(upstream.port(), 20, 1s));
  REQUIRE(generator.has_value());
  const LoadReport report = (*generator)->wait();
  CHECK(report.sent > 5);
  CHECK(report.succeeded == report.sent);
  CHECK(report.failed == 0);
  CHECK(report.first_token.p50 >= 0.058);
  CHECK(report.first_token.p50 < 0.095);
  CHECK(report.between_tokens.p50 >= 0.038);
  CHECK(report.between_tokens.p50 < 0.08);
  CHECK(report.total.p50 >= 0.098);
}

TEST_CASE("a queue in front of a slow server is measured, not hidden") {
  // One at a time, 100 ms each, asked 40 times a second: the tenth waits for the nine before it.
  Upstream upstream(two_tokens(100ms, 0ms));
  LoadOptions options = to(upstream.port(), 40, 500ms);
  options.arrivals = LoadOptions::Arrivals::constant;
  options.max_in_flight = 1;
  auto generator = LoadGenerator::start(options);
  REQUIRE(generator.has_value());
  const LoadReport report = (*generator)->wait();
  CHECK(report.succeeded == 20);
  CHECK(report.first_token.max > 1.2);  // 20 x 100 ms of work came within 0.5 s
}

TEST_CASE("failures are told apart by kind, and subsets are counted") {
  Upstream upstream([](Socket& s, int number) {
    s.receive_message();
    switch (number % 4) {
      case 0:
        s.send("HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        break;
      case 1:
        s.send("HTTP/1.1 200 OK\r\nx-slipway-subset: canary\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        break;
      case 2:
        s.send(sse_head + chunk(token("a")));
        break;
      default:
        s.send(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\nContent-Length: "
            "29\r\n\r\ndata: {\"error\":{\"code\":500}}\n\n");
        break;
    }
  });
  LoadOptions options = to(upstream.port(), 100, 400ms);
  options.max_in_flight = 1;
  std::vector<Finished> all;
  auto generator = LoadGenerator::start(options, [&](const Finished& f) { all.push_back(f); });
  REQUIRE(generator.has_value());
  const LoadReport report = (*generator)->wait();
  CHECK(all.size() == report.sent);
  CHECK(report.errors.contains("http 503"));
  CHECK(report.errors.contains("cut off"));
  CHECK(report.errors.contains("error event"));
  CHECK(report.subsets.at("canary").requests == report.succeeded);
  CHECK(report.succeeded + report.failed == report.sent);
  const std::string table = to_table(report);
  CHECK(has(table, "http 503"));
  CHECK(has(table, "canary"));
  CHECK(to_json(report)["subsets"]["canary"]["requests"].int_or(0) > 0);

  auto nobody = LoadGenerator::start(to(free_port(), 100, 50ms));
  REQUIRE(nobody.has_value());
  CHECK((*nobody)->wait().errors.contains("connect"));
}

TEST_CASE("the same seed asks the same questions") {
  const auto asked = [](std::uint64_t seed) {
    std::mutex mutex;
    std::vector<std::string> bodies;
    Upstream upstream([&](Socket& s, int) {
      for (std::string m = s.receive_message(); !m.empty(); m = s.receive_message()) {
        {
          const std::lock_guard lock(mutex);
          bodies.push_back(m.substr(m.find("\r\n\r\n")));
        }
        s.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      }
    });
    LoadOptions options = to(upstream.port(), 200, 150ms);
    options.prompts = {{.prompt = "one"}, {.prompt = "two", .weight = 3}, {.prompt = "three", .user = "ada"}};
    options.users = 5;
    options.seed = seed;
    options.max_in_flight = 1;
    auto generator = LoadGenerator::start(options);
    REQUIRE(generator.has_value());
    (*generator)->wait();
    return bodies;
  };
  const auto first = asked(7);
  CHECK(first.size() > 5);
  CHECK(first == asked(7));
  CHECK(first != asked(8));
}

TEST_CASE("stopping cuts what does not end in time, and counts it as neither") {
  Upstream upstream([](Socket& s, int) {
    s.receive_message();
    s.is_closed_by_peer();
  });
  LoadOptions options = to(upstream.port(), 200, 0s);
  options.duration.reset();
  auto generator = LoadGenerator::start(options);
  REQUIRE(generator.has_value());
  while ((*generator)->report().sent < 5) {
  }
  const LoadReport report = (*generator)->stop(10ms);
  CHECK(report.abandoned == report.sent);
  CHECK(report.succeeded + report.failed == 0);
  CHECK(to_json(report)["firstTokenSeconds"].is_null());  // no data is not zero
  CHECK(has(to_table(report), "no data"));
}

TEST_CASE("load is not sent to other machines by accident, nor without sense") {
  LoadOptions options = to(80, 1, 1s);
  options.url = "http://192.0.2.1/v1";
  auto refused = LoadGenerator::start(options);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == Code::permission_denied);
  for (auto spoil : {+[](LoadOptions& o) { o.url = "https://127.0.0.1/"; }, +[](LoadOptions& o) { o.rate = 0; },
                     +[](LoadOptions& o) { o.prompts.clear(); }, +[](LoadOptions& o) { o.max_in_flight = 0; }}) {
    LoadOptions bad = to(80, 1, 1s);
    spoil(bad);
    CHECK(!LoadGenerator::start(bad).has_value());
  }
}

TEST_CASE("prompts are read strictly, with the line of what is wrong") {
  auto prompts = parse_prompts(
      "{\"prompt\":\"a\"}\n\n{\"prompt\":\"b\",\"max_tokens\":7,\"user\":\"u\",\"weight\":0.5}\n", "p.jsonl");
  REQUIRE(prompts.has_value());
  CHECK(prompts->size() == 2);
  CHECK((*prompts)[1].max_tokens == 7);
  auto bad = parse_prompts("{\"prompt\":\"a\"}\n{\"promt\":\"b\"}\nnonsense\n", "p.jsonl");
  REQUIRE(!bad.has_value());
  CHECK(has(bad.error().render(), "p.jsonl:2:"));
  CHECK(has(bad.error().render(), "p.jsonl:3:"));
  CHECK(!parse_prompts("\n", "p.jsonl").has_value());
}

TEST_CASE("quantiles are nearest ranks") {
  Tally tally;
  for (int i = 1; i <= 100; ++i) {
    Finished f;
    f.status = 200;
    f.total = std::chrono::milliseconds(i);
    tally.add(f);
  }
  const Quantiles q = tally.report(1).total;
  CHECK(q.p50 == doctest::Approx(0.050));
  CHECK(q.p99 == doctest::Approx(0.099));
  CHECK(q.max == doctest::Approx(0.100));
}
