#pragma once
// What an AnalysisTemplate and an AnalysisRun declare: metrics, their queries and conditions, limits, and arguments.
// Pure; reads documents only.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "delivery/analysis/condition.hpp"
#include "objects/object.hpp"

namespace slipway::delivery::analysis {

struct Metric {
  std::string name;
  std::string address;  // "" is the house's own Prometheus
  std::string query;
  std::optional<Condition> success, failure;
  core::Duration interval{0};
  core::Duration initial_delay{0};
  std::optional<std::int64_t> count;  // how many measurements with data end the metric; none: it goes on until stopped
  std::int64_t failure_limit = 0;
  std::int64_t inconclusive_limit = 0;
  std::int64_t consecutive_error_limit = 4;
};

struct Spec {
  std::vector<Metric> metrics;
  bool terminate = false;
  core::Duration no_data_timeout{0};
};

using Arguments = std::map<std::string, std::string>;

// Replaces {{args.name}} in every string of `value`. An argument that has no value is an error that names it.
Result<core::doc::Value> substitute(const core::doc::Value& value, const Arguments& arguments);

// Of an AnalysisRun (or AnalysisTemplate) object: its args are substituted, unknown fields and bad conditions are
// errors with positions. `no_data_timeout` is used unless the annotation slipway.dev/no-data-timeout says otherwise.
Result<Spec> parse_spec(const objects::Object& run, core::Duration no_data_timeout);

// One AnalysisRun spec of several templates: metrics together (equal names are an error), their args filled from
// `arguments`; a declared argument without a value anywhere is an error.
Result<core::doc::Value> merge_templates(const std::vector<objects::Object>& templates, const Arguments& arguments);

}  // namespace slipway::delivery::analysis
