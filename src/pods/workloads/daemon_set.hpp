#pragma once
// The DaemonSet controller: one Pod of its template on each node that its selector and tolerations allow. There is one
// node mostly; charts of agents and exporters ask for it all the same.
// https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/

#include "objects/controller.hpp"
#include "objects/event_recorder.hpp"
#include "pods/workloads/daemon_backoff.hpp"
#include "pods/workloads/daemon_set_plan.hpp"
#include "pods/workloads/revisions.hpp"

namespace slipway::pods::workloads {

inline constexpr objects::Kind daemon_set_kind{"apps", "v1", "DaemonSet", "daemonsets"};

class DaemonSetReconciler final : public objects::Reconciler {
 public:
  DaemonSetReconciler(core::World& world, objects::Store& store)
      : world_(world), store_(store), events_(world, store, "daemonset-controller") {}
  Result<objects::Outcome> reconcile(const objects::Name& name) override;
  std::vector<objects::Name> all();  // a node changed: all are looked at

 private:
  struct View;
  Result<View> view_of(const objects::Object& set);
  void hold_back(View& view, DaemonNode& node);
  void tell_why(const View& view, const std::string& pod);
  Result<> act(const View& view, const DaemonPlan& plan);
  Result<> write_status(const View& view);

  core::World& world_;
  objects::Store& store_;
  objects::EventRecorder events_;
  DaemonBackoff backoff_;
};

}  // namespace slipway::pods::workloads
