#pragma once
// Points in time, durations, and the spellings that Kubernetes, Go and Prometheus files use. Pure; reads no clock.

#include <chrono>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace slipway::core {

using Duration = std::chrono::microseconds;
// Wall clock, UTC. May jump; never use differences of it as timeouts.
using Time = std::chrono::sys_time<Duration>;
// Monotonic since an arbitrary start; only differences mean something.
struct Steady {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<Steady, Duration>;
  static constexpr bool is_steady = true;
};
using Instant = Steady::time_point;

std::string render_rfc3339(Time time);        // 2026-11-23T10:00:00Z, whole seconds: Kubernetes metadata
std::string render_rfc3339_micro(Time time);  // 2026-11-23T10:00:00.123456Z: events, audit
Result<Time> parse_rfc3339(std::string_view text);

Result<Duration> parse_go_duration(std::string_view text);          // "1h2m3.5s", "300ms", "0"
Result<Duration> parse_prometheus_duration(std::string_view text);  // "5m", "30d", "1h30m", no fractions
// Kubernetes and Argo files write "30s", 30 or "30": seconds when there is no unit.
Result<Duration> parse_duration(std::string_view text);
std::string render_go_duration(Duration duration);  // "1m30s", "1.5s", "300ms"
// For people: "0.4 s", "12 s", "3 min 20 s".
std::string render_for_people(Duration duration);

}  // namespace slipway::core
namespace slipway {
using core::Duration;
using core::Instant;
using core::Time;
}  // namespace slipway
