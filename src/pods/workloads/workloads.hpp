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

// Whose controllers are there already.
enum class Beside : std::uint8_t {
  nobody,
  bare_cluster,  // it has none of workloads, and takes no Endpoints with addresses of 127/8
  cluster,       // it has all but those of the EndpointSlices of Pods here: its own write no such addresses
};

class Workloads {
 public:
  Workloads(core::World& world, objects::Store& store, UsageOf usage_of);
  Result<> start(Beside beside = Beside::nobody);
  void stop();  // no reconcile after this

 private:
  void add_makers_of_pods();
  void add_older_endpoints();
  objects::Controller& add(std::string name, objects::Reconciler& reconciler);
  // What it owns wakes it, and what it might adopt.
  void add_owner_of(const objects::Kind& kind, const objects::Kind& owner, objects::Controller& controller,
                    const objects::Controller::Minded& minded = {});

  core::World& world_;
  objects::Store& store_;
  bool may_rest_ = false;
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
