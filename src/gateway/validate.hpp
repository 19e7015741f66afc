#pragma once
// Whether the gateway would carry out a rule as it stands, without carrying it out. Pure. Not for what rules do
// together: the Publisher's Report has that.

#include "objects/object.hpp"

namespace slipway::gateway {

// All problems of a Gateway, VirtualService or DestinationRule at once, with positions where its document has them.
// Objects of other kinds pass; that its apiVersion is known is the caller's to check.
Result<> validate(const objects::Object& object);

}  // namespace slipway::gateway
