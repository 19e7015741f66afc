// The simulated model server over real HTTP, on a free port.

#include <doctest/doctest.h>

#include "core/doc.hpp"
#include "core/world/world.hpp"
#include "net/client.hpp"
#include "serving/simulator/process.hpp"

using namespace slipway;
using serving::simulator::BackgroundModelServer;

namespace {

struct Fixture {
  std::unique_ptr<BackgroundModelServer> server = std::move(
      *BackgroundModelServer::start({"--model", "assistant", "--prefill-overhead", "1ms", "--inter-token", "1ms"}));

  core::HttpRequest request(const std::string& path, const std::string& body = {}) const {
    core::HttpRequest made;
    made.url = "http://127.0.0.1:" + std::to_string(server->port()) + path;
    if (!body.empty()) {
      made.method = "POST";
      made.body = body;
      made.headers = {{"Content-Type", "application/json"}};
    }
    return made;
  }
};

constexpr auto kQuestion =
    R"("messages":[{"role":"system","content":"Answer in one short sentence."},)"
    R"({"role":"user","content":"Passage: Orders ship from Hamburg within two days. Question: From where do orders ship?"}])";

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a chat completion answers from its passage, with usage") {
  const auto response =
      net::fetch(request("/v1/chat/completions", std::string("{\"max_tokens\":24,") + kQuestion + "}"));
  REQUIRE(response.has_value());
  CHECK(response->status == 200);
  const auto body = *doc::parse_json(response->body);
  CHECK(body["object"].string_or("") == "chat.completion");
  CHECK(body["model"].string_or("") == "assistant");
  CHECK(body["choices"][0]["message"]["content"].string_or("") == "Orders ship from Hamburg within two days.");
  CHECK(body["usage"]["completion_tokens"].int_or(0) == 7);
}

TEST_CASE_FIXTURE(Fixture,
                  "a streamed chat begins with the role, says one word a chunk and ends with usage and [DONE]") {
  std::string text;
  const auto body =
      std::string(R"({"stream":true,"stream_options":{"include_usage":true},"max_tokens":4,)") + kQuestion + "}";
  const auto status = net::fetch_stream(request("/v1/chat/completions", body), [&](std::string_view bytes) {
    text += bytes;
    return true;
  });
  REQUIRE(status.has_value());
  CHECK(*status == 200);
  std::vector<doc::Value> chunks;
  std::size_t at = 0;
  for (std::size_t end; (end = text.find("\n\n", at)) != std::string::npos; at = end + 2) {
    const auto data = text.substr(at + 6, end - at - 6);
    if (data != "[DONE]")
      chunks.push_back(*doc::parse_json(data));
    else
      CHECK(end + 2 == text.size());
  }
  REQUIRE(chunks.size() == 7);
  CHECK(chunks[0]["choices"][0]["delta"]["role"].string_or("") == "assistant");
  std::string said;
  for (std::size_t i = 1; i <= 4; ++i) said += chunks[i]["choices"][0]["delta"]["content"].string_or("");
  CHECK(said == "Orders ship from Hamburg");
  CHECK(chunks[5]["choices"][0]["finish_reason"].string_or("") == "length");
  CHECK(chunks[6]["choices"].size() == 0);
  CHECK(chunks[6]["usage"]["completion_tokens"].int_or(0) == 4);
  CHECK(chunks[6]["timings"]["predicted_n"].int_or(0) == 4);
}

TEST_CASE_FIXTURE(Fixture, "a client that goes away frees its slot") {
  const auto body = std::string(R"({"stream":true,"ignore_eos":true,"max_tokens":900,)") + kQuestion + "}";
  const auto status = net::fetch_stream(request("/v1/chat/completions", body), [](std::string_view) { return false; });
  CHECK(status.has_value());
  std::string metrics;
  for (int i = 0; i < 2000 && metrics.find("num_requests_running{model_name=\"assistant\"} 0\n") == std::string::npos;
       ++i) {
    metrics = net::fetch(request("/metrics"))->body;
  }
  CHECK(metrics.find("num_requests_running{model_name=\"assistant\"} 0\n") != std::string::npos);
  CHECK(metrics.find("request_success_total{model_name=\"assistant\",finished_reason=\"length\"} 0\n") !=
        std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a request that a gateway passes on keeps the users' Host") {
  auto made = request("/health");
  made.headers = {{"Host", "support.example.com"}};
  CHECK(net::fetch(made)->status == 200);
}

TEST_CASE_FIXTURE(Fixture, "nonsense is refused in llama-server's shape") {
  for (const auto* body : {"not json", "[]", "{}", R"({"messages":[]})", R"({"messages":[{"content":"no role"}]})"}) {
    CAPTURE(body);
    const auto response = net::fetch(request("/v1/chat/completions", body));
    CHECK(response->status == 400);
    CHECK((*doc::parse_json(response->body))["error"]["type"].string_or("") == "invalid_request_error");
  }
  CHECK(net::fetch(request("/nothing"))->status == 404);
}
