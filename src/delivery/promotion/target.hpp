#pragma once
// What a promotion waits for after it applied its manifests: a Rollout of that revision, or an LLMDeployment. Pure.

#include <optional>
#include <string>

#include "core/time.hpp"
#include "objects/object.hpp"

namespace slipway::delivery::promotion {

enum class TargetState { waiting, ready, rolled_back, failed };
struct TargetView {
  TargetState state = TargetState::waiting;
  std::string message;
};

// `hash` is the revision that was applied; `workload_hash` the one that the template has now (another promotion or a
// person may have changed it: then this one has failed). After a rollback the canary's last requests are still being
// counted: the promotion ends when the verdict has them, or after a while without.
TargetView judge_rollout(const objects::Object& rollout, const std::string& hash, const std::string& workload_hash,
                         core::Time now);
// Ready within `deadline` of `since`, else failed.
TargetView judge_deployment(const objects::Object& deployment, core::Time since, core::Duration deadline,
                            core::Time now);

}  // namespace slipway::delivery::promotion
