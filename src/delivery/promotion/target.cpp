#include "delivery/promotion/target.hpp"

namespace slipway::delivery::promotion {

namespace {

// Metrics are scraped every few seconds; what the canary did last shows up that much later.
constexpr core::Duration counts_settle = std::chrono::seconds(5);
constexpr core::Duration counts_give_up = std::chrono::seconds(15);

std::optional<core::Time> time_of(const core::doc::Value& value) {
  auto time = core::parse_rfc3339(value.string_or(""));
  return time ? std::optional(*time) : std::nullopt;
}

bool is_still_counting(const core::doc::Value& ours, core::Time now) {
  const auto finished = time_of(ours["finishedAt"]);
  if (!finished || !ours["evidence"].is_object() || now >= *finished + counts_give_up) return false;
  const auto measured = time_of(ours["evidence"]["measuredAt"]);
  return !measured || *measured < *finished + counts_settle;
}

}  // namespace

TargetView judge_rollout(const objects::Object& rollout, const std::string& hash, const std::string& workload_hash,
                         core::Time now) {
  const auto& status = rollout.status();
  const std::string phase = status["phase"].string_or("");
  const std::string message = status["message"].string_or("");
  if (workload_hash != hash)
    return {TargetState::failed, "superseded: " + rollout.text() + " has another template by now"};
  if (rollout.condition_status("InvalidSpec") == "True") return {TargetState::failed, message};
  if (status["currentPodHash"].string_or("") != hash)
    return {TargetState::waiting,
            "waits for " + rollout.text() + " to begin" + (message.empty() ? "" : ": " + message)};
  const std::string verdict = status["slipway"]["verdict"].string_or("");
  if (phase == "Healthy" && status["stableRS"].string_or("") == hash) return {TargetState::ready, verdict};
  if (phase == "Degraded" && status["abort"].bool_or(false)) {
    if (is_still_counting(status["slipway"], now))
      return {TargetState::waiting, "is rolled back; counts its last requests"};
    return {TargetState::rolled_back, verdict.empty() ? message : verdict};
  }
  if (phase == "Degraded") return {TargetState::failed, message};
  return {TargetState::waiting, message};
}

TargetView judge_deployment(const objects::Object& deployment, core::Time since, core::Duration deadline,
                            core::Time now) {
  const auto& status = deployment.status();
  const std::string phase = status["phase"].string_or("Pending");
  const bool is_observed = status["observedGeneration"].int_or(0) >= deployment.generation();
  if (phase == "Ready" && is_observed) return {TargetState::ready, deployment.text() + " is Ready"};
  std::string message = deployment.text() + " is " + (is_observed ? phase : "Pending");
  if (const std::string detail = status["message"].string_or(""); !detail.empty()) message += ": " + detail;
  if (now >= since + deadline)
    return {TargetState::failed, "not Ready within " + core::render_for_people(deadline) + ": " + message};
  return {TargetState::waiting, message};
}

}  // namespace slipway::delivery::promotion
