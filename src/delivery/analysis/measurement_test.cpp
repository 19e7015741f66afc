#include "delivery/analysis/measurement.hpp"

#include <doctest/doctest.h>

using namespace slipway;
using namespace slipway::delivery::analysis;
using core::doc::Value;

namespace {
const core::Time now = *core::parse_rfc3339("2026-11-23T10:00:00Z");

Metric metric_of(const std::string& success, const std::string& failure) {
  Metric metric;
  metric.name = "m";
  metric.query = "q";
  metric.interval = std::chrono::seconds(1);
  metric.count = 3;
  if (!success.empty()) metric.success = *Condition::parse(success);
  if (!failure.empty()) metric.failure = *Condition::parse(failure);
  return metric;
}
Value answer_of(const std::string& result, const std::string& type = "vector") {
  return *core::doc::parse_json(R"({"status":"success","data":{"resultType":")" + type + R"(","result":)" + result +
                                "}}");
}
std::string fresh(const std::string& value) { return R"([{"metric":{},"value":[1795428000,")" + value + R"("]}])"; }
std::string phase(const Metric& metric, const Result<Value>& answer) {
  return std::string(name_of(judge(metric, answer, now, now).phase));
}
}  // namespace

TEST_CASE("a measurement is judged as in Argo, except that no data is its own state") {
  struct Row {
    const char *success, *failure;
    std::string result;
    const char* expected;
  };
  const Row rows[] = {
      {"result[0] >= 0.95", "", fresh("0.97"), "Successful"},
      {"result[0] >= 0.95", "", fresh("0.90"), "Failed"},
      {"", "result[0] < 0.95", fresh("0.97"), "Successful"},
      {"", "result[0] < 0.95", fresh("0.90"), "Failed"},
      {"result[0] >= 0.95", "result[0] < 0.5", fresh("0.9"), "Inconclusive"},
      {"result[0] >= 0.95", "result[0] < 0.5", fresh("0.4"), "Failed"},
      {"", "", fresh("0.97"), "Inconclusive"},
      {"result[0] >= 0.95", "", "[]", "NoData"},
      {"result[0] >= 0.95", "", fresh("NaN"), "NoData"},
      {"", "result[0] > 0.05", fresh("NaN"), "NoData"},  // Argo: Successful, promoted blind
      {"", "result[0] > 0.05", "[]", "NoData"},
      {"isNaN(result[0]) || result[0] >= 0.95", "", fresh("NaN"), "NoData"},  // no data cannot be success
      {"len(result) == 0 || result[0] >= 0.95", "", "[]", "NoData"},
      {"result[0] >= 0.95", "len(result) == 0", "[]", "Failed"},  // but it can be failure
      {"result[0] >= 0.95", "isNaN(result[0])", fresh("NaN"), "Failed"},
      {"result[1] >= 0.95", "", fresh("0.97"), "Error"},
      {"result[0] >= 0.95", "", R"([{"metric":{},"value":[1795420000,"0.97"]}])", "NoData"},  // two hours old
      {"result[0] < 3", "", fresh("+Inf"), "Failed"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.success);
    CAPTURE(row.failure);
    CAPTURE(row.result);
    CHECK(phase(metric_of(row.success, row.failure), answer_of(row.result)) == row.expected);
  }
  CHECK(phase(metric_of("result >= 1", ""), answer_of(R"([1795428000,"2"])", "scalar")) == "Successful");
  CHECK(phase(metric_of("result[0] >= 1", ""), answer_of("[]", "matrix")) == "Error");
  CHECK(phase(metric_of("result[0] >= 1", ""), fail(Code::unavailable, "refused")) == "Error");
  CHECK(phase(metric_of("result[0] >= 1", ""), *core::doc::parse_json(R"({"status":"error","error":"parse error"})")) ==
        "Error");
}

TEST_CASE("a metric ends with enough measurements that had data") {
  struct Row {
    const char* measurements;  // s, f, i, e, n: successful, failed, inconclusive, error, no data
    std::int64_t failure_limit;
    const char* expected;
  };
  const Row rows[] = {
      {"ss", 0, "Running"},        {"sss", 0, "Successful"}, {"sf", 0, "Failed"},        {"sfs", 1, "Successful"},
      {"sff", 1, "Failed"},        {"nnnnn", 0, "Running"},  {"snnss", 0, "Successful"}, {"eeee", 0, "Running"},
      {"eeeee", 0, "Error"},       {"eeeese", 0, "Running"}, {"i", 0, "Inconclusive"},   {"fff", -1, "Inconclusive"},
      {"sfsff", -1, "Successful"}, {"ssn", 0, "Running"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.measurements);
    Metric metric = metric_of("result[0] > 0", "");
    metric.failure_limit = row.failure_limit;
    MetricState state;
    for (const char c : std::string(row.measurements)) {
      Measurement measurement;
      measurement.finished_at = now;
      measurement.phase = c == 's'   ? Phase::successful
                          : c == 'f' ? Phase::failed
                          : c == 'i' ? Phase::inconclusive
                          : c == 'e' ? Phase::error
                                     : Phase::no_data;
      if (!is_terminal(state.phase)) state = add(metric, state, measurement, std::chrono::minutes(5), now);
    }
    CHECK(name_of(state.phase) == row.expected);
    CHECK(state_from_status(status_from_state(state)).count == state.count);
    CHECK(state_from_status(status_from_state(state)).measurements.size() == state.measurements.size());
  }
}

TEST_CASE("too long without data is inconclusive, and a stop is a success only on evidence") {
  const Metric metric = metric_of("result[0] > 0", "");
  Measurement nothing;
  nothing.finished_at = now + std::chrono::minutes(5);
  const MetricState state = add(metric, {}, nothing, std::chrono::minutes(5), now);
  CHECK(state.phase == Phase::inconclusive);
  CHECK(stop({}).phase == Phase::inconclusive);
  MetricState seen;
  seen.successful = 1;
  CHECK(stop(seen).phase == Phase::successful);
}

TEST_CASE("an AnalysisTemplate is read strictly, its arguments are filled in") {
  const auto template_ = objects::parse_manifest(R"(
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: t, namespace: n}
spec:
  args: [{name: revision}, {name: floor, value: "0.9"}]
  metrics:
    - name: success
      interval: 3s
      count: "{{args.count}}"
      successCondition: result[0] >= {{ args.floor }}
      provider: {prometheus: {query: 'x{r="{{args.revision}}"}'}}
)",
                                                 "t.yaml");
  REQUIRE(template_.has_value());
  CHECK(merge_templates(*template_, {}).error().message.find("needs the argument \"revision\"") != std::string::npos);
  auto spec = merge_templates(*template_, {{"revision", "abc"}});
  REQUIRE(spec.has_value());
  objects::Object run = template_->front();
  run.spec() = *spec;
  CHECK(parse_spec(run, std::chrono::minutes(5)).error().message.find("argument \"count\" has no value") !=
        std::string::npos);
  spec->at_or_insert("args").as_array().push_back(*core::doc::parse_json(R"({"name":"count","value":"4"})"));
  run.spec() = *spec;
  const auto parsed = parse_spec(run, std::chrono::minutes(5));
  REQUIRE(parsed.has_value());
  CHECK(parsed->metrics[0].query == "x{r=\"abc\"}");
  CHECK(parsed->metrics[0].count == 4);
  CHECK(*parsed->metrics[0].success->evaluate(Value(core::doc::Array{Value(0.91)})));
}
