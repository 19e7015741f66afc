#include "delivery/statistics/intervals.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace slipway::delivery::statistics {
namespace {

template <class Function>
double bisect(double low, double high, Function is_below) {
  for (int i = 0; i < 200 && high - low > 1e-14; ++i) {
    const double middle = (low + high) / 2;
    (is_below(middle) ? low : high) = middle;
  }
  return (low + high) / 2;
}

// Continued fraction of the incomplete beta function by Lentz's method (Numerical Recipes, 6.4).
double beta_fraction(double a, double b, double x) {
  constexpr double tiny = 1e-300;
  double c = 1;
  double d = 1 - (a + b) * x / (a + 1);
  if (std::fabs(d) < tiny) d = tiny;
  d = 1 / d;
  double h = d;
  for (int m = 1; m < 10'000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 + even * d;
    c = 1 + even / c;
    if (std::fabs(d) < tiny) d = tiny;
    if (std::fabs(c) < tiny) c = tiny;
    d = 1 / d;
    h *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + odd * d;
    c = 1 + odd / c;
    if (std::fabs(d) < tiny) d = tiny;
    if (std::fabs(c) < tiny) c = tiny;
    d = 1 / d;
    const double step = d * c;
    h *= step;
    if (std::fabs(step - 1) < 1e-15) break;
  }
  return h;
}

// I_x(a, b), the distribution function of Beta(a, b).
double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double log_front = std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x);
  const double front = std::exp(log_front);
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double beta_quantile(double a, double b, double p) {
  return bisect(0, 1, [&](double x) { return incomplete_beta(a, b, x) < p; });
}
}  // namespace

double normal_quantile(double p) {
  return bisect(-40, 40, [&](double x) { return std::erfc(-x / std::sqrt(2.0)) / 2 < p; });
}

Interval wilson(std::int64_t successes, std::int64_t trials, double alpha) {
  if (trials <= 0) return {0, 1};
  const double n = static_cast<double>(trials);
  const double p = static_cast<double>(successes) / n;
  const double z = normal_quantile(1 - alpha / 2);
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

Interval clopper_pearson(std::int64_t successes, std::int64_t trials, double alpha) {
  if (trials <= 0) return {0, 1};
  const double x = static_cast<double>(successes);
  const double n = static_cast<double>(trials);
  Interval interval;
  interval.low = successes == 0 ? 0 : beta_quantile(x, n - x + 1, alpha / 2);
  interval.high = successes == trials ? 1 : beta_quantile(x + 1, n - x, 1 - alpha / 2);
  return interval;
}

}  // namespace slipway::delivery::statistics
