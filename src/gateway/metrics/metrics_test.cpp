#include <doctest/doctest.h>

#include "gateway/metrics/gateway_metrics.hpp"
#include "gateway/metrics/token_meter.hpp"

using namespace slipway;
using namespace slipway::gateway::metrics;

namespace {
core::Instant at(int milliseconds) { return core::Instant(std::chrono::milliseconds(milliseconds)); }
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
}  // namespace

TEST_CASE("the families are rendered as Prometheus reads them") {
  Metrics metrics;
  Outcome outcome;
  outcome.target = {"prod", "chat", "v2", "abc", "canary"};
  outcome.status = 200;
  outcome.duration = std::chrono::milliseconds(7);
  outcome.first_token = std::chrono::milliseconds(3);
  metrics.finished(outcome);
  metrics.started(outcome.target);
  metrics.set_snapshot(42, at(1000));
  const std::string text = metrics.render(at(3500));
  const std::string who =
      "destination_service_namespace=\"prod\",destination_service_name=\"chat\",destination_subset=\"canary\"";
  const std::string which = who + ",destination_version=\"v2\",destination_canonical_revision=\"abc\"";
  CHECK(contains(text, "# TYPE istio_requests_total counter\n"));
  CHECK(contains(text, "istio_requests_total{reporter=\"gateway\",source_workload=\"slipway-gateway\"," + which +
                           ",response_code=\"200\",response_flags=\"-\"} 1\n"));
  CHECK(contains(
      text, "istio_request_duration_milliseconds_bucket{reporter=\"gateway\",source_workload=\"slipway-gateway\"," +
                which + ",response_code=\"200\",le=\"5\"} 0\n"));
  CHECK(contains(text, ",le=\"10\"} 1\n"));
  CHECK(contains(text, "slipway_gateway_time_to_first_token_seconds_bucket{" + which + ",le=\"0.005\"} 1\n"));
  CHECK(contains(text, "slipway_gateway_time_to_first_token_seconds_bucket{" + which + ",le=\"+Inf\"} 1\n"));
  CHECK(contains(text, "slipway_gateway_requests_in_flight{" + who + "} 1\n"));
  CHECK(contains(text, "slipway_gateway_snapshot_version 42\n"));
  CHECK(contains(text, "slipway_gateway_snapshot_age_seconds 2.5\n"));
  CHECK(metrics.requests({{"destination_version", "v2"}, {"response_code", "200"}}) == 1);
  CHECK(metrics.requests({{"destination_version", "v1"}}) == 0);
}

TEST_CASE("label values are escaped, and failures have no time to first token") {
  Metrics metrics;
  Outcome outcome;
  outcome.target.service = "a\"b\\c\nd";
  outcome.status = 503;
  outcome.first_token = std::chrono::milliseconds(1);
  metrics.finished(outcome);
  const std::string text = metrics.render(at(0));
  CHECK(contains(text, "destination_service_name=\"a\\\"b\\\\c\\nd\""));
  CHECK(!contains(text, "first_token_seconds_count"));
  CHECK(!contains(text, "\nslipway_gateway_snapshot_age_seconds "));  // no snapshot: no data, not zero
}

TEST_CASE("a stream's first token is its first content, not its role or its head") {
  TokenMeter meter(true);
  CHECK(meter.feed("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n", at(1)) == 0);
  CHECK(meter.feed("data: {\"choices\":[{\"delta\":{\"content\":null}}]}\n\n: a comment\n\nevent: x\n", at(2)) == 0);
  CHECK(meter.feed("data: {\"choices\":[{\"delta\":{\"con", at(3)) == 0);
  CHECK(meter.feed("tent\":\"Hel\"}}]}\r\n\r\n", at(4)) == 1);
  CHECK(meter.feed(
            "data:{\"choices\":[{\"text\" : \"lo\"}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"!\"}}]}\n\n",
            at(9)) == 2);
  CHECK(meter.feed("data: [DONE]\n\n", at(10)) == 0);
  CHECK(meter.first() == at(4));
  CHECK(meter.last() == at(9));
  CHECK(meter.count() == 3);
  CHECK(meter.saw_done());
  CHECK(!meter.saw_error());
}

TEST_CASE("text that quotes an event does not count, and an error event is noticed") {
  TokenMeter meter(true);
  CHECK(meter.feed("data: {\"x\":\"\\\"content\\\":\\\"a\\\"\"}\n\n", at(1)) == 0);
  CHECK(meter.feed("data: {\"error\":{\"message\":\"out of memory\"}}\n\n", at(2)) == 0);
  CHECK(meter.saw_error());
}

TEST_CASE("a plain body's first byte is its first content, and counts once") {
  TokenMeter meter(false);
  CHECK(meter.feed("", at(1)) == 0);
  CHECK(meter.feed("{", at(2)) == 1);
  CHECK(meter.feed("}", at(3)) == 0);
  CHECK(meter.first() == at(2));
}
