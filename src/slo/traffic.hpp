#pragma once
// What each version served over the last minutes, for the page: from the gateway's metrics in Prometheus. Absent
// numbers are no data.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "slo/query.hpp"

namespace slipway::slo {

struct TrafficPoint {
  std::int64_t time = 0;  // unix seconds
  std::optional<double> rps, error_share, ttft_p95;
};
struct VersionTraffic {
  std::string version;
  std::optional<double> requests, errors, rps;  // over the window; rps over its last minute
  std::optional<double> share;                  // percent of all requests in the window
  std::optional<double> error_rate;             // 0 to 1
  std::optional<double> ttft_p50, ttft_p95;     // seconds
  std::vector<TrafficPoint> series;
};
// As docs/internals/api.md shows it under "traffic".
core::doc::Value to_value(const std::vector<VersionTraffic>& traffic);

struct TrafficOptions {
  core::Duration window = std::chrono::minutes(5);
  core::Duration step = std::chrono::seconds(5);
};

class TrafficView {
 public:
  using Done = std::move_only_function<void(Result<std::vector<VersionTraffic>>)>;
  explicit TrafficView(PrometheusQuery& prometheus, TrafficOptions options = {});
  // Of services in namespace `ns` (empty: all), ordered by version. An error only when no question could be answered.
  void refresh(const std::string& ns, Done done);

 private:
  PrometheusQuery& prometheus_;
  TrafficOptions options_;
};

}  // namespace slipway::slo
