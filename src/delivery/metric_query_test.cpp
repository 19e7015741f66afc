#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "delivery/sources.hpp"

using namespace slipway;
using namespace slipway::delivery;

TEST_CASE("a metric query asks Prometheus' API and tells an answer from an accident") {
  core::SimulatedWorld world(1);
  core::World parts = world.world();
  std::string asked, body = R"({"status":"success","data":{"resultType":"vector","result":[]}})";
  int status = 200;
  const auto serve = [&](core::HttpRequest request, auto done) {
    asked = request.url;
    core::HttpResponse response;
    response.status = status;
    response.body = body;
    done(std::move(response));
  };
  REQUIRE(world.serve("127.0.0.1", 9090, serve).has_value());
  std::string address = "http://127.0.0.1:9090";
  const auto metrics = make_prometheus_metric_query(parts, [&] { return address; });
  std::optional<Result<core::doc::Value>> answer;
  const auto ask = [&](const std::string& to) {
    answer.reset();
    metrics->query(to, "sum(x{a=\"b\"}) / 2", [&](Result<core::doc::Value> result) { answer = std::move(result); });
    CHECK(!answer.has_value());  // never inside the call
    world.run_for(std::chrono::seconds(60));
    REQUIRE(answer.has_value());
  };

  ask("");
  CHECK(asked.ends_with("/api/v1/query?query=sum%28x%7Ba%3D%22b%22%7D%29%20%2F%202"));
  CHECK((**answer)["status"].string_or("") == "success");
  status = 400;
  body = R"({"status":"error","errorType":"bad_data","error":"parse error"})";
  ask("http://127.0.0.1:9090/");
  CHECK((**answer)["error"].string_or("") == "parse error");
  status = 502;
  body = "<html>bad gateway</html>";
  ask("");
  CHECK(answer->error().code == Code::unavailable);
  ask("http://127.0.0.1:9999");
  CHECK(answer->error().code == Code::unavailable);
  address = "";
  ask("");
  CHECK(answer->error().message == "no Prometheus is running yet");
}
