#pragma once
// HorizontalPodAutoscaler in both its versions. Inside of conversion/: convert() is the door.

#include "core/doc.hpp"

namespace slipway::objects::conversion {

// apiVersion is the caller's to set. An annotation that is no JSON is dropped and counts for nothing, as in the server.
doc::Value autoscaler_v1_from_v2(doc::Value v2);
doc::Value autoscaler_v2_from_v1(doc::Value v1);

}  // namespace slipway::objects::conversion
