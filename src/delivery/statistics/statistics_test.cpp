#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "delivery/statistics/intervals.hpp"
#include "delivery/statistics/sequence.hpp"

using namespace slipway::delivery::statistics;

TEST_CASE("the intervals match published values") {
  CHECK(normal_quantile(0.975) == doctest::Approx(1.959964).epsilon(1e-6));
  const Interval w = wilson(19, 20);  // R: binom.confint(19, 20, methods="wilson")
  CHECK(w.low == doctest::Approx(0.7639).epsilon(1e-3));
  CHECK(w.high == doctest::Approx(0.9911).epsilon(1e-3));
  const Interval exact = clopper_pearson(19, 20);  // 20 deployments, 1 failure: "95 %" is 75 to 99.9
  CHECK(exact.low == doctest::Approx(0.7513).epsilon(1e-3));
  CHECK(exact.high == doctest::Approx(0.9987).epsilon(1e-3));
  CHECK(clopper_pearson(0, 10).low == 0);
  CHECK(clopper_pearson(0, 10).high == doctest::Approx(0.3085).epsilon(1e-3));
  CHECK(clopper_pearson(10, 10).high == 1);
  CHECK(wilson(0, 0).high == 1);
}

namespace {
struct Rates {
  double z = 0;
  double sequence = 0;
};
// Two arms looked at after every 100 requests each, up to 20,000 each: how often each method calls a difference.
Rates rejections(double p_stable, double p_canary, int repetitions, unsigned seed) {
  std::mt19937_64 random(seed);
  std::binomial_distribution<std::int64_t> stable_batch(100, p_stable), canary_batch(100, p_canary);
  Rates rates;
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    Arm stable, canary;
    bool z_rejects = false, sequence_rejects = false;
    for (int look = 0; look < 200; ++look) {
      stable.failures += stable_batch(random);
      canary.failures += canary_batch(random);
      stable.requests += 100;
      canary.requests += 100;
      const double n = static_cast<double>(stable.requests);
      const double pooled = (stable.share() + canary.share()) / 2;
      const double error = std::sqrt(2 * pooled * (1 - pooled) / n);
      if (error > 0 && std::fabs(canary.share() - stable.share()) / error > 1.96) z_rejects = true;
      const auto difference = compare(canary, stable, {.alpha = 0.05, .expected_requests = 10'000});
      if (difference->is_worse() || difference->is_better()) sequence_rejects = true;
    }
    rates.z += z_rejects;
    rates.sequence += sequence_rejects;
  }
  rates.z /= repetitions;
  rates.sequence /= repetitions;
  return rates;
}
}  // namespace

TEST_CASE("looking 200 times, the confidence sequence keeps its type-I error and a repeated z-test does not") {
  const Rates same = rejections(0.02, 0.02, 1000, 20261123);
  const double standard_error = std::sqrt(0.05 * 0.95 / 1000);
  CHECK(same.sequence <= 0.05 + 3 * standard_error);
  CHECK(same.sequence <= 0.028 + 3 * std::sqrt(0.028 * 0.972 / 1000));  // the reference table's .028
  CHECK(same.z > 0.35);                                                 // the reference table's .425
}

TEST_CASE("the confidence sequence finds real differences") {
  CHECK(rejections(0.02, 0.025, 400, 7).sequence > 0.55);  // .679 in the reference table
  CHECK(rejections(0.02, 0.03, 400, 7).sequence > 0.98);   // 1.0
}

TEST_CASE("the verdict sentence says on how many requests it rests") {
  const std::string text = sentence("v3", {11, 60}, "v2", {0, 540});
  CHECK(text.starts_with("canary v3 fails 18.3 % of 60 requests, stable v2 0.0 % of 540; difference 18.3 % +- "));
  CHECK(compare({11, 60}, {0, 540})->is_worse());
  CHECK(!compare({0, 60}, {0, 540})->is_worse());
  CHECK(!compare({0, 60}, {0, 540})->is_better());
  CHECK(sentence("v3", {0, 0}, "v2", {0, 540}) == "no request measured on canary v3");
  CHECK(sentence("v3", {0, 9}, "", {0, 0}) == "canary v3 fails 0.0 % of 9 requests, no request measured on stable");
  CHECK(!compare({0, 0}, {0, 10}).has_value());
}
