#pragma once
// Carries out one action of a decision against the store. Each is idempotent: done twice is done once.

#include "delivery/rollout/next.hpp"
#include "objects/store.hpp"

namespace slipway::delivery::rollout {

Result<> carry_out(objects::Store& store, const objects::Object& rollout, const Spec& spec, const Action& action);

// The value of an analysis argument, from the Rollout as it is; invalid_argument when it has none.
Result<std::string> resolve(const AnalysisArgument& argument, const objects::Object& rollout);

}  // namespace slipway::delivery::rollout
