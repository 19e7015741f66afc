#pragma once
// A small PromQL: what our analysis templates, SLO rules and pages use, evaluated over a SeriesStore, with Prometheus'
// results. It is the Prometheus of the simulated world; in the real world a real one answers. Known: selectors with =
// != =~ !~, ranges, offset; rate, increase, delta, irate, resets, *_over_time of sum, avg, min, max, count;
// histogram_quantile, vector, scalar, time, absent, abs, ceil, floor, round, clamp_min, clamp_max, sgn; sum, avg, min,
// max, count with by/without; arithmetic, comparisons with bool, and, or, unless, on, ignoring, group_left/right.
// Anything else is `unimplemented` with its name.

#include <memory>
#include <string_view>

#include "core/doc.hpp"
#include "slo/promql/series.hpp"

namespace slipway::slo::promql {

struct Node;

// Immutable after parsing; safe from any thread.
class Expression {
 public:
  // invalid_argument with the position, unimplemented for what Prometheus knows and this does not.
  static Result<Expression> parse(std::string_view text);
  const Node& root() const { return *root_; }

 private:
  explicit Expression(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
  std::shared_ptr<const Node> root_;
};

struct Sample {
  Labels labels;
  double value = 0;
};
struct Outcome {
  bool is_scalar = false;
  std::vector<Sample> samples;  // exactly one without labels when is_scalar; ordered by labels
};
// invalid_argument where Prometheus refuses too: wrong types, many-to-many matches.
Result<Outcome> evaluate(const Expression& expression, const SeriesStore& store, core::Time at);

// As /api/v1/query and /api/v1/query_range answer.
core::doc::Value answer_of(const Outcome& outcome, core::Time at);
Result<core::doc::Value> query_range(const Expression& expression, const SeriesStore& store, core::Time from,
                                     core::Time to, core::Duration step);

}  // namespace slipway::slo::promql
