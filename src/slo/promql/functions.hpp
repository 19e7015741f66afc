#pragma once
// The arithmetic of PromQL functions, as in Prometheus 2.42. Pure. Inside of promql/.

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "slo/promql/series.hpp"

namespace slipway::slo::promql {

// rate, increase, delta, irate, resets, *_over_time over the points inside [start, end]; nullopt where Prometheus gives
// no sample.
std::optional<double> over_range(std::string_view function, const std::vector<Point>& points, core::Time start,
                                 core::Time end);

// Of cumulative buckets (upper bound, count), in any order. NaN without a +Inf bucket or without observations.
double histogram_quantile(double q, std::vector<std::pair<double, double>> buckets);

// abs, ceil, floor, round, sgn, exp.
double of_number(std::string_view function, double x);

}  // namespace slipway::slo::promql
