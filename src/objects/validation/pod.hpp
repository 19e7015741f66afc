#pragma once
// Rules of Pods and of what holds templates of them. Inside of validation.

#include "objects/validation/at.hpp"

namespace slipway::objects::validation {

// A PodSpec. `metadata`: of the Pod, or null in a template.
void validate_pod_spec(At spec, At metadata, bool is_pod);
// A PodTemplateSpec: metadata and spec.
void validate_pod_template(At pod_template);

void validate_pod(At pod);
void validate_pod_update(At pod, At old);
void validate_pod_status(At pod, At old);

}  // namespace slipway::objects::validation
