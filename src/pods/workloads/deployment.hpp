#pragma once
// The Deployment controller: keeps `replicas` Pods of the current template, and changes templates without a gap.
// It makes Pods directly; ReplicaSets (history, rollback) are not kept.

#include "objects/controller.hpp"
#include "pods/workloads/deployment_plan.hpp"

namespace slipway::pods::workloads {

inline constexpr const char* template_hash_label = "pod-template-hash";

class DeploymentReconciler final : public objects::Reconciler {
 public:
  DeploymentReconciler(core::World& world, objects::Store& store) : world_(world), store_(store) {}
  Result<objects::Outcome> reconcile(const objects::Name& name) override;

 private:
  Result<> create_pod(const objects::Object& deployment, const std::string& hash);
  Result<> write_status(const objects::Object& deployment, const DeploymentWish& wish,
                        const std::vector<PodSeen>& pods);

  core::World& world_;
  objects::Store& store_;
};

// The label value of Pods of this template.
std::string template_hash(const doc::Value& pod_template);

}  // namespace slipway::pods::workloads
