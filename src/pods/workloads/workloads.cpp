#include "pods/workloads/workloads.hpp"

#include "objects/kinds.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using objects::Object;

Workloads::Workloads(core::World& world, objects::Store& store, UsageOf usage_of)
    : world_(world),
      store_(store),
      deployments_(world, store),
      sets_(world, store),
      stateful_sets_(world, store),
      daemon_sets_(world, store),
      jobs_(world, store),
      cron_jobs_(world, store),
      autoscalers_(world, store, std::move(usage_of)),
      endpoints_(store) {}

objects::Controller& Workloads::add(std::string name, objects::Reconciler& reconciler) {
  auto controller = std::make_unique<objects::Controller>(world_, store_, std::move(name), reconciler);
  return controllers_.emplace_back(std::move(controller))->in_groups();
}

void Workloads::add_makers_of_pods() {
  add("deployment-controller", deployments_)
      .reconciles(kinds::deployment)
      .owns(replica_set_kind, kinds::deployment)
      .watches(kinds::pod, [this](const Object& pod) { return deployments_.deployment_of(pod); });
  add("replicaset-controller", sets_).reconciles(replica_set_kind).owns(kinds::pod, replica_set_kind);
  add("statefulset-controller", stateful_sets_)
      .reconciles(stateful_set_kind)
      .owns(kinds::pod, stateful_set_kind)
      .owns(controller_revision_kind, stateful_set_kind);
  add("daemonset-controller", daemon_sets_)
      .reconciles(daemon_set_kind)
      .owns(kinds::pod, daemon_set_kind)
      .owns(controller_revision_kind, daemon_set_kind)
      .watches(kinds::node, [this](const Object&) { return daemon_sets_.all(); });
  add("job-controller", jobs_).reconciles(job_kind).watches(kinds::pod, [this](const Object& pod) {
    return jobs_.job_of(pod);
  });
  add("cronjob-controller", cron_jobs_).reconciles(cron_job_kind).owns(job_kind, cron_job_kind);
  add("horizontal-pod-autoscaler", autoscalers_).reconciles(autoscaler_kind);
}

Result<> Workloads::start(bool only_endpoints) {
  if (!only_endpoints) add_makers_of_pods();
  add("endpointslice-controller", endpoints_)
      .watches(kinds::service, [this](const Object& service) { return endpoints_.note(service); })
      .watches(kinds::pod, [this](const Object& pod) { return endpoints_.services_of(pod); });
  for (const auto& controller : controllers_) TRY(controller->start());
  return {};
}

void Workloads::stop() { controllers_.clear(); }

}  // namespace slipway::pods::workloads
