#pragma once
// The metrics of a HorizontalPodAutoscaler: as autoscaling/v2 has them in its fields, and as the annotations of an
// autoscaling/v1 object hold them. Inside of conversion/.

#include "core/doc.hpp"

namespace slipway::objects::conversion {

// An element of spec.metrics, and one of status.currentMetrics; members in the order of the server's texts.
doc::Value annotated_metric_from_v2(const doc::Value& metric);
doc::Value metric_v2_from_annotated(const doc::Value& metric);
doc::Value annotated_status_from_v2(const doc::Value& status);
doc::Value status_v2_from_annotated(const doc::Value& status);

// spec.behavior, whose annotation has the names of Go's fields: {"ScaleUp":{"StabilizationWindowSeconds":0,...}}.
doc::Value annotated_behavior_from_v2(const doc::Value& behavior);
doc::Value behavior_v2_from_annotated(const doc::Value& behavior);  // null when there is nothing in it

}  // namespace slipway::objects::conversion
