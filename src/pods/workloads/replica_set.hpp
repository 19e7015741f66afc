#pragma once
// The ReplicaSet controller: keeps `replicas` Pods of its template, one that has ended replaced by another. The older
// ReplicationController is the same with a plainer selector.

#include "objects/controller.hpp"
#include "objects/event_recorder.hpp"
#include "pods/workloads/members.hpp"

namespace slipway::pods::workloads {

inline constexpr objects::Kind replication_controller_kind{"", "v1", "ReplicationController", "replicationcontrollers"};

class ReplicaSetReconciler final : public objects::Reconciler {
 public:
  // `kind`: one of the two.
  ReplicaSetReconciler(core::World& world, objects::Store& store, const objects::Kind& kind = replica_set_kind)
      : world_(world),
        store_(store),
        kind_(kind),
        events_(world, store, kind == replica_set_kind ? "replicaset-controller" : "replication-controller") {}
  Result<objects::Outcome> reconcile(const objects::Name& name) override;

 private:
  Result<> write_status(const objects::Object& set, const std::vector<PodSeen>& pods, const Result<>& made);
  core::World& world_;
  objects::Store& store_;
  objects::Kind kind_;
  objects::EventRecorder events_;
};

}  // namespace slipway::pods::workloads
