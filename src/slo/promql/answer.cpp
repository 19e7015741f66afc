// Outcomes as Prometheus' HTTP API writes them.
#include <charconv>
#include <cmath>

#include "slo/promql/promql.hpp"

namespace slipway::slo::promql {
namespace {
using core::doc::Array;
using core::doc::Object;
using core::doc::Value;

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[64];
  const auto [end, status] = std::to_chars(text, text + sizeof text, value);
  return status == std::errc{} ? std::string(text, end) : "NaN";
}
Value point(core::Time at, double value) {
  return Value(Array{Value(std::chrono::duration<double>(at.time_since_epoch()).count()), Value(number(value))});
}
Value metric(const Labels& labels) {
  Object object;
  for (const auto& [key, value] : labels) object.set(key, Value(value));
  return Value(std::move(object));
}
Value success(std::string_view type, Value result) {
  return Value(Object{{"status", Value("success")},
                      {"data", Value(Object{{"resultType", Value(type)}, {"result", std::move(result)}})}});
}
}  // namespace

Value answer_of(const Outcome& outcome, core::Time at) {
  if (outcome.is_scalar) return success("scalar", point(at, outcome.samples.front().value));
  Array result;
  for (const auto& sample : outcome.samples) {
    result.emplace_back(Object{{"metric", metric(sample.labels)}, {"value", point(at, sample.value)}});
  }
  return success("vector", Value(std::move(result)));
}

Result<Value> query_range(const Expression& expression, const SeriesStore& store, core::Time from, core::Time to,
                          core::Duration step) {
  if (step.count() <= 0 || (to - from) / step > 11'000)
    return fail(Code::invalid_argument, "at most 11000 points a series");
  std::map<Labels, Array> series;
  for (core::Time at = from; at <= to; at += step) {
    TRY_ASSIGN(const Outcome outcome, evaluate(expression, store, at));
    for (const auto& sample : outcome.samples) series[sample.labels].push_back(point(at, sample.value));
  }
  Array result;
  for (auto& [labels, points] : series)
    result.emplace_back(Object{{"metric", metric(labels)}, {"values", Value(std::move(points))}});
  return success("matrix", Value(std::move(result)));
}

}  // namespace slipway::slo::promql
