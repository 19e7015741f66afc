#include "delivery/analysis/measurement.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace slipway::delivery::analysis {
namespace {
using core::doc::Array;
using core::doc::Object;
using core::doc::Value;

constexpr std::array<std::string_view, 7> names{"Pending", "Running",      "Successful", "Failed",
                                                "Error",   "Inconclusive", "NoData"};
constexpr std::size_t kept_measurements = 10;
// Prometheus looks back five minutes for a sample; an answer older than that is not about now.
constexpr core::Duration stale_after = std::chrono::minutes(5);

struct Answer {
  Value result;  // an array of numbers, or a number
  bool has_data = false;
  std::string missing;  // why there is none
};

double number_of(const Value& text) {  // Prometheus writes "NaN", "+Inf", "0.97"
  if (text.is_number()) return text.as_double();
  const std::string raw = text.string_or("");
  char* end = nullptr;
  const double value = std::strtod(raw.c_str(), &end);
  return raw.empty() || *end != '\0' ? std::numeric_limits<double>::quiet_NaN() : value;
}

Result<Answer> read(const Value& body, core::Time now) {
  if (body["status"].string_or("") != "success") {
    return fail(Code::unavailable, "Prometheus says: " + body["error"].string_or("no success"));
  }
  const Value& data = body["data"];
  const std::string type = data["resultType"].string_or("");
  Answer answer;
  const double oldest = std::chrono::duration<double>((now - stale_after).time_since_epoch()).count();
  bool is_stale = false;
  const auto take = [&](const Value& sample) {
    is_stale = is_stale || sample[std::size_t{0}].double_or(oldest) < oldest;
    return number_of(sample[std::size_t{1}]);
  };
  if (type == "scalar") {
    const double value = take(data["result"]);
    answer.result = Value(value);
    answer.has_data = !std::isnan(value);
    answer.missing = "the query gave NaN";
  } else if (type == "vector") {
    Array values;
    bool has_number = false;
    const Array none;
    for (const auto& series : data["result"].is_array() ? data["result"].as_array() : none) {
      const double value = take(series["value"]);
      has_number = has_number || !std::isnan(value);
      values.emplace_back(value);
    }
    answer.missing = values.empty() ? "the query gave no series" : "the query gave NaN";
    answer.has_data = has_number;
    answer.result = Value(std::move(values));
  } else {
    return fail(Code::invalid_argument,
                "the query gives a " + (type.empty() ? "result without a type" : type) + ", not a vector or scalar");
  }
  if (answer.has_data && is_stale) {
    answer.has_data = false;
    answer.missing = "the newest sample is older than five minutes";
  }
  return answer;
}

std::string text_of(const Value& result) {
  const auto number = [](double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.6g", value);
    return std::string(text);
  };
  if (result.is_number()) return number(result.as_double());
  std::string text = "[";
  for (std::size_t i = 0; i < result.size(); ++i) text += (i == 0 ? "" : ",") + number(result[i].as_double());
  return text + "]";
}

std::string limit_text(const MetricState& state, std::string_view phase, std::int64_t seen, std::string_view limit_name,
                       std::int64_t limit) {
  return "Metric \"" + state.name + "\" assessed " + std::string(phase) + " due to " + std::string(limit_name) + ": " +
         std::to_string(seen) + " > " + std::to_string(limit);
}

Value time_or_null(const std::optional<core::Time>& time) {
  return time ? Value(core::render_rfc3339_micro(*time)) : Value();
}
std::optional<core::Time> time_from(const Value& value) {
  auto time = core::parse_rfc3339(value.string_or(""));
  return time ? std::optional(*time) : std::nullopt;
}
}  // namespace

std::string_view name_of(Phase phase) { return names[static_cast<std::size_t>(phase)]; }

Phase phase_from(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Phase>(i);
  }
  return Phase::pending;
}

bool is_terminal(Phase phase) {
  return phase == Phase::successful || phase == Phase::failed || phase == Phase::error || phase == Phase::inconclusive;
}

Measurement judge(const Metric& metric, const Result<Value>& answer, core::Time asked_at, core::Time now) {
  Measurement measurement;
  measurement.started_at = asked_at;
  measurement.finished_at = now;
  const auto is = [&](Phase phase, std::string message) {
    measurement.phase = phase;
    measurement.message = std::move(message);
    return measurement;
  };
  if (!answer) return is(Phase::error, answer.error().one_line());
  const auto read_answer = read(*answer, now);
  if (!read_answer) return is(Phase::error, read_answer.error().one_line());
  measurement.value = text_of(read_answer->result);

  if (!read_answer->has_data) {
    if (metric.failure) {
      const auto failure = metric.failure->evaluate(read_answer->result);
      if (failure && *failure) return is(Phase::failed, "failureCondition holds, and " + read_answer->missing);
    }
    return is(Phase::no_data, "no data: " + read_answer->missing);
  }
  if (!metric.success && !metric.failure)
    return is(Phase::inconclusive, "the metric has neither successCondition nor failureCondition");
  if (metric.failure) {
    const auto failure = metric.failure->evaluate(read_answer->result);
    if (!failure) return is(Phase::error, "failureCondition: " + failure.error().one_line());
    if (*failure) return is(Phase::failed, "failureCondition holds");
    if (!metric.success) return is(Phase::successful, "");
  }
  const auto success = metric.success->evaluate(read_answer->result);
  if (!success) return is(Phase::error, "successCondition: " + success.error().one_line());
  if (*success) return is(Phase::successful, "");
  if (metric.failure) return is(Phase::inconclusive, "neither successCondition nor failureCondition holds");
  return is(Phase::failed, "successCondition does not hold");
}

MetricState add(const Metric& metric, MetricState state, Measurement measurement, core::Duration no_data_timeout,
                core::Time started_at) {
  const core::Time now = measurement.finished_at.value_or(started_at);
  state.name = metric.name;
  if (measurement.phase == Phase::error) {
    ++state.error;
    ++state.consecutive_error;
  } else {
    state.consecutive_error = 0;
  }
  if (measurement.phase == Phase::no_data) ++state.no_data;
  if (measurement.phase == Phase::successful) ++state.successful;
  if (measurement.phase == Phase::failed) ++state.failed;
  if (measurement.phase == Phase::inconclusive) ++state.inconclusive;
  if (measurement.phase != Phase::error && measurement.phase != Phase::no_data) {
    ++state.count;
    state.last_data_at = now;
  }
  const std::string why = measurement.message;
  state.measurements.push_back(std::move(measurement));
  if (state.measurements.size() > kept_measurements) state.measurements.erase(state.measurements.begin());

  const core::Time data_since = state.last_data_at.value_or(started_at + metric.initial_delay);
  const bool failures_count = metric.failure_limit >= 0;  // -1: never fails
  state.message = why;
  if (failures_count && state.failed > metric.failure_limit) {
    state.phase = Phase::failed;
    state.message = limit_text(state, "Failed", state.failed, "failed > failureLimit", metric.failure_limit);
  } else if (state.consecutive_error > metric.consecutive_error_limit) {
    state.phase = Phase::error;
    state.message = limit_text(state, "Error", state.consecutive_error, "consecutive errors > consecutiveErrorLimit",
                               metric.consecutive_error_limit) +
                    ": " + why;
  } else if (state.inconclusive > metric.inconclusive_limit) {
    state.phase = Phase::inconclusive;
    state.message = limit_text(state, "Inconclusive", state.inconclusive, "inconclusive > inconclusiveLimit",
                               metric.inconclusive_limit) +
                    ": " + why;
  } else if (metric.count && state.count >= *metric.count) {
    state.phase = state.successful > 0 ? Phase::successful : Phase::inconclusive;
  } else if (now - data_since >= no_data_timeout) {
    state.phase = Phase::inconclusive;
    state.message =
        "Metric \"" + metric.name + "\" has seen no data for " + core::render_for_people(now - data_since) + ": " + why;
  } else {
    state.phase = Phase::running;
  }
  return state;
}

std::optional<core::Time> next_due(const Metric& metric, const MetricState& state, core::Time started_at) {
  if (is_terminal(state.phase)) return std::nullopt;
  if (state.measurements.empty() || !state.measurements.back().finished_at) return started_at + metric.initial_delay;
  // A single measurement without an interval that had no data or an error is repeated like Argo repeats errors: after
  // 10 s.
  const core::Duration interval =
      metric.interval.count() > 0 ? metric.interval : core::Duration(std::chrono::seconds(10));
  return *state.measurements.back().finished_at + interval;
}

MetricState stop(MetricState state) {
  if (is_terminal(state.phase)) return state;
  state.phase = state.successful > 0 ? Phase::successful : Phase::inconclusive;
  state.message = state.successful > 0 ? "stopped" : "stopped before it had seen a success";
  return state;
}

RunPhase run_phase(const std::vector<MetricState>& metrics) {
  for (const Phase worst : {Phase::failed, Phase::error, Phase::inconclusive}) {
    for (const auto& metric : metrics) {
      if (metric.phase == worst) return {worst, metric.message};
    }
  }
  for (const auto& metric : metrics) {
    if (!is_terminal(metric.phase)) return {Phase::running, metric.message};
  }
  return {Phase::successful, ""};
}

bool has_evidence(const std::vector<MetricState>& metrics) {
  for (const auto& metric : metrics) {
    if (metric.successful == 0 || metric.measurements.empty()) return false;
    const Phase latest = metric.measurements.back().phase;
    if (latest == Phase::no_data || latest == Phase::error) return false;
  }
  return !metrics.empty();
}

MetricState state_from_status(const Value& result) {
  MetricState state;
  state.name = result["name"].string_or("");
  state.phase = phase_from(result["phase"].string_or(""));
  state.message = result["message"].string_or("");
  state.count = result["count"].int_or(0);
  state.successful = result["successful"].int_or(0);
  state.failed = result["failed"].int_or(0);
  state.inconclusive = result["inconclusive"].int_or(0);
  state.error = result["error"].int_or(0);
  state.consecutive_error = result["consecutiveError"].int_or(0);
  state.no_data = result["noData"].int_or(0);
  state.last_data_at = time_from(result["lastDataAt"]);
  const Array none;
  for (const auto& raw : result["measurements"].is_array() ? result["measurements"].as_array() : none) {
    Measurement measurement;
    measurement.phase = phase_from(raw["phase"].string_or(""));
    measurement.value = raw["value"].string_or("");
    measurement.message = raw["message"].string_or("");
    measurement.started_at = time_from(raw["startedAt"]);
    measurement.finished_at = time_from(raw["finishedAt"]);
    state.measurements.push_back(std::move(measurement));
  }
  return state;
}

Value status_from_state(const MetricState& state) {
  Array measurements;
  for (const auto& measurement : state.measurements) {
    Object raw{{"phase", Value(name_of(measurement.phase))}, {"value", Value(measurement.value)}};
    if (!measurement.message.empty()) raw.set("message", Value(measurement.message));
    raw.set("startedAt", time_or_null(measurement.started_at));
    raw.set("finishedAt", time_or_null(measurement.finished_at));
    measurements.emplace_back(std::move(raw));
  }
  Object result{{"name", Value(state.name)}, {"phase", Value(name_of(state.phase))}};
  if (!state.message.empty()) result.set("message", Value(state.message));
  result.set("count", Value(state.count));
  result.set("successful", Value(state.successful));
  result.set("failed", Value(state.failed));
  result.set("inconclusive", Value(state.inconclusive));
  result.set("error", Value(state.error));
  result.set("consecutiveError", Value(state.consecutive_error));
  result.set("noData", Value(state.no_data));
  if (state.last_data_at) result.set("lastDataAt", time_or_null(state.last_data_at));
  result.set("measurements", Value(std::move(measurements)));
  return Value(std::move(result));
}

}  // namespace slipway::delivery::analysis
