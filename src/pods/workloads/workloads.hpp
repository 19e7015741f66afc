#pragma once
// The controllers of workloads, started and ended together: Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs,
// CronJobs, HorizontalPodAutoscalers, and the EndpointSlices of Services. Inside the room only.

#include <memory>

#include "pods/workloads/autoscaler.hpp"
#include "pods/workloads/cron_job.hpp"
#include "pods/workloads/daemon_set.hpp"
#include "pods/workloads/deployment.hpp"
#include "pods/workloads/endpoints.hpp"
#include "pods/workloads/job.hpp"
#include "pods/workloads/replica_set.hpp"
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
  objects::Controller& add(std::string name, objects::Reconciler& reconciler);

  core::World& world_;
  objects::Store& store_;
  DeploymentReconciler deployments_;
  ReplicaSetReconciler sets_;
  StatefulSetReconciler stateful_sets_;
  DaemonSetReconciler daemon_sets_;
  JobReconciler jobs_;
  CronJobReconciler cron_jobs_;
  AutoscalerReconciler autoscalers_;
  EndpointsReconciler endpoints_;
  std::vector<std::unique_ptr<objects::Controller>> controllers_;
};

}  // namespace slipway::pods::workloads
