#include "pods/restart.hpp"

#include <algorithm>

namespace slipway::pods {

RestartPolicy restart_policy_of(const objects::Object& pod) {
  const std::string text = pod.spec()["restartPolicy"].string_or("Always");
  if (text == "Never") return RestartPolicy::never;
  return text == "OnFailure" ? RestartPolicy::on_failure : RestartPolicy::always;
}

bool restarts(RestartPolicy policy, int exit_code) {
  return policy == RestartPolicy::always || (policy == RestartPolicy::on_failure && exit_code != 0);
}

Duration Backoff::delay(int crashes) const {
  if (crashes <= 0) return Duration{};
  Duration wait = initial;
  for (int i = 1; i < crashes && wait < longest; ++i) wait *= 2;
  return std::min(wait, longest);
}

bool Backoff::forgives(const ContainerRecord& run) const {
  if (run.reason == "NodeRebooted" || run.reason == "NodeShutdown") return true;
  return run.started_at && run.finished_at && *run.finished_at - *run.started_at >= forgiven_after;
}

Duration remaining(Duration whole, Time since, Time now) {
  return std::clamp(whole - (now - since), Duration{}, whole);
}

}  // namespace slipway::pods
