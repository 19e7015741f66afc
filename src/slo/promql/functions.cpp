#include "slo/promql/functions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace slipway::slo::promql {
namespace {

double in_seconds(core::Duration duration) { return std::chrono::duration<double>(duration).count(); }

// promql/functions.go, extrapolatedRate: the window's change is stretched to the window's edges, but not beyond where
// the counter would have been zero, and not over a gap longer than 1.1 scrape intervals.
std::optional<double> extrapolated(const std::vector<Point>& points, core::Time start, core::Time end, bool is_counter,
                                   bool is_rate) {
  if (points.size() < 2) return std::nullopt;
  double change = points.back().value - points.front().value;
  if (is_counter) {
    for (std::size_t i = 1; i < points.size(); ++i) {
      if (points[i].value < points[i - 1].value) change += points[i - 1].value;
    }
  }
  double to_start = in_seconds(points.front().time - start);
  const double to_end = in_seconds(end - points.back().time);
  const double sampled = in_seconds(points.back().time - points.front().time);
  const double average = sampled / static_cast<double>(points.size() - 1);
  if (is_counter && change > 0 && points.front().value >= 0)
    to_start = std::min(to_start, sampled * (points.front().value / change));
  double covered = sampled;
  covered += to_start < average * 1.1 ? to_start : average / 2;
  covered += to_end < average * 1.1 ? to_end : average / 2;
  double factor = covered / sampled;
  if (is_rate) factor /= in_seconds(end - start);
  return change * factor;
}

std::optional<double> instant_rate(const std::vector<Point>& points) {
  if (points.size() < 2) return std::nullopt;
  const Point &last = points.back(), &before = points[points.size() - 2];
  const double change = last.value < before.value ? last.value : last.value - before.value;
  return change / in_seconds(last.time - before.time);
}
}  // namespace

std::optional<double> over_range(std::string_view function, const std::vector<Point>& points, core::Time start,
                                 core::Time end) {
  if (function == "rate") return extrapolated(points, start, end, true, true);
  if (function == "increase") return extrapolated(points, start, end, true, false);
  if (function == "delta") return extrapolated(points, start, end, false, false);
  if (function == "irate") return instant_rate(points);
  if (points.empty()) return std::nullopt;
  if (function == "last_over_time") return points.back().value;
  if (function == "count_over_time") return static_cast<double>(points.size());
  double sum = 0, least = points.front().value, most = least, resets = 0, previous = least;
  for (const auto& point : points) {
    sum += point.value;
    least = std::fmin(least, point.value);
    most = std::fmax(most, point.value);
    if (point.value < previous) ++resets;
    previous = point.value;
  }
  if (function == "sum_over_time") return sum;
  if (function == "avg_over_time") return sum / static_cast<double>(points.size());
  if (function == "min_over_time") return least;
  if (function == "max_over_time") return most;
  if (function == "resets") return resets;
  return std::nullopt;
}

double histogram_quantile(double q, std::vector<std::pair<double, double>> buckets) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  if (std::isnan(q)) return none;
  if (q < 0) return -infinity;
  if (q > 1) return infinity;
  std::sort(buckets.begin(), buckets.end());
  if (buckets.size() < 2 || !std::isinf(buckets.back().first)) return none;
  for (std::size_t i = 1; i < buckets.size(); ++i)
    buckets[i].second = std::max(buckets[i].second, buckets[i - 1].second);
  const double observations = buckets.back().second;
  if (!(observations > 0)) return none;
  const double rank = q * observations;
  std::size_t at = 0;
  while (at + 1 < buckets.size() && buckets[at].second < rank) ++at;
  if (at + 1 == buckets.size()) return buckets[buckets.size() - 2].first;
  if (at == 0 && buckets[0].first <= 0) return buckets[0].first;
  const double low = at == 0 ? 0 : buckets[at - 1].first;
  const double before = at == 0 ? 0 : buckets[at - 1].second;
  const double count = buckets[at].second - before;
  return low + (buckets[at].first - low) * ((rank - before) / count);
}

double of_number(std::string_view function, double x) {
  if (function == "abs") return std::fabs(x);
  if (function == "ceil") return std::ceil(x);
  if (function == "floor") return std::floor(x);
  if (function == "round") return std::floor(x + 0.5);
  if (function == "exp") return std::exp(x);
  return x > 0 ? 1 : x < 0 ? -1 : x;  // sgn
}

}  // namespace slipway::slo::promql
