#include "delivery/rollout/status.hpp"

#include <algorithm>

namespace slipway::delivery::rollout {
namespace {
using core::doc::Array;
using core::doc::Object;
using core::doc::Value;

std::optional<core::Time> time_from(const Value& value) {
  auto time = core::parse_rfc3339(value.string_or(""));
  return time ? std::optional(*time) : std::nullopt;
}
Value time_value(const std::optional<core::Time>& time) {
  return time ? Value(core::render_rfc3339_micro(*time)) : Value();
}

// Instants that Argo's status has no place for: read and written under status.slipway.
struct OwnTime {
  std::string_view key;
  std::optional<core::Time> Progress::* member;
};
constexpr OwnTime own_times[] = {
    {"startedAt", &Progress::started_at},       {"stepEnteredAt", &Progress::step_entered_at},
    {"waitingSince", &Progress::waiting_since}, {"detectedAt", &Progress::detected_at},
    {"restoredAt", &Progress::restored_at},     {"finishedAt", &Progress::finished_at}};

// Absent rather than null, so that clients with optional fields read it.
void put(Value& status, std::string_view path, Value value) {
  Value* parent = &status;
  std::string_view rest = path;
  while (true) {
    const std::size_t end = rest.find('.');
    if (end == std::string_view::npos) break;
    parent = &parent->at_or_insert(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  if (value.is_null() || (value.is_bool() && !value.as_bool())) {
    if (parent->is_object()) parent->as_object().erase(rest);
    return;
  }
  parent->at_or_insert(rest) = std::move(value);
}

Phase phase_from(const std::string& text) {
  for (const Phase phase : {Phase::paused, Phase::healthy, Phase::degraded}) {
    if (name_of(phase) == text) return phase;
  }
  return Phase::progressing;
}

statistics::Arm arm_from(const Value& value) { return {value["failures"].int_or(0), value["requests"].int_or(0)}; }
Value arm_value(const statistics::Arm& arm) {
  return Value(Object{{"requests", Value(arm.requests)}, {"failures", Value(arm.failures)}});
}

std::string version_of(const RolloutView& view, const std::string& hash) {
  const Revision* revision = view.find(hash);
  return revision != nullptr ? revision->version : hash == view.template_hash ? view.template_version : "";
}

void write_conditions(objects::Object& rollout, const Progress& p, core::Time now) {
  const bool is_healthy = p.phase == Phase::healthy;
  rollout.set_condition("Healthy", is_healthy ? "True" : "False", is_healthy ? "RolloutHealthy" : "RolloutNotHealthy",
                        p.message, now);
  rollout.set_condition("Paused", p.phase == Phase::paused ? "True" : "False",
                        p.phase == Phase::paused ? "RolloutPaused" : "RolloutNotPaused", "", now);
  rollout.set_condition("Completed", is_healthy ? "True" : "False",
                        is_healthy ? "RolloutCompleted" : "RolloutNotCompleted", "", now);
  const bool progresses = p.phase != Phase::degraded;
  rollout.set_condition("Progressing", progresses ? "True" : "False",
                        progresses ? "ReplicaSetUpdated" : "RolloutAborted", p.message, now);
}

Value weights_value(const RolloutView& view, const Progress& p) {
  if (!view.traffic.canary_weight) return Value();
  const int canary = *view.traffic.canary_weight;
  return Value(
      Object{{"canary", Value(Object{{"weight", Value(canary)}, {"podTemplateHash", Value(p.current_hash)}})},
             {"stable", Value(Object{{"weight", Value(100 - canary)}, {"podTemplateHash", Value(p.stable_hash)}})}});
}
}  // namespace

Progress progress_from_status(const Value& status) {
  Progress p;
  p.phase = phase_from(status["phase"].string_or(""));
  p.message = status["message"].string_or("");
  p.stable_hash = status["stableRS"].string_or("");
  p.current_hash = status["currentPodHash"].string_or("");
  p.step = static_cast<int>(status["currentStepIndex"].int_or(0));
  p.step_hash = status["currentStepHash"].string_or("");
  p.abort = status["abort"].bool_or(false);
  p.promote_full = status["promoteFull"].bool_or(false);
  p.controller_pause = status["controllerPause"].bool_or(false);
  if (status["pauseConditions"].is_array()) {
    for (const auto& raw : status["pauseConditions"].as_array()) {
      p.pause_conditions.push_back({raw["reason"].string_or(""), time_from(raw["startTime"]).value_or(core::Time{})});
    }
  }
  p.aborted_at = time_from(status["abortedAt"]);
  const Value& ours = status["slipway"];
  p.abort_reason = ours["abortReason"].string_or("");
  p.attempt = static_cast<int>(ours["attempt"].int_or(0));
  p.background_attempt = static_cast<int>(ours["backgroundAttempt"].int_or(0));
  for (const OwnTime& own : own_times) p.*own.member = time_from(ours[own.key]);
  if (ours["steps"].is_array()) {
    for (const auto& raw : ours["steps"].as_array()) {
      p.steps.push_back(
          {static_cast<int>(raw["weight"].int_or(0)), time_from(raw["enteredAt"]).value_or(core::Time{})});
    }
  }
  return p;
}

Evidence evidence_from_status(const Value& status) {
  const Value& raw = status["slipway"]["evidence"];
  Evidence evidence;
  evidence.has_baseline = raw["baseline"].is_object();
  evidence.attempt = static_cast<int>(raw["attempt"].int_or(0));
  evidence.canary_hash = raw["canaryHash"].string_or("");
  evidence.stable_hash = raw["stableHash"].string_or("");
  evidence.canary_version = raw["canaryVersion"].string_or("");
  evidence.stable_version = raw["stableVersion"].string_or("");
  evidence.canary_baseline = arm_from(raw["baseline"]["canary"]);
  evidence.stable_baseline = arm_from(raw["baseline"]["stable"]);
  evidence.canary = arm_from(raw["canary"]);
  evidence.stable = arm_from(raw["stable"]);
  evidence.measured_at = time_from(raw["measuredAt"]);
  return evidence;
}

void write_evidence(objects::Object& rollout, const Evidence& evidence) {
  Value& status = rollout.status();
  if (!evidence.has_baseline) return put(status, "slipway.evidence", Value());
  Object raw{{"attempt", Value(evidence.attempt)},
             {"canaryVersion", Value(evidence.canary_version)},
             {"stableVersion", Value(evidence.stable_version)},
             {"canary", arm_value(evidence.canary)},
             {"stable", arm_value(evidence.stable)}};
  raw.set("baseline", Value(Object{{"canary", arm_value(evidence.canary_baseline)},
                                   {"stable", arm_value(evidence.stable_baseline)}}));
  raw.set("canaryHash", Value(evidence.canary_hash));
  raw.set("stableHash", Value(evidence.stable_hash));
  raw.set("measuredAt", time_value(evidence.measured_at));
  put(status, "slipway.evidence", Value(std::move(raw)));
  const Progress progress = progress_from_status(status);
  put(status, "slipway.verdict",
      Value(verdict(progress, evidence, status["slipway"]["stableVersion"].string_or(""),
                    status["slipway"]["canaryVersion"].string_or(""))));
}

std::string verdict(const Progress& p, const Evidence& evidence, const std::string& stable_version,
                    const std::string& canary_version) {
  const bool is_update = !p.steps.empty() || p.aborted_at;
  if (p.phase == Phase::healthy && !is_update) {
    if (p.restored_at) return "returned to " + stable_version + " before the update was decided";
    return stable_version + " serves all requests; there was nothing to compare it with";
  }
  if (p.stable_hash.empty()) return "HOLD: " + p.message;
  const std::string canary = evidence.canary_version.empty() ? canary_version : evidence.canary_version;
  const std::string stable = evidence.stable_version.empty() ? stable_version : evidence.stable_version;
  const std::string counts = statistics::sentence(canary, evidence.canary, stable, evidence.stable);
  if (p.aborted_at) return counts + (p.restored_at ? ": rolled back" : ": rolling back") + " (" + p.abort_reason + ")";
  if (p.phase == Phase::healthy) return counts + ": promoted";
  const bool is_inconclusive = std::any_of(p.pause_conditions.begin(), p.pause_conditions.end(),
                                           [](const auto& c) { return c.reason == "InconclusiveAnalysisRun"; });
  if (is_inconclusive) return "HOLD: " + p.message;
  if (evidence.canary.requests == 0) return "HOLD: " + (p.steps.empty() ? p.message : counts);
  const auto difference = statistics::compare(evidence.canary, evidence.stable);
  if (difference && difference->is_worse()) return counts + ": the canary is worse so far";
  return counts + ": no harm seen so far";
}

void write_status(objects::Object& rollout, const RolloutView& view, const AnalysisView& analyses,
                  const Decision& decision, const Evidence& evidence, core::Time now) {
  const Progress& p = decision.progress;
  Value& status = rollout.status();
  put(status, "phase", Value(name_of(p.phase)));
  put(status, "message", Value(p.message));
  put(status, "observedGeneration", Value(std::to_string(rollout.generation())));  // a string, as Argo writes it
  put(status, "stableRS", Value(p.stable_hash));
  put(status, "currentPodHash", Value(p.current_hash));
  put(status, "currentStepIndex", Value(p.step));
  put(status, "currentStepHash", Value(p.step_hash));
  put(status, "abort", Value(p.abort));
  put(status, "abortedAt", time_value(p.aborted_at));
  put(status, "promoteFull", Value(p.promote_full));
  put(status, "controllerPause", Value(p.controller_pause));
  Array pauses;
  for (const auto& pause : p.pause_conditions) {
    pauses.emplace_back(Object{{"reason", Value(pause.reason)}, {"startTime", time_value(pause.started_at)}});
  }
  put(status, "pauseConditions", pauses.empty() ? Value() : Value(std::move(pauses)));
  put(status, "canary.weights", weights_value(view, p));
  const AnalysisState* run = decision.analyses.empty() ? nullptr : analyses.find(decision.analyses.back());
  put(status, "canary.currentStepAnalysisRunStatus",
      run == nullptr ? Value()
                     : Value(Object{{"name", Value(run->name)},
                                    {"status", Value(analysis::name_of(run->phase))},
                                    {"message", Value(run->message)}}));
  write_conditions(rollout, p, now);

  if (!evidence.has_baseline) put(status, "slipway.evidence", Value());  // an earlier attempt's
  const bool is_update = !p.stable_hash.empty() && p.current_hash != p.stable_hash;
  put(status, "slipway.stableVersion", Value(version_of(view, p.stable_hash)));
  put(status, "slipway.canaryVersion",
      is_update || p.stable_hash.empty() ? Value(version_of(view, p.current_hash)) : Value());
  put(status, "slipway.abortReason", p.abort_reason.empty() ? Value() : Value(p.abort_reason));
  put(status, "slipway.attempt", Value(p.attempt));
  put(status, "slipway.backgroundAttempt", p.background_attempt == 0 ? Value() : Value(p.background_attempt));
  for (const OwnTime& own : own_times) put(status, "slipway." + std::string(own.key), time_value(p.*own.member));
  Array steps;
  for (const auto& step : p.steps)
    steps.emplace_back(Object{{"weight", Value(step.weight)}, {"enteredAt", time_value(step.entered_at)}});
  put(status, "slipway.steps", Value(std::move(steps)));
  put(status, "slipway.verdict",
      Value(verdict(p, evidence, version_of(view, p.stable_hash), version_of(view, p.current_hash))));
}

}  // namespace slipway::delivery::rollout
