#pragma once
// Rules of storage that several kinds share: of what asks for it (PersistentVolumeClaims, and the templates of them
// that Pods and StatefulSets hold), of volumes and of what their drivers are told.

#include "objects/validation/at.hpp"

namespace slipway::objects::validation {

void validate_claim_spec(At spec);
void validate_volume_spec(At spec);

void validate_provisioner(At name);
void validate_parameters(At parameters);

}  // namespace slipway::objects::validation
