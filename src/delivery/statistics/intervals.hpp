#pragma once
// Confidence intervals for proportions. Pure; safe from any thread. Not for looking again and again at growing data:
// that is sequence.hpp.

#include <cstdint>

namespace slipway::delivery::statistics {

struct Interval {
  double low = 0;
  double high = 1;
};

// x with P(N(0,1) <= x) = p, p in (0, 1).
double normal_quantile(double p);

// Of `successes` out of `trials` at confidence 1 - alpha; trials == 0 gives [0, 1].
// Wilson (1927): short, its coverage is right on average. Clopper-Pearson (1934): exact, never covers less than 1 -
// alpha.
Interval wilson(std::int64_t successes, std::int64_t trials, double alpha = 0.05);
Interval clopper_pearson(std::int64_t successes, std::int64_t trials, double alpha = 0.05);

}  // namespace slipway::delivery::statistics
