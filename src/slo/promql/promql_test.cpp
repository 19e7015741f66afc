#include "slo/promql/promql.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/world/real.hpp"
#include "core/world/simulated.hpp"
#include "slo/promql/simulated.hpp"
#include "slo/testing.hpp"

using namespace slipway;
using namespace slipway::slo;
using namespace slipway::slo::promql;

namespace {
const core::Time start{};  // promtool counts from 0

// The same series for us and for promtool: one value a minute.
struct Input {
  const char* series;
  const char* values;  // promtool's notation
  Labels labels;
  double first, step;
  int count;
};
const Input inputs[] = {
    {R"(istio_requests_total{destination_version="v1",response_code="200"})",
     "0+60x20",
     {{"__name__", "istio_requests_total"}, {"destination_version", "v1"}, {"response_code", "200"}},
     0,
     60,
     21},
    {R"(istio_requests_total{destination_version="v1",response_code="503"})",
     "5+0x20",
     {{"__name__", "istio_requests_total"}, {"destination_version", "v1"}, {"response_code", "503"}},
     5,
     0,
     21},
    {R"(istio_requests_total{destination_version="v2",response_code="200"})",
     "100+6x20",
     {{"__name__", "istio_requests_total"}, {"destination_version", "v2"}, {"response_code", "200"}},
     100,
     6,
     21},
    {R"(istio_requests_total{destination_version="v2",response_code="503"})",
     "0+2x20",
     {{"__name__", "istio_requests_total"}, {"destination_version", "v2"}, {"response_code", "503"}},
     0,
     2,
     21},
    {R"(ttft_bucket{destination_version="v1",le="0.1"})",
     "0+10x20",
     {{"__name__", "ttft_bucket"}, {"destination_version", "v1"}, {"le", "0.1"}},
     0,
     10,
     21},
    {R"(ttft_bucket{destination_version="v1",le="0.5"})",
     "0+18x20",
     {{"__name__", "ttft_bucket"}, {"destination_version", "v1"}, {"le", "0.5"}},
     0,
     18,
     21},
    {R"(ttft_bucket{destination_version="v1",le="+Inf"})",
     "0+20x20",
     {{"__name__", "ttft_bucket"}, {"destination_version", "v1"}, {"le", "+Inf"}},
     0,
     20,
     21},
    {R"(gone{a="b"})", "7+0x5", {{"__name__", "gone"}, {"a", "b"}}, 7, 0, 6},
    {R"(gauge{a="b"})", "10-1x20", {{"__name__", "gauge"}, {"a", "b"}}, 10, -1, 21},
};
const char* const queries[] = {
    R"(istio_requests_total{destination_version="v1"})",
    R"(istio_requests_total{destination_version!="v1",response_code=~"5.."})",
    R"({__name__="gauge",a!~"c|d"})",
    R"(rate(istio_requests_total[5m]))",
    R"(increase(istio_requests_total[90s]))",
    R"(sum(increase(istio_requests_total[10m])))",
    R"(sum by (destination_version) (rate(istio_requests_total[5m])))",
    R"(sum(rate(istio_requests_total[5m])) without (response_code))",
    R"(sum(rate(istio_requests_total{response_code!~"5.."}[5m])) / sum(rate(istio_requests_total[5m])))",
    R"(sum by (destination_version) (rate(istio_requests_total{response_code=~"5.."}[5m])) / sum by (destination_version) (rate(istio_requests_total[5m])))",
    R"(histogram_quantile(0.95, sum by (le) (rate(ttft_bucket[5m]))))",
    R"(histogram_quantile(0.4, ttft_bucket))",
    R"(histogram_quantile(0.99, sum by (le, destination_version) (rate(ttft_bucket[5m]))))",
    R"((sum(increase(istio_requests_total{destination_version="v2"}[5m])) / sum(increase(istio_requests_total[5m]))) and sum(increase(istio_requests_total[5m])) >= 5)",
    R"((sum(increase(istio_requests_total{destination_version="v2"}[5m]))) and sum(increase(istio_requests_total[5m])) >= 50000)",
    R"(sum(increase(nothing[5m])) or 0 * sum(increase(istio_requests_total[5m])))",
    R"(sum(nothing) or vector(0))",
    R"(vector(1) + 2 * 3 ^ 2 % 5 - -1)",
    R"(2 ^ 3 ^ 2)",
    R"(-2 ^ 2)",
    R"(gauge > 5)",
    R"(gauge > bool -5)",
    R"(1 > bool 2)",
    R"(gauge + on(a) group_left gone offset 15m)",
    R"(istio_requests_total unless istio_requests_total{response_code="503"})",
    R"(istio_requests_total / on(destination_version, response_code) istio_requests_total)",
    R"(istio_requests_total / ignoring(response_code) group_left sum by (destination_version) (istio_requests_total))",
    R"(max(gauge) - min(gauge offset 5m))",
    R"(count(istio_requests_total) by (response_code))",
    R"(avg(istio_requests_total))",
    R"(gone)",
    R"(absent(gone))",
    R"(absent(missing{a="b"}))",
    R"(clamp_min(gauge, 0))",
    R"(clamp_max(abs(gauge), 5))",
    R"(avg_over_time(gauge[5m]))",
    R"(max_over_time(gauge[5m]) - min_over_time(gauge[5m]))",
    R"(sum_over_time(gauge[3m]) / count_over_time(gauge[3m]))",
    R"(delta(gauge[5m]))",
    R"(irate(istio_requests_total{destination_version="v1"}[5m]))",
    R"(resets(gauge[5m]))",
    R"(scalar(gauge) * 2)",
    R"(scalar(istio_requests_total) + 1)",
    R"(time())",
    R"(round(gauge / 3))",
    R"(0 / 0)",
    R"(sum(gauge) / 0)",
};

SeriesStore stored() {
  SeriesStore store(std::chrono::hours(24));
  for (const auto& input : inputs) {
    for (int i = 0; i < input.count; ++i)
      store.append(input.labels, start + std::chrono::minutes(i), input.first + input.step * i);
  }
  return store;
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? ".inf" : "-.inf";  // YAML's
  char text[64];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}
std::string text_of(const promql::Sample& sample) {
  std::string text;
  for (const auto& [label, value] : sample.labels) {
    if (label != "__name__") text += (text.empty() ? "" : ",") + label + "=\"" + value + "\"";
  }
  const auto name = sample.labels.find("__name__");
  return (name == sample.labels.end() ? "" : name->second) + "{" + text + "}";
}
std::string only(const std::string& query, const SeriesStore& store, int minute = 20) {
  const auto expression = Expression::parse(query);
  if (!expression) return expression.error().message;
  const auto outcome = evaluate(*expression, store, start + std::chrono::minutes(minute));
  if (!outcome) return outcome.error().message;
  std::string text;
  for (const auto& sample : outcome->samples)
    text += (text.empty() ? "" : " ") + (outcome->is_scalar ? "" : text_of(sample) + "=") + number(sample.value);
  return text;
}
}  // namespace

TEST_CASE("queries give what Prometheus gives") {
  const SeriesStore store = stored();
  CHECK(only("sum(increase(istio_requests_total[10m]))", store) == "{}=680");
  CHECK(only("histogram_quantile(0.4, ttft_bucket)", store) == "{destination_version=\"v1\"}=0.080000000000000016");
  CHECK(only("rate(gone[5m])", store) == "");
  CHECK(only("1 + 1", store) == "2");
  CHECK(only("sum(nothing) or vector(0)", store) == "{}=0");
  CHECK(only("gone", store, 9) == "gone{a=\"b\"}=7");
  CHECK(only("gone", store, 10) == "");  // five minutes after its last sample
}

TEST_CASE("what is wrong or not supported is said") {
  const SeriesStore store;
  CHECK(only("sum(", store) == "the query ends here; expected a value");
  CHECK(only("rate(x)", store) == "rate needs a range: x[5m]");
  CHECK(only("x[5m]", store).find("only allowed as the argument") != std::string::npos);
  CHECK(only("predict_linear(x[5m], 4)", store) == "function predict_linear is not supported");
  CHECK(only("x[5m:1m]", store).find("subqueries") != std::string::npos);
  CHECK(only("x{a=~\"(\"}", store).find("bad regular expression") != std::string::npos);
  CHECK(only("1 > 2", store) == "a comparison of two numbers needs bool");
  CHECK(only(std::string(5000, '('), store) == "nested too deeply");
  CHECK(only(std::string(5000, '-') + "1", store) == "nested too deeply");
  CHECK(only("istio_requests_total / on(destination_version) istio_requests_total", stored()).find("several series") !=
        std::string::npos);
}

TEST_CASE("a scrape is read from the text format") {
  SeriesStore store;
  const auto scraped =
      store.scrape("# HELP a b\n# TYPE a counter\na{x=\"1\\\"2\",y=\"z\"} 3 1700000000000\nb 1e3\nc{le=\"+Inf\"} NaN\n",
                   start, {{"job", "gateway"}});
  REQUIRE(scraped.has_value());
  REQUIRE(store.all().size() == 3);
  CHECK(store.all()[0].labels == Labels{{"__name__", "a"}, {"job", "gateway"}, {"x", "1\"2"}, {"y", "z"}});
  CHECK(store.all()[1].points[0].value == 1000);
  CHECK(store.scrape("a{x=1} 2\n", start).error().message.find("line 1") != std::string::npos);
}

TEST_CASE("promtool agrees with every query") {
  if (!testing::has_promtool()) return;
  const SeriesStore store = stored();
  std::string text = "evaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n";
  for (const auto& input : inputs)
    text += std::string("      - series: '") + input.series + "'\n        values: '" + input.values + "'\n";
  text += "    promql_expr_test:\n";
  int without_nan = 0;
  for (const char* query : queries) {
    const auto expression = Expression::parse(query);
    CAPTURE(query);
    if (!expression) MESSAGE(expression.error().render());
    REQUIRE(expression.has_value());
    const auto outcome = evaluate(*expression, store, start + std::chrono::minutes(20));
    if (!outcome) MESSAGE(outcome.error().render());
    REQUIRE(outcome.has_value());
    bool has_nan = false;  // promtool compares with ==, so that NaN never agrees
    // Prometheus adds up series in no fixed order, and so differs from itself in the last digit. round() drops the name
    // of a series: what still has its name was not computed.
    const bool is_computed = !outcome->is_scalar && std::ranges::all_of(outcome->samples, [](const auto& sample) {
      return !sample.labels.contains("__name__");
    });
    std::string expected;
    for (const auto& sample : outcome->samples) {
      has_nan = has_nan || std::isnan(sample.value);
      const double value = is_computed ? std::floor(sample.value * 1e9 + 0.5) : sample.value;
      expected += "          - {labels: '" + text_of(sample) + "', value: " + number(value) + "}\n";
    }
    if (has_nan) continue;
    ++without_nan;
    const std::string asked = is_computed ? "round((" + std::string(query) + ") * 1e9)" : query;
    text += "      - expr: '" + asked + "'\n        eval_time: 20m\n" +
            (expected.empty() ? "        exp_samples: []\n" : "        exp_samples:\n" + expected);
  }
  CHECK(without_nan >= 40);
  const auto run = testing::promtool({"test", "rules"}, text);
  CHECK(run.exit_code == 0);
  if (run.exit_code != 0) MESSAGE(run.output);
}

TEST_CASE("the simulated Prometheus scrapes on virtual time and answers as the real one") {
  core::SimulatedWorld world(3);
  core::World parts = world.world();
  SimulatedPrometheus prometheus(parts);
  int requests = 0;
  bool is_up = true;
  prometheus.add_target("gateway", "127.0.0.1:15020", [&]() -> Result<std::string> {
    if (!is_up) return fail(Code::unavailable, "refused");
    requests += 10;
    return "requests_total{version=\"v1\"} " + std::to_string(requests) + "\n";
  });
  prometheus.start();
  world.run_for(std::chrono::seconds(60));
  std::optional<double> rate, up;
  prometheus.query("sum(rate(requests_total[30s]))",
                   [&](Result<core::doc::Value> answer) { rate = single_number(*answer); });
  world.run_for(std::chrono::seconds(1));
  CHECK(rate.value_or(0) == doctest::Approx(5));
  is_up = false;
  world.run_for(std::chrono::minutes(6));
  rate.reset();
  prometheus.query("requests_total", [&](Result<core::doc::Value> answer) { rate = single_number(*answer); });
  prometheus.query("up", [&](Result<core::doc::Value> answer) { up = single_number(*answer); });
  world.run_for(std::chrono::seconds(1));
  CHECK(!rate.has_value());
  CHECK(up == 0);
}
