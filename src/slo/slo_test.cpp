#include "slo/slo.hpp"

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "objects/kinds.hpp"
#include "slo/budget.hpp"
#include "slo/objective.hpp"
#include "slo/prometheus.hpp"
#include "slo/promql/simulated.hpp"
#include "slo/rules.hpp"
#include "slo/testing.hpp"
#include "slo/traffic.hpp"
#include "support/stores.hpp"

using namespace slipway;
using namespace slipway::slo;
namespace kinds = objects::kinds;

namespace {
std::string slo_yaml(const std::string& indicator, const std::string& more = "") {
  return R"(
apiVersion: openslo/v1
kind: SLO
metadata: {name: availability}
spec:
  service: chat
  indicator: {spec: {ratioMetric: )" +
         indicator + R"(}}
  timeWindow: [{duration: 1h, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: answered, target: 0.99}]
)" + more;
}
const char* const by_bad =
    "{counter: true, bad: {metricSource: {type: Prometheus, spec: {query: "
    "'istio_requests_total{response_code=~\"5..\"}'}}},"
    " total: {metricSource: {type: Prometheus, spec: {query: istio_requests_total}}}}";
const char* const by_good =
    "{counter: true, good: {metricSource: {type: Prometheus, spec: {query: "
    "'istio_requests_total{response_code!~\"5..\"}'}}},"
    " total: {metricSource: {type: Prometheus, spec: {query: istio_requests_total}}}}";
const char* const by_expression =
    "{counter: true, good: {metricSource: {type: Prometheus, spec: {query: "
    "'sum(rate(istio_requests_total{response_code!~\"5..\"}[{{.window}}]))'}}},"
    " total: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(istio_requests_total[{{.window}}]))'}}}}";

objects::Object object_of(const std::string& yaml) {
  auto parsed = objects::parse_manifest(yaml, "slo.yaml");
  REQUIRE(parsed.has_value());
  return parsed->front();
}
struct Events final : core::EventSink {
  std::vector<core::Event> all;
  void record(core::Event event) override { all.push_back(std::move(event)); }
};
}  // namespace

TEST_CASE("the error budget is event-weighted, and no data is not zero") {
  CHECK(budget(990, 1000, 0.99).consumed.value() == doctest::Approx(1));  // SLI at target: all of it, not none
  CHECK(budget(990, 1000, 0.99).state == State::exhausted);
  CHECK(budget(995, 1000, 0.99).remaining.value() == doctest::Approx(0.5));
  CHECK(budget(1000, 1000, 0.99).state == State::ok);
  CHECK(budget(900, 1000, 0.99).remaining.value() == doctest::Approx(-9));
  CHECK(budget(0, 0, 0.99).state == State::no_data);
  CHECK(budget(std::nullopt, 10, 0.99).state == State::no_data);
  CHECK(budget(std::nan(""), 10, 0.99).state == State::no_data);
  CHECK(!budget(0, 0, 0.99).sli.has_value());
  CHECK(burn_rate(0.144, 0.99).value() == doctest::Approx(14.4));
  CHECK(!burn_rate(std::nan(""), 0.99).has_value());
}

TEST_CASE("burn-rate windows are the workbook's, and stay usable for short ones") {
  const auto month = burn_alerts(std::chrono::hours(30 * 24));
  const double factors[] = {14.4, 6, 3, 1};
  const int longs[] = {1, 6, 24, 72};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(month[i].factor == doctest::Approx(factors[i]));
    CHECK(month[i].long_window == std::chrono::hours(longs[i]));
  }
  CHECK(month[0].short_window == std::chrono::minutes(5));
  CHECK(burn_alerts(std::chrono::hours(28 * 24))[0].factor == doctest::Approx(13.44));
  for (const auto window : {std::chrono::minutes(5), std::chrono::minutes(60), std::chrono::minutes(60 * 24)}) {
    for (const auto& alert : burn_alerts(window)) {
      CHECK(alert.long_window >= std::chrono::minutes(1));
      CHECK(alert.short_window >= std::chrono::seconds(30));
      CHECK(alert.short_window < alert.long_window);
      CHECK(alert.factor >= 1);
    }
  }
}

TEST_CASE("an OpenSLO file is read strictly") {
  const auto problem = [](const std::string& yaml) {
    const auto objectives = parse_objectives(object_of(yaml));
    return objectives ? std::string() : objectives.error().render();
  };
  CHECK(problem(slo_yaml(by_bad)) == "");
  CHECK(problem(slo_yaml(by_good)) == "");
  CHECK(problem(slo_yaml(by_expression)) == "");
  CHECK(problem(slo_yaml("{counter: true, total: {metricSource: {spec: {query: x}}}}"))
            .find("needs either good or bad") != std::string::npos);
  CHECK(problem(slo_yaml("{counter: true, bad: {metricSource: {spec: {query: 'sum(x)'}}}, total: {metricSource: {spec: "
                         "{query: x}}}}"))
            .find("{{.window}}") != std::string::npos);
  std::string percent = slo_yaml(by_bad);
  percent.replace(percent.find("0.99"), 4, "99");
  CHECK(problem(percent).find("write 0.99 for 99 %") != std::string::npos);
}

TEST_CASE("the rules have Sloth's names and promtool accepts them") {
  std::vector<Objective> objectives = *parse_objectives(object_of(slo_yaml(by_bad)));
  Objective month = (*parse_objectives(object_of(slo_yaml(by_good)))).front();
  month.id = "chat-month";
  month.name = "month";
  month.window = std::chrono::hours(30 * 24);
  objectives.push_back(month);
  Objective expression = (*parse_objectives(object_of(slo_yaml(by_expression)))).front();
  expression.id = "chat-expression";
  expression.name = "expression";
  objectives.push_back(expression);
  const std::string rules = render_rules(objectives);
  for (const char* name :
       {"slo:sli_error:ratio_rate5m", "slo:sli_error:ratio_rate30d", "slo:sli_error:ratio_rate3d",
        "slo:objective:ratio", "slo:error_budget:ratio", "slo:time_period:days", "slo:current_burn_rate:ratio",
        "slo:period_burn_rate:ratio", "slo:period_error_budget_remaining:ratio", "sloth_slo_info",
        "sloth-slo-sli-recordings-chat-availability", "sloth-slo-meta-recordings-chat-month",
        "sloth-slo-alerts-chat-expression", "sloth_severity: page", "ChatAvailabilityHighBurnRate"}) {
    CAPTURE(name);
    CHECK(rules.find(name) != std::string::npos);
  }
  if (!testing::has_promtool()) return;
  const auto checked = testing::promtool({"check", "rules"}, rules);
  CHECK(checked.exit_code == 0);
  CHECK(testing::promtool({"check", "rules"}, render_rules({})).exit_code == 0);
  if (checked.exit_code != 0) MESSAGE(checked.output << rules);
}

TEST_CASE("the configuration is accepted by promtool, and Prometheus listens on loopback only") {
  PrometheusOptions options;
  options.directory = "/data/prometheus";
  options.jobs = {{"gateway", {"127.0.0.1:15020"}, "/metrics", {}},
                  {"models", {"127.0.0.2:8080", "127.0.0.3:8080"}, "/metrics", {{"tier", "canary"}}}};
  const auto argv = prometheus_argv(options);
  CHECK(std::find(argv.begin(), argv.end(), "--web.listen-address=127.0.0.1:9090") != argv.end());
  if (!testing::has_promtool()) return;
  const auto checked = testing::promtool({"check", "config", "--syntax-only"}, render_prometheus_config(options));
  CHECK(checked.exit_code == 0);
  if (checked.exit_code != 0) MESSAGE(checked.output);
}

namespace {
struct House {
  core::SimulatedWorld world{5};
  core::World parts = world.world();
  support::StoreUnderTest place;
  std::unique_ptr<objects::Store> store = place.open();
  Events events;
  promql::SimulatedPrometheus prometheus{parts};
  Slo slo{parts, *store, prometheus, events};
  double good = 0, bad = 0, good_rate = 0, bad_rate = 0;
  bool has_traffic = false;

  explicit House(const char* indicator, const support::StoreEntry& entry = support::in_memory())
      : place(entry, world, {}) {
    prometheus.add_target("gateway", "g", [this]() -> Result<std::string> {
      good += good_rate;
      bad += bad_rate;
      if (!has_traffic) return std::string();
      std::string text =
          "istio_requests_total{destination_version=\"v1\",destination_service_namespace=\"p\",response_code=\"200\"}"
          " " +
          std::to_string(good) + "\n";
      if (bad > 0)
        text +=
            "istio_requests_total{destination_version=\"v2\",destination_service_namespace=\"p\",response_code=\"503\"}"
            " " +
            std::to_string(bad) + "\n";
      return text;
    });
    prometheus.start();
    REQUIRE(store->apply(object_of(slo_yaml(indicator))).has_value());
    REQUIRE(slo.start().has_value());
  }
  void run(int seconds) { world.run_for(std::chrono::seconds(seconds)); }
  core::doc::Value status() {
    const auto all = store->list(kinds::slo);
    return all->items.front().status();
  }
  std::string state() { return status()["state"].string_or(""); }
};
}  // namespace

TEST_CASE_ON_EVERY_STORE(support::OnStore, "an SLO goes from no data to ok, burning and exhausted, and says so") {
  for (const char* indicator : {by_bad, by_good, by_expression}) {
    CAPTURE(indicator);
    House house(indicator, store);
    house.run(20);
    CHECK(house.state() == "no-data");
    CHECK(house.status()["sli"].is_null());
    CHECK(house.status()["message"].string_or("") == "no request in the last 1h");
    house.has_traffic = true;
    house.good_rate = 100;
    house.run(60);
    CHECK(house.state() == "ok");
    CHECK(house.status()["budgetRemaining"].double_or(0) == doctest::Approx(1));
    CHECK(house.status()["burnRates"]["5m"].double_or(-1) == doctest::Approx(0));
    house.bad_rate = 30;
    house.run(60);
    CHECK(house.state() == "exhausted");
    CHECK(house.status()["burnRates"]["1h"].double_or(0) > 5);
    CHECK(house.events.all.size() >= 2);
    house.prometheus.set_query_fault([]() -> Result<> { return fail(Code::unavailable, "connection refused"); });
    house.run(20);
    CHECK(house.state() == "no-data");
    CHECK(house.status()["message"].string_or("").find("cannot be measured") != std::string::npos);
  }
}

TEST_CASE_ON_EVERY_STORE(support::OnStore, "a broken SLO says what is wrong in its status") {
  House house(by_bad, store);
  REQUIRE(house.store->apply(object_of(slo_yaml("{counter: false}"))).has_value());
  house.run(10);
  CHECK(house.status()["message"].string_or("").find("invalid: ") == 0);
  CHECK(house.slo.rule_file()->find("groups: []") != std::string::npos);
}

TEST_CASE("the traffic view shows requests, errors and shares by version") {
  House house(by_bad);
  house.has_traffic = true;
  house.good_rate = 18;
  house.bad = 1;
  house.bad_rate = 2;
  house.run(120);
  TrafficView view(house.prometheus, {.window = std::chrono::minutes(1), .step = std::chrono::seconds(5)});
  std::vector<VersionTraffic> traffic;
  view.refresh("p", [&](Result<std::vector<VersionTraffic>> answer) { traffic = *answer; });
  house.run(1);
  REQUIRE(traffic.size() == 2);
  CHECK(traffic[0].version == "v1");
  CHECK(traffic[0].share.value() == doctest::Approx(90));
  CHECK(traffic[0].rps.value() == doctest::Approx(9));
  CHECK(traffic[0].error_rate == 0);
  CHECK(traffic[1].error_rate.value() == doctest::Approx(1));
  CHECK(!traffic[1].ttft_p95.has_value());
  CHECK(traffic[0].series.size() > 5);
  const auto value = to_value(traffic);
  CHECK(value[std::size_t{0}]["ttft"]["p50"].is_null());
  CHECK(value[std::size_t{0}]["series"][std::size_t{0}].size() == 4);
  bool is_error = false;
  house.prometheus.set_query_fault([]() -> Result<> { return fail(Code::unavailable, "refused"); });
  view.refresh("elsewhere", [&](Result<std::vector<VersionTraffic>> answer) { is_error = !answer || answer->empty(); });
  house.run(1);
  CHECK(is_error);
}
