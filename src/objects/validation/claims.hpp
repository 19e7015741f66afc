#pragma once
// Rules of what asks for storage: PersistentVolumeClaims, and the templates of them that Pods and StatefulSets hold.

#include "objects/validation/at.hpp"

namespace slipway::objects::validation {

void validate_claim_spec(At spec);

}  // namespace slipway::objects::validation
