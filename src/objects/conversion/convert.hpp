#pragma once
// Convert: an object of a kind that is served in several versions, in another of them. Pure; safe from any thread.

#include "core/doc.hpp"
#include "objects/schema/resource.hpp"

namespace slipway::objects::conversion {

// Whether convert() knows the way, and the two do not only differ by apiVersion.
//   autoscaling/v1 <-> autoscaling/v2 HorizontalPodAutoscaler: what v1 has no field for lives in annotations
//     (autoscaling.alpha.kubernetes.io/metrics, current-metrics, conditions, behavior), as pkg/apis/autoscaling/v1 of
//     kubernetes has it; the v1 form has a target for CPU in percent.
//   v1 Event <-> events.k8s.io/v1 Event: the same fields under other names.
bool is_known(const schema::Resource& from, const schema::Resource& to);

// `object` is whole and valid in `from`; the answer is what a server shows in `to`: its zeros shown and hidden as
// there. Custom resources change apiVersion and nothing else (strategy None). internal when there is no way between the
// two.
Result<doc::Value> convert(doc::Value object, const schema::Resource& from, const schema::Resource& to);

}  // namespace slipway::objects::conversion
