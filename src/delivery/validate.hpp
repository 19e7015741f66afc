#pragma once
// Whether delivery understands a declaration, without acting on it. Pure. Not for what it refers to: an analysis of an
// unknown name is told by the Rollout that asks for it.

#include "objects/object.hpp"

namespace slipway::delivery {

// All problems of a Rollout, AnalysisTemplate or Environment at once, with positions where its document has them.
// Objects of other kinds pass; that its apiVersion is known is the caller's to check.
Result<> validate(const objects::Object& object);

}  // namespace slipway::delivery
