#pragma once
// Scale: the part of an object that autoscalers and `kubectl scale` read and write, as an autoscaling/v1 Scale
// document. For Deployment, ReplicaSet and StatefulSet, and for custom resources whose definition has the scale
// subresource. Pure; safe from any thread.

#include "core/doc.hpp"
#include "objects/schema/resource.hpp"

namespace slipway::objects::conversion {

// What GET .../scale answers: name, namespace, uid, resourceVersion and creationTimestamp of the object, its replicas,
// wanted and counted, and the selector of its pods as a text. `spec` is empty for no replicas, as the server has it.
// unimplemented: the kind has no scale. internal, in the server's words: a custom resource without the replicas that
// its definition points to, or with something else there.
Result<doc::Value> scale_of(const doc::Value& object, const schema::Resource& resource);

// `object` with the replicas and the resourceVersion of `scale`, to be written as an update of it: a resourceVersion
// that is not the object's own makes that update a conflict. Replicas that are not there are 0. conflict when `scale`
// has another object's uid; failed_precondition (422 Invalid) for replicas below 0.
Result<doc::Value> with_scale(doc::Value object, const doc::Value& scale, const schema::Resource& resource);

}  // namespace slipway::objects::conversion
