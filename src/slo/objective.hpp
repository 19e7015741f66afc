#pragma once
// What an OpenSLO v1 SLO declares, read strictly. Pure.

#include <string>
#include <vector>

#include "core/time.hpp"
#include "objects/object.hpp"

namespace slipway::slo {

// One of spec.objectives. `good` and `bad`: one of them is given. A query is either a selector of a counter
// (istio_requests_total{response_code!~"5.."}) or an expression with {{.window}} where the range belongs.
struct Objective {
  std::string id;  // "<service>-<name>", with the objective's number when there are several; Sloth's sloth_id
  std::string service;
  std::string name;
  std::string display_name;
  double target = 0;  // 0.99, in (0, 1)
  core::Duration window{0};
  std::string good, bad, total;

  // Events over the last `range`, as PromQL: "sum(increase(...[1h]))".
  std::string total_over(core::Duration range) const;
  // The share of bad events over `range`, event-weighted.
  std::string error_ratio_over(core::Duration range) const;
  std::string bad_over(core::Duration range) const;
};

// All problems at once, with positions.
Result<std::vector<Objective>> parse_objectives(const objects::Object& slo);

// "5m", "30d", "90s": what PromQL accepts and Sloth writes. Whole seconds, at least one.
std::string promql_duration(core::Duration duration);

}  // namespace slipway::slo
