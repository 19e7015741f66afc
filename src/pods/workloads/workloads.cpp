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
      replication_controllers_(world, store, replication_controller_kind),
      stateful_sets_(world, store),
      daemon_sets_(world, store),
      jobs_(world, store),
      uncounted_pods_(store),
      cron_jobs_(world, store),
      autoscalers_(world, store, std::move(usage_of)),
      budgets_(world, store),
      endpoints_(store),
      service_endpoints_(store),
      endpoints_mirror_(store) {}

objects::Controller& Workloads::add(std::string name, objects::Reconciler& reconciler) {
  auto controller = std::make_unique<objects::Controller>(world_, store_, std::move(name), reconciler);
  controllers_.push_back(std::move(controller));
  if (may_rest_) controllers_.back()->may_rest();
  return controllers_.back()->in_groups();
}

void Workloads::add_owner_of(const objects::Kind& kind, const objects::Kind& owner, objects::Controller& controller,
                             const objects::Controller::Minded& minded) {
  const Adopters& adopters = *adopters_.emplace_back(std::make_unique<Adopters>(store_, owner));
  const auto adopted_by = [&adopters](const Object& object) { return adopters.of(object); };
  controller.owns(kind, owner, minded).watches(kind, adopted_by, minded);
}

void Workloads::add_makers_of_pods() {
  auto& deployments = add("deployment-controller", deployments_).reconciles(kinds::deployment);
  add_owner_of(replica_set_kind, kinds::deployment, deployments);
  deployments.watches(kinds::pod, [this](const Object& pod) { return deployments_.deployment_of(pod); }, minded_of);
  add_owner_of(kinds::pod, replica_set_kind, add("replicaset-controller", sets_).reconciles(replica_set_kind),
               minded_of);
  add_owner_of(kinds::pod, replication_controller_kind,
               add("replication-controller", replication_controllers_).reconciles(replication_controller_kind),
               minded_of);
  auto& stateful_sets = add("statefulset-controller", stateful_sets_).reconciles(stateful_set_kind);
  add_owner_of(kinds::pod, stateful_set_kind, stateful_sets);
  stateful_sets.owns(controller_revision_kind, stateful_set_kind);
  auto& daemon_sets = add("daemonset-controller", daemon_sets_).reconciles(daemon_set_kind);
  add_owner_of(kinds::pod, daemon_set_kind, daemon_sets);
  daemon_sets.owns(controller_revision_kind, daemon_set_kind).watches(kinds::node, [this](const Object&) {
    return daemon_sets_.all();
  });
  const Adopters& jobs = *adopters_.emplace_back(std::make_unique<Adopters>(store_, job_kind));
  add("job-controller", jobs_)
      .reconciles(job_kind)
      .watches(
          kinds::pod, [this](const Object& pod) { return jobs_.job_of(pod); }, minded_by_job)
      .watches(kinds::pod, [&jobs](const Object& pod) { return jobs.of(pod); }, minded_of);
  add("job-tracking", uncounted_pods_).watches(kinds::pod, UncountedPods::if_in_doubt);
  add("cronjob-controller", cron_jobs_).reconciles(cron_job_kind).owns(job_kind, cron_job_kind);
  add("horizontal-pod-autoscaler", autoscalers_).reconciles(autoscaler_kind);
  const Adopters& protectors = *adopters_.emplace_back(std::make_unique<Adopters>(store_, budget_kind));
  add("disruption-controller", budgets_)
      .reconciles(budget_kind)
      .watches(kinds::pod, [&protectors](const Object& pod) { return protectors.selecting(pod); }, minded_of);
}

void Workloads::add_older_endpoints() {
  add("endpoint-controller", service_endpoints_)
      .reconciles(kinds::service)
      .reconciles(endpoints_kind)
      .watches(kinds::endpoint_slice, service_of_slice);
  add("endpointslicemirroring-controller", endpoints_mirror_)
      .reconciles(kinds::service)
      .reconciles(endpoints_kind)
      .watches(kinds::endpoint_slice, service_of_slice);
}

Result<> Workloads::start(Beside beside) {
  may_rest_ = beside == Beside::nobody;
  if (beside != Beside::cluster) add_makers_of_pods();
  if (beside == Beside::nobody) add_older_endpoints();
  add("endpointslice-controller", endpoints_)
      .watches(kinds::service, [this](const Object& service) { return endpoints_.note(service); })
      .owns(kinds::endpoint_slice, kinds::service)
      .watches(kinds::pod, [this](const Object& pod) { return endpoints_.services_of(pod); }, minded_of_endpoint);
  for (const auto& adopters : adopters_) TRY(adopters->start());
  for (const auto& controller : controllers_) TRY(controller->start());
  return {};
}

void Workloads::stop() {
  controllers_.clear();
  adopters_.clear();
}

}  // namespace slipway::pods::workloads
