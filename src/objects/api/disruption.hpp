#pragma once
// Whether a Pod may be evicted now: what the PodDisruptionBudgets that select it say in their status, as the eviction
// subresource of a Kubernetes API server asks them.

#include "objects/api/context.hpp"

namespace slipway::objects::api {

// 429 TooManyRequests with cause DisruptionBudget when a budget has no disruption left, 500 when two budgets select the
// Pod. A Pod that has ended, or is not there, is nobody's budget. Inside the write queue: the budget is charged with
// the same group as the removal; not at all by a dry run.
Answer<> allow_disruption(Context& context, const Call& call, bool is_dry_run);

}  // namespace slipway::objects::api
