#pragma once
// Seconds that somebody else wrote (a manifest, a query, a commit) as a Duration. Not for texts: see core/time.hpp.

#include <algorithm>
#include <cstdint>

#include "core/time.hpp"

namespace slipway::core {

// At most a thousand years either way: a Duration counts microseconds, and adding to it must not overflow.
constexpr Duration capped_seconds(std::int64_t seconds) {
  constexpr std::int64_t most = std::int64_t{1000} * 366 * 24 * 60 * 60;
  return std::chrono::seconds(std::clamp(seconds, -most, most));
}

}  // namespace slipway::core
