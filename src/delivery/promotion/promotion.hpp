#pragma once
// A Promotion's phases, and reading and writing its status. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"
#include "objects/object.hpp"

namespace slipway::delivery::promotion {

enum class Phase {
  pending,
  gating,
  awaiting_approval,
  deploying,
  rolling_out,
  validating,
  succeeded,
  failed,
  rolled_back,
  rejected
};
std::string_view name_of(Phase phase);             // "AwaitingApproval"
Phase phase_of(const objects::Object& promotion);  // an empty status is pending
bool is_finished(Phase phase);
bool is_active(Phase phase);  // started and not finished: the environment is taken

// spec, as the API or a person wrote it.
struct Request {
  std::string model, version, environment, repository, commit, artifact, requested_by, reason;
};
Request request_of(const objects::Object& promotion);

// Sets phase, message, phaseEnteredAt (when the phase changes), startedAt, finishedAt and the Succeeded condition.
void enter(objects::Object& promotion, Phase phase, const std::string& message, core::Time now);
std::optional<core::Time> time_in(const core::doc::Value& status, std::string_view field);

}  // namespace slipway::delivery::promotion
