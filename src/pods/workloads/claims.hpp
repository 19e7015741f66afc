#pragma once
// The PersistentVolumeClaims of a StatefulSet's Pods: one for each template, with a name that stays, so that a Pod
// finds its volume again. Not for volumes: whether a claim is bound is somebody else's. Inside the room only.
// https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention

#include <vector>

#include "objects/object.hpp"

namespace slipway::pods::workloads {

inline constexpr objects::Kind claim_kind{"", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"};

// As the Pod of this ordinal wants them, in the order of the templates.
std::vector<objects::Object> claims_of(const objects::Object& set, int ordinal);
// The Pod's volumes of these templates are its claims'.
void mount_claims(const objects::Object& set, int ordinal, objects::Object& pod);

// Who else goes when the set or the Pod does: writes it into the claim's owners, as
// spec.persistentVolumeClaimRetentionPolicy says. `is_surplus`: the Pod is being scaled away. Returns whether anything
// changed. Who controls the claim besides keeps it.
bool settle_owners(const objects::Object& set, const objects::Object& pod, bool is_surplus, objects::Object& claim);
// The claim waits to be collected with a Pod of this name that has gone: a new one must not take it.
bool goes_with_former(const objects::Object& set, const std::string& pod, const objects::Object& claim);

}  // namespace slipway::pods::workloads
