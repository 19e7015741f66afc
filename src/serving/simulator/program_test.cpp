// The simulated model server in virtual time: latencies are exact.

#include <doctest/doctest.h>

#include "core/doc.hpp"
#include "core/world/simulated.hpp"
#include "serving/simulator/program.hpp"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  core::SimulatedWorld world{5};
  core::World parts = world.world();
  core::ProcessIdentity process;
  std::optional<core::Exit> ended;

  Fixture() {
    world.faults().latency_min = world.faults().latency_max = 0us;
    world.install("slipway", serving::simulator::model_server_program);
  }
  void spawn(std::vector<std::string> flags) {
    core::SpawnRequest request;
    request.argv = {"/bin/slipway",
                    "model-server",
                    "--host",
                    "127.16.0.1",
                    "--port",
                    "8080",
                    "--prefill-overhead",
                    "20ms",
                    "--prefill-per-token",
                    "1ms",
                    "--inter-token",
                    "10ms",
                    "--load-factor",
                    "1"};
    request.argv.insert(request.argv.end(), flags.begin(), flags.end());
    process = *parts.processes.spawn(std::move(request), [this](core::Exit exit) { ended = exit; });
    world.run_for(100ms);  // a process takes a moment to begin
  }
  struct Reply {
    int status = 0;
    doc::Value body;
    std::string text;
    Duration took{};
  };
  using Later = std::shared_ptr<std::optional<Reply>>;
  Later send(const std::string& path, const std::string& body = {}) {
    auto reply = std::make_shared<std::optional<Reply>>();
    core::HttpRequest request;
    request.method = body.empty() ? "GET" : "POST";
    request.url = "http://127.16.0.1:8080" + path;
    request.body = body;
    request.timeout = 60s;
    parts.http.send(std::move(request),
                    [this, reply, start = parts.clock.monotonic()](Result<core::HttpResponse> response) {
                      Reply got;
                      got.took = parts.clock.monotonic() - start;
                      if (!response) got.text = response.error().one_line();
                      if (response) {
                        got.status = response->status;
                        got.text = response->body;
                        if (auto value = doc::parse_json(response->body)) got.body = *value;
                      }
                      *reply = got;
                    });
    return reply;
  }
  Reply wait(const Later& reply) {
    REQUIRE(world.run_until([&] { return reply->has_value(); }, 120s));
    return **reply;
  }
  static std::string prompt(const std::string& text, const std::string& more = "") {
    return R"({"prompt":")" + text + "\"" + more + "}";
  }
};

constexpr auto kPath = "/v1/completions";

}  // namespace

TEST_CASE_FIXTURE(Fixture, "prefill pays per prompt token, decode per token after the first") {
  spawn({});
  // 40 bytes are 10 tokens: 20 + 10 ms. 7 words are 6 gaps of 10 ms.
  const auto reply = wait(send(kPath, prompt("Tea is sold here by us now. Is tea sold?")));
  CAPTURE(reply.text);
  CHECK(reply.status == 200);
  CHECK(reply.body["choices"][0]["text"].string_or("") == "Tea is sold here by us now.");
  CHECK(reply.body["choices"][0]["finish_reason"].string_or("") == "stop");
  CHECK(reply.body["usage"]["prompt_tokens"].int_or(0) == 10);
  CHECK(reply.body["usage"]["completion_tokens"].int_or(0) == 7);
  CHECK(reply.body["timings"]["prompt_ms"].double_or(0) == doctest::Approx(30));
  CHECK(reply.body["timings"]["predicted_ms"].double_or(0) == doctest::Approx(60));
  CHECK(reply.took == 90ms);
}

TEST_CASE_FIXTURE(Fixture, "a prefix that was read before is not paid again") {
  spawn({});
  const std::string shared(640, 'x');
  CHECK(wait(send(kPath, prompt(shared + " A?", R"(,"max_tokens":1)")))
            .body["usage"]["prompt_tokens_details"]["cached_tokens"]
            .int_or(-1) == 0);
  const auto second = wait(send(kPath, prompt(shared + " B?", R"(,"max_tokens":1)")));
  CHECK(second.body["usage"]["prompt_tokens_details"]["cached_tokens"].int_or(-1) == 160);
  CHECK(second.took == 20ms + 1ms);
}

TEST_CASE_FIXTURE(Fixture, "requests beyond the slots wait their turn, and too many are refused") {
  spawn({"--parallel", "2", "--max-waiting", "1"});
  const auto ask = [&] { return send(kPath, prompt("Why?", R"(,"max_tokens":1)")); };
  const auto first = ask(), second = ask(), third = ask(), fourth = ask();
  CHECK(wait(fourth).status == 429);
  CHECK(wait(first).took == 21ms);
  CHECK(wait(second).took == 21ms);
  CHECK(wait(third).took == 42ms);
  const auto metrics = wait(send("/metrics")).text;
  CHECK(metrics.find("vllm:request_success_total{model_name=\"simulated\",finished_reason=\"length\"} 3\n") !=
        std::string::npos);
  CHECK(metrics.find("vllm:time_to_first_token_seconds_bucket{model_name=\"simulated\",le=\"0.04\"} 2\n") !=
        std::string::npos);
  CHECK(metrics.find("vllm:num_requests_running{model_name=\"simulated\"} 0\n") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a full server is slower by its load factor") {
  spawn({"--parallel", "2", "--load-factor", "3"});
  const auto alone = wait(send(kPath, prompt("Why?", R"(,"max_tokens":1)")));
  CHECK(alone.took == 21ms);
  const auto first = send(kPath, prompt("Why?", R"(,"max_tokens":5,"ignore_eos":true)"));
  world.run_for(1ms);
  const auto second = send(kPath, prompt("Why?", R"(,"max_tokens":1)"));
  CHECK(wait(second).took == 63ms);
  CHECK(wait(first).took > 21ms + 40ms);
}

TEST_CASE_FIXTURE(
    Fixture, "a prompt that does not fit is refused as llama-server does it, and answers stay inside the context") {
  spawn({"--context", "32"});
  const auto refused = wait(send(kPath, prompt(std::string(128, 'x'))));
  CHECK(refused.status == 400);
  CHECK(refused.body["error"]["type"].string_or("") == "exceed_context_size_error");
  CHECK(refused.body["error"]["n_prompt_tokens"].int_or(0) == 32);
  CHECK(refused.body["error"]["n_ctx"].int_or(0) == 32);
  const auto limited = wait(send(kPath, prompt(std::string(112, 'x') + "?", R"(,"ignore_eos":true)")));
  CHECK(limited.body["usage"]["total_tokens"].int_or(0) == 32);
  CHECK(limited.body["choices"][0]["finish_reason"].string_or("") == "length");
}

TEST_CASE_FIXTURE(Fixture, "health is 503 while loading and only then ok") {
  spawn({"--startup", "5s"});
  CHECK(wait(send("/health")).status == 503);
  CHECK(wait(send(kPath, prompt("Why?"))).body["error"]["message"].string_or("") == "Loading model");
  world.run_for(5s);
  CHECK(wait(send("/health")).body["status"].string_or("") == "ok");
  CHECK(wait(send("/v1/models")).body["data"][0]["id"].string_or("") == "simulated");
}

TEST_CASE_FIXTURE(Fixture, "injected failures: errors, hangs, wrong answers, a crash") {
  SUBCASE("errors at their rate") {
    spawn({"--error-rate", "0.25"});
    int errors = 0;
    for (int i = 0; i < 200; ++i) errors += wait(send(kPath, prompt("Why?"))).status == 500;
    CHECK(errors > 30);
    CHECK(errors < 70);
  }
  SUBCASE("a hang ends only with the client's patience") {
    spawn({"--hang-rate", "1"});
    const auto reply = wait(send(kPath, prompt("Why?")));
    CHECK(reply.status == 0);
    CHECK(reply.took >= 60s);
  }
  SUBCASE("wrong answers are the same every time") {
    spawn({"--wrong-rate", "1"});
    const auto body = prompt("Tea is sold. Is tea sold?");
    CHECK(wait(send(kPath, body)).body["choices"][0]["text"].string_or("") == "I am not able to say.");
  }
  SUBCASE("a crash") {
    spawn({"--crash-after", "2"});
    CHECK(wait(send(kPath, prompt("Why?"))).status == 200);
    CHECK(wait(send(kPath, prompt("Why?"))).status == 0);
    world.run_for(1s);
    REQUIRE(ended.has_value());
    CHECK(ended->code == 139);
  }
}

TEST_CASE_FIXTURE(Fixture, "after SIGTERM it is unhealthy, lingers, then refuses, and requests under way finish") {
  spawn({"--linger", "300ms"});
  const auto running = send(kPath, prompt("Why?", R"(,"max_tokens":100,"ignore_eos":true)"));
  world.run_for(100ms);
  REQUIRE(parts.processes.signal(process, SIGTERM, true).has_value());
  CHECK(wait(send("/health")).status == 503);
  CHECK(wait(send(kPath, prompt("Why?", R"(,"max_tokens":1)"))).status == 200);
  world.run_for(300ms);
  CHECK(wait(send(kPath, prompt("Why?"))).status == 503);
  CHECK_FALSE(ended.has_value());
  CHECK(wait(running).status == 200);
  world.run_for(1s);
  REQUIRE(ended.has_value());
  CHECK(ended->code == 0);
}

TEST_CASE_FIXTURE(Fixture, "bad flags end the process with 2, as the real one's do") {
  spawn({"--paralel", "2"});
  world.run_for(1ms);
  REQUIRE(ended.has_value());
  CHECK(ended->code == 2);
}
