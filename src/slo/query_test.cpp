#include "slo/query.hpp"

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"

using namespace slipway;
using namespace slipway::slo;

TEST_CASE("Prometheus is asked for now and for ranges, and refusals are told in its words") {
  core::SimulatedWorld world(1);
  core::World parts = world.world();
  std::string asked,
      body = R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"v":"1"},"value":[1,"2.5"]}]}})";
  REQUIRE(world
              .serve("127.0.0.1", 9090,
                     [&](core::HttpRequest request, auto done) {
                       asked = request.url;
                       core::HttpResponse response;
                       response.status = 200;
                       response.body = body;
                       done(std::move(response));
                     })
              .has_value());
  const auto prometheus = make_prometheus_query(parts, [] { return std::string("http://127.0.0.1:9090"); });
  std::optional<Result<core::doc::Value>> answer;
  const auto keep = [&](Result<core::doc::Value> result) { answer = std::move(result); };
  prometheus->query("x", keep);
  world.run_for(std::chrono::seconds(1));
  CHECK(single_number(**answer) == 2.5);
  CHECK((*samples_of(**answer))[0].labels.at("v") == "1");
  prometheus->query_range("x", std::chrono::minutes(5), std::chrono::seconds(5), keep);
  world.run_for(std::chrono::seconds(1));
  CHECK(asked.find("/api/v1/query_range?query=x&start=") != std::string::npos);
  CHECK(asked.ends_with("&step=5"));
  body = R"({"status":"error","error":"unknown function"})";
  prometheus->query("y", keep);
  world.run_for(std::chrono::seconds(1));
  CHECK(answer->error().message == "Prometheus says: unknown function");
}

TEST_CASE("no series, several series and NaN are no number") {
  const auto number = [](const std::string& result) {
    return single_number(*core::doc::parse_json(R"({"data":{"resultType":"vector","result":)" + result + "}}"));
  };
  CHECK(number(R"([{"metric":{},"value":[1,"3"]}])") == 3);
  CHECK(!number("[]").has_value());
  CHECK(!number(R"([{"metric":{},"value":[1,"NaN"]}])").has_value());
  CHECK(!number(R"([{"metric":{"a":"1"},"value":[1,"3"]},{"metric":{"a":"2"},"value":[1,"3"]}])").has_value());
}
