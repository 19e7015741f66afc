#include "pods/pod_verdict.hpp"

#include <algorithm>

#include "core/seconds.hpp"

namespace slipway::pods {

std::optional<Verdict> deadline_verdict(const objects::Object& pod, Duration grace, Time now,
                                        std::optional<Duration>& again) {
  const doc::Value& seconds = pod.spec()["activeDeadlineSeconds"];
  if (!seconds.is_int()) return std::nullopt;
  const auto since = core::parse_rfc3339(pod.status()["startTime"].string_or(""));
  const Duration left = core::capped_seconds(seconds.as_int()) - (since ? now - *since : Duration{});
  if (left > Duration{}) {
    again = again ? std::min(*again, left) : left;
    return std::nullopt;
  }
  return Verdict{"DeadlineExceeded", "Pod was active on the node longer than the specified deadline", grace};
}

Verdict eviction_verdict(const std::string& volume, const std::string& limit) {
  return {"Evicted", "Usage of EmptyDir volume \"" + volume + "\" exceeds the limit \"" + limit + "\". ", Duration{}};
}

void render_verdict(objects::Object& pod, const Verdict& verdict) {
  pod.status().at_or_insert("phase") = "Failed";
  pod.status().at_or_insert("reason") = verdict.reason;
  pod.status().at_or_insert("message") = verdict.message;
}

}  // namespace slipway::pods
