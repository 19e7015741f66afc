#pragma once
// What a Namespace or a definition holds, and has to let go of before it goes itself.
//
// Thread: the control loop only.

#include "objects/backend.hpp"

namespace slipway::objects::controllers {

// Tells every object of a kind to go; in all namespaces when `ns` is empty. Returns how many are there still: their
// finalizers keep them, or they changed just now. Idempotent.
Result<std::int64_t> remove_all(Store& store, Backend& backend, const Kind& kind, const std::string& ns);

}  // namespace slipway::objects::controllers
