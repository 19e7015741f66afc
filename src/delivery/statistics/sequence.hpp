#pragma once
// The normal-mixture confidence sequence for the difference of two proportions (Howard et al., arXiv 1810.08240;
// Waudby-Smith et al., eq. 9): an interval that stays valid however often one looks and whenever one stops. It is what
// the verdict sentence of a rollout rests on. Pure; safe from any thread.

#include <cstdint>
#include <optional>
#include <string>

namespace slipway::delivery::statistics {

struct Arm {
  std::int64_t failures = 0;
  std::int64_t requests = 0;
  double share() const { return requests == 0 ? 0 : static_cast<double>(failures) / static_cast<double>(requests); }
  bool operator==(const Arm&) const = default;
};

struct SequenceOptions {
  double alpha = 0.05;
  // Requests of both arms together at which one expects to decide; the sequence is tightest there. Fixed in advance.
  double expected_requests = 500;
};

struct Difference {
  double estimate = 0;    // canary's share of failures minus stable's
  double half_width = 1;  // estimate +- half_width covers the true difference at every look, with probability 1 - alpha
  bool is_worse() const { return estimate - half_width > 0; }
  bool is_better() const { return estimate + half_width < 0; }
};

// nullopt while an arm has no request: no data is not a difference. Variances are those of (x + 1) / (n + 2), so that
// an arm without failures is not taken for certain.
std::optional<Difference> compare(const Arm& canary, const Arm& stable, const SequenceOptions& options = {});

// "canary v2 fails 18.3 % of 60 requests, stable v1 0.0 % of 540; difference 18.3 % +- 9.9 %". Says what is missing
// when an arm has no data.
std::string sentence(const std::string& canary_version, const Arm& canary, const std::string& stable_version,
                     const Arm& stable, const SequenceOptions& options = {});

}  // namespace slipway::delivery::statistics
