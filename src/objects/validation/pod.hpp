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

// Writes to /resize and /ephemeralcontainers: `pod` has what these doors let through, and the old rest.
void validate_pod_resize(At pod, At old);
void validate_ephemeral_containers_update(At pod, At old);

// What every write of a Pod must keep to.
void validate_pod_metadata_and_spec(At pod);
void validate_pod_annotation_updates(At annotations, At old);

}  // namespace slipway::objects::validation
