#pragma once
// From Prometheus' answer to a measurement, from measurements to a metric's phase, from metrics to the run's. Pure. The
// rules are Argo Rollouts', except that no data (an empty or NaN answer, a stale sample) is a state of its own: it
// never counts as success, never ends a metric, and too long of it makes the run Inconclusive.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/analysis/spec.hpp"

namespace slipway::delivery::analysis {

enum class Phase {
  pending,
  running,
  successful,
  failed,
  error,
  inconclusive,
  no_data
};  // no_data: of a measurement only
std::string_view name_of(Phase phase);    // "Successful", "NoData"
Phase phase_from(std::string_view name);  // unknown: pending
bool is_terminal(Phase phase);

struct Measurement {
  Phase phase = Phase::no_data;
  std::string value;    // as Argo writes it: "[0.97]"
  std::string message;  // why, when it is not Successful
  std::optional<core::Time> started_at, finished_at;
};

// One answer judged by the metric's conditions. A query that failed is Error; failureCondition may judge missing data
// to be a failure (len(result) == 0), successCondition may not judge it to be a success.
Measurement judge(const Metric& metric, const Result<core::doc::Value>& answer, core::Time asked_at, core::Time now);

// What a run has seen of one metric: a status.metricResults[] element.
struct MetricState {
  std::string name;
  Phase phase = Phase::pending;
  std::string message;
  std::int64_t count = 0;  // measurements with data
  std::int64_t successful = 0, failed = 0, inconclusive = 0, error = 0, consecutive_error = 0, no_data = 0;
  std::optional<core::Time> last_data_at;
  std::vector<Measurement> measurements;  // the last ten
};

MetricState state_from_status(const core::doc::Value& metric_result);
core::doc::Value status_from_state(const MetricState& state);

// Adds the measurement and decides the metric's phase. `started_at` is the run's.
MetricState add(const Metric& metric, MetricState state, Measurement measurement, core::Duration no_data_timeout,
                core::Time started_at);
// When the metric wants its next measurement; nullopt when it is done.
std::optional<core::Time> next_due(const Metric& metric, const MetricState& state, core::Time started_at);
// A run that is told to stop: Successful only on evidence, else Inconclusive.
MetricState stop(MetricState state);

struct RunPhase {
  Phase phase = Phase::running;
  std::string message;
};
// The worst of its metrics decides: Failed, Error, Inconclusive, then Running, then Successful.
RunPhase run_phase(const std::vector<MetricState>& metrics);
// True when each metric has at least one success and its latest measurement had data.
bool has_evidence(const std::vector<MetricState>& metrics);

}  // namespace slipway::delivery::analysis
