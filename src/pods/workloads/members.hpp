#pragma once
// What workload controllers share: a Pod of an owner's template, and which Pods are an owner's. Inside the room only.

#include <vector>

#include "objects/event_recorder.hpp"
#include "pods/workloads/deployment_plan.hpp"

namespace slipway::pods::workloads {

inline constexpr objects::Kind replica_set_kind{"apps", "v1", "ReplicaSet", "replicasets"};
inline constexpr objects::Kind job_kind{"batch", "v1", "Job", "jobs"};

// A Pod of that template, owned by `owner`, with a name of its own that begins with the owner's.
objects::Object pod_of(const objects::Object& owner, const doc::Value& pod_template);

// The Pods of its namespace that it controls. A Pod that nobody controls and that its selector finds becomes its own;
// one that its selector finds no more is let go.
Result<std::vector<objects::Object>> claim_pods(objects::Store& store, const objects::Object& owner);

// As plan_deployment() and plan_replicas() see it; `is_current` is the caller's. `spec` is of the owner, and says how
// long a Pod must be ready.
PodSeen seen_of(const objects::Object& pod, const doc::Value& spec, Time now);

// Says on `owner` that a Pod could not be made, and why. Returns the error, for the controller to try again.
std::unexpected<Error> tell_not_made(objects::EventRecorder& events, const objects::Object& owner, Error why);

}  // namespace slipway::pods::workloads
