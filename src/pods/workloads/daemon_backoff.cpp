#include "pods/workloads/daemon_backoff.hpp"

#include <algorithm>

namespace slipway::pods::workloads {
namespace {

constexpr Duration first_wait = std::chrono::seconds(1);
constexpr Duration longest_wait = std::chrono::minutes(15);

}  // namespace

Duration DaemonBackoff::note_failure(const std::string& place, Time now) {
  forget_old(now);
  const auto found = waits_.find(place);
  if (found == waits_.end()) {
    waits_.emplace(place, Wait{first_wait, now});
    return Duration{};
  }
  auto& [length, since] = found->second;
  if (now < since + length) return since + length - now;
  length = std::min(length * 2, longest_wait);
  since = now;
  return Duration{};
}

void DaemonBackoff::forget_old(Time now) {
  std::erase_if(waits_, [&](const auto& wait) { return now > wait.second.since + 2 * longest_wait; });
}

}  // namespace slipway::pods::workloads
