#pragma once
// Asks a Prometheus. The real one over HTTP, or promql/simulated.hpp's in tests and rehearsals.

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/doc.hpp"
#include "core/world/world.hpp"

namespace slipway::slo {

class PrometheusQuery {
 public:
  using Done = std::move_only_function<void(Result<core::doc::Value>)>;
  virtual ~PrometheusQuery() = default;
  // Instant query, now. `done` runs on the control loop, once, never inside this call, with the whole answer of
  // /api/v1/query: {"status":"success","data":{"resultType":"vector","result":[...]}}.
  virtual void query(std::string promql, Done done) = 0;
  // Range query over the last `window`, a point each `step`: the answer of /api/v1/query_range.
  virtual void query_range(std::string promql, core::Duration window, core::Duration step, Done done) = 0;
};

// `address` ("http://127.0.0.1:9090") is asked for each query; empty: unavailable.
std::unique_ptr<PrometheusQuery> make_prometheus_query(core::World& world, std::function<std::string()> address);

struct Sample {
  std::map<std::string, std::string> labels;
  double value = std::numeric_limits<double>::quiet_NaN();
};
// The samples of an instant answer (a scalar is one sample without labels). invalid_argument for other shapes.
Result<std::vector<Sample>> samples_of(const core::doc::Value& answer);
// The only number of an instant answer; nullopt when there is none, several, or it is NaN: no data.
std::optional<double> single_number(const core::doc::Value& answer);

}  // namespace slipway::slo
