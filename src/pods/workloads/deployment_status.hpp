#pragma once
// What a Deployment's status says of its rollout, in the words of Kubernetes: `kubectl rollout status`, Argo CD and
// Helm read them. Pure.
// https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status

#include "objects/object.hpp"
#include "pods/workloads/deployment_plan.hpp"

namespace slipway::pods::workloads {

struct DeploymentSeen {
  std::string current_set;              // its name; empty: the present template waits
  bool is_made = false;                 // just now
  const doc::Value* failure = nullptr;  // a ReplicaFailure condition of one of its sets; null: none
  PodCounts pods;                       // of all sets
  int current = 0;                      // Pods of the current one
  int wanted = 0;                       // replicas of all sets together
  int collisions = 0;
};

// Every Pod is of the present template, and all are available.
bool is_complete(const DeploymentWish& wish, const DeploymentSeen& seen);
// Writes counts and conditions into the status of `deployment`. Returns when to look again: a rollout that does not
// come on fails when spec.progressDeadlineSeconds are over.
std::optional<Duration> render_deployment_status(objects::Object& deployment, const DeploymentWish& wish,
                                                 const DeploymentSeen& seen, Time now);

}  // namespace slipway::pods::workloads
