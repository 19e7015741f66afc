#pragma once
// The StatefulSet controller: Pods with names and claims that stay, made, changed and removed one after the other. Its
// templates are kept as ControllerRevisions.

#include "objects/controller.hpp"
#include "objects/event_recorder.hpp"
#include "pods/workloads/revisions.hpp"
#include "pods/workloads/stateful_set_plan.hpp"

namespace slipway::pods::workloads {

inline constexpr objects::Kind stateful_set_kind{"apps", "v1", "StatefulSet", "statefulsets"};
inline constexpr const char* pod_name_label = "statefulset.kubernetes.io/pod-name";
inline constexpr const char* pod_index_label = "apps.kubernetes.io/pod-index";

class StatefulSetReconciler final : public objects::Reconciler {
 public:
  StatefulSetReconciler(core::World& world, objects::Store& store)
      : world_(world), store_(store), events_(world, store, "statefulset-controller") {}
  Result<objects::Outcome> reconcile(const objects::Name& name) override;

 private:
  struct View;  // what there is of one StatefulSet
  Result<View> view_of(const objects::Object& set);
  Result<> act(const View& view, const StatefulPlan& plan);
  Result<> make_pod(const View& view, const StatefulPlan::New& wanted);
  Result<> wait_for_former(const objects::Object& set, int ordinal, const std::string& pod);
  Result<> make_claims(const objects::Object& set, int ordinal, const std::string& pod);
  Result<> remove_pod(const objects::Object& set, const std::string& pod);
  Result<> mend_identity(const objects::Object& pod);
  Result<> mend_claims(const View& view, const objects::Object& pod, int ordinal);
  Result<> write_status(const View& view);

  core::World& world_;
  objects::Store& store_;
  objects::EventRecorder events_;
};

}  // namespace slipway::pods::workloads
