#pragma once
// Strict checks of declared objects, each by the room that owns the kind. What `slipway lint` says of a file and what
// the API refuses are the same thing.

#include "objects/object.hpp"

namespace slipway::server {

// Nothing, or all problems of the object with their positions (when its document has marks). Kinds without a
// check of their own pass.
Result<> validate(const objects::Object& object);

}  // namespace slipway::server
