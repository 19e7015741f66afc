#pragma once
// The ReplicaSet controller: keeps `replicas` Pods of its template, one that has ended replaced by another.

#include "objects/controller.hpp"
#include "objects/event_recorder.hpp"
#include "pods/workloads/members.hpp"

namespace slipway::pods::workloads {

class ReplicaSetReconciler final : public objects::Reconciler {
 public:
  ReplicaSetReconciler(core::World& world, objects::Store& store)
      : world_(world), store_(store), events_(world, store, "replicaset-controller") {}
  Result<objects::Outcome> reconcile(const objects::Name& name) override;

 private:
  Result<> write_status(const objects::Object& set, const std::vector<PodSeen>& pods, const Result<>& made);
  core::World& world_;
  objects::Store& store_;
  objects::EventRecorder events_;
};

}  // namespace slipway::pods::workloads
