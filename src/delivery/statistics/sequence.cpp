#include "delivery/statistics/sequence.hpp"

#include <cmath>
#include <cstdio>

namespace slipway::delivery::statistics {
namespace {

double smoothed_variance(const Arm& arm) {
  const double n = static_cast<double>(arm.requests);
  const double p = (static_cast<double>(arm.failures) + 1) / (n + 2);
  return p * (1 - p) / n;
}

std::string percent(double share) {
  char text[32];
  const double value = share * 100;
  std::snprintf(text, sizeof text, "%.1f %%", std::fabs(value) < 0.05 ? 0.0 : value);
  return text;
}
}  // namespace

std::optional<Difference> compare(const Arm& canary, const Arm& stable, const SequenceOptions& options) {
  if (canary.requests <= 0 || stable.requests <= 0) return std::nullopt;
  const double n = static_cast<double>(canary.requests + stable.requests);
  const double s2 = (smoothed_variance(canary) + smoothed_variance(stable)) * n;
  const double log_alpha = std::log(1 / options.alpha);
  const double rho = options.expected_requests * s2 / (2 * log_alpha + std::log(1 + 2 * log_alpha));
  const double v = n * s2;
  Difference difference;
  difference.estimate = canary.share() - stable.share();
  // The denominator is rho * alpha^2 (a product): with a sum the sequence has a type-I error of 98 %.
  difference.half_width = std::sqrt((v + rho) * std::log((v + rho) / (rho * options.alpha * options.alpha))) / n;
  return difference;
}

std::string sentence(const std::string& canary_version, const Arm& canary, const std::string& stable_version,
                     const Arm& stable, const SequenceOptions& options) {
  const std::string canary_name = canary_version.empty() ? "canary" : "canary " + canary_version;
  const std::string stable_name = stable_version.empty() ? "stable" : "stable " + stable_version;
  if (canary.requests == 0) return "no request measured on " + canary_name;
  std::string text =
      canary_name + " fails " + percent(canary.share()) + " of " + std::to_string(canary.requests) + " requests, ";
  if (stable.requests == 0) return text + "no request measured on " + stable_name;
  text += stable_name + " " + percent(stable.share()) + " of " + std::to_string(stable.requests);
  if (const auto difference = compare(canary, stable, options)) {
    text += "; difference " + percent(difference->estimate) + " +- " + percent(difference->half_width);
  }
  return text;
}

}  // namespace slipway::delivery::statistics
