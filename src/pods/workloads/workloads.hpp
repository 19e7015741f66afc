#pragma once
// The controllers of workloads, started and ended together: Deployments, ReplicaSets, ReplicationControllers,
// StatefulSets, DaemonSets, Jobs, CronJobs, HorizontalPodAutoscalers, PodDisruptionBudgets, and the EndpointSlices and
// Endpoints of Services. Inside the room only.

#include <memory>

#include "pods/workloads/adopters.hpp"
#include "pods/workloads/autoscaler.hpp"
#include "pods/workloads/cron_job.hpp"
#include "pods/workloads/daemon_set.hpp"
#include "pods/workloads/deployment.hpp"
#include "pods/workloads/disruption.hpp"
#include "pods/workloads/endpoints.hpp"
#include "pods/workloads/endpoints_mirror.hpp"
#include "pods/workloads/job.hpp"
#include "pods/workloads/job_tracking.hpp"
#include "pods/workloads/replica_set.hpp"
#include "pods/workloads/service_endpoints.hpp"
#include "pods/workloads/stateful_set.hpp"

namespace slipway::pods::workloads {

class Workloads {
 public:
  Workloads(core::World& world, objects::Store& store, UsageOf usage_of);
  // Of these the EndpointSlices alone, where a cluster has controllers of the others. (Its own write no addresses of
  // 127/8.)
  Result<> start(bool only_endpoints = false);
  void stop();  // no reconcile after this

 private:
  void add_makers_of_pods();
  void add_older_endpoints();
  objects::Controller& add(std::string name, objects::Reconciler& reconciler);
  // What it owns wakes it, and what it might adopt.
  void add_owner_of(const objects::Kind& kind, const objects::Kind& owner, objects::Controller& controller);

  core::World& world_;
  objects::Store& store_;
  DeploymentReconciler deployments_;
  ReplicaSetReconciler sets_;
  ReplicaSetReconciler replication_controllers_;
  StatefulSetReconciler stateful_sets_;
  DaemonSetReconciler daemon_sets_;
  JobReconciler jobs_;
  UncountedPods uncounted_pods_;
  CronJobReconciler cron_jobs_;
  AutoscalerReconciler autoscalers_;
  DisruptionReconciler budgets_;
  EndpointsReconciler endpoints_;
  ServiceEndpointsReconciler service_endpoints_;
  EndpointsMirrorReconciler endpoints_mirror_;
  std::vector<std::unique_ptr<Adopters>> adopters_;
  std::vector<std::unique_ptr<objects::Controller>> controllers_;
};

}  // namespace slipway::pods::workloads
