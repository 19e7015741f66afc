#include "delivery/promotion/promotion.hpp"

#include <array>

namespace slipway::delivery::promotion {
using core::doc::Value;

namespace {
constexpr std::array<std::string_view, 10> names{"Pending",    "Gating",     "AwaitingApproval", "Deploying",
                                                 "RollingOut", "Validating", "Succeeded",        "Failed",
                                                 "RolledBack", "Rejected"};
}  // namespace

std::string_view name_of(Phase phase) { return names[static_cast<std::size_t>(phase)]; }

Phase phase_of(const objects::Object& promotion) {
  const std::string text = promotion.status()["phase"].string_or("");
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<Phase>(i);
  }
  return Phase::pending;
}

bool is_finished(Phase phase) { return phase >= Phase::succeeded; }
bool is_active(Phase phase) { return phase != Phase::pending && !is_finished(phase); }

Request request_of(const objects::Object& promotion) {
  const Value& spec = promotion.spec();
  const auto text = [&](std::string_view key) { return spec[key].string_or(""); };
  return {text("model"),  text("version"),  text("environment"), text("repository"),
          text("commit"), text("artifact"), text("requestedBy"), text("reason")};
}

std::optional<core::Time> time_in(const Value& status, std::string_view field) {
  auto time = core::parse_rfc3339(status[field].string_or(""));
  return time ? std::optional(*time) : std::nullopt;
}

void enter(objects::Object& promotion, Phase phase, const std::string& message, core::Time now) {
  Value& status = promotion.status();
  const std::string text = core::render_rfc3339_micro(now);
  if (status["phase"].string_or("") != name_of(phase)) {
    status.set_path("phase", Value(name_of(phase)));
    status.set_path("phaseEnteredAt", Value(text));
  }
  status.set_path("message", Value(message));
  if (is_active(phase) && status["startedAt"].is_null()) status.set_path("startedAt", Value(text));
  if (is_finished(phase) && status["finishedAt"].is_null()) status.set_path("finishedAt", Value(text));
  const char* succeeded = phase == Phase::succeeded ? "True" : is_finished(phase) ? "False" : "Unknown";
  promotion.set_condition("Succeeded", succeeded, name_of(phase), message, now);
}

}  // namespace slipway::delivery::promotion
