#pragma once
// What workload controllers share: a Pod of an owner's template, and which objects are an owner's. Inside the room
// only.

#include <functional>
#include <vector>

#include "objects/event_recorder.hpp"
#include "pods/workloads/deployment_plan.hpp"

namespace slipway::pods::workloads {

inline constexpr objects::Kind replica_set_kind{"apps", "v1", "ReplicaSet", "replicasets"};
inline constexpr objects::Kind job_kind{"batch", "v1", "Job", "jobs"};

bool is_controlled(const objects::Object& object);

struct Membership {
  std::function<bool(const objects::Object&)> may_be_its = {};  // what else a member must be; empty: nothing
  std::string_view finalizer = {};                              // that members carry; empty: none
};
// Those of that kind in its namespace that it controls. One that nobody controls and that its selector finds becomes
// its own; one that its selector finds no more is let go.
Result<std::vector<objects::Object>> claim(objects::Store& store, const objects::Kind& kind,
                                           const objects::Object& owner, const Membership& membership = {});
// `owner` controls it from now on, and is deleted after it when it is deleted in the foreground.
void take_control(const objects::Object& owner, objects::Object& object);

// A Pod of that template, which the owner controls, with a generated name that begins with the owner's.
objects::Object pod_of(const objects::Object& owner, const doc::Value& pod_template);

// Makes `count` Pods of its template, at most 500 of them: each makes its controller look again. Their names begin with
// the owner's. An Event tells of each, and why one could not be made.
Result<> make_pods(objects::Store& store, objects::EventRecorder& events, const objects::Object& owner, int count);
Result<> make_pod(objects::Store& store, objects::EventRecorder& events, const objects::Object& owner,
                  objects::Object pod);
// One of its Pods, by name; with an Event.
Result<> remove_pod(objects::Store& store, objects::EventRecorder& events, const objects::Object& owner,
                    const std::string& pod);

// What the controllers mind of a Pod: whose it is, by what labels it is found, and how it is (Controller::Minded).
doc::Value minded_of(const objects::Object& pod);

// As plan_deployment() and plan_replicas() see it; `is_current` is the caller's. `spec` is of the owner, and says how
// long a Pod must be ready.
PodSeen seen_of(const objects::Object& pod, const doc::Value& spec, Time now);

}  // namespace slipway::pods::workloads
