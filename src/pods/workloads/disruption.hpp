#pragma once
// The disruption controller: how many of the Pods that a PodDisruptionBudget selects may go now. Evictions
// (`kubectl drain`) are charged to it by the API, and the scheduler spares whom it protects. Inside the room only.
// https://kubernetes.io/docs/tasks/run-application/configure-pdb/

#include <set>

#include "objects/controller.hpp"
#include "objects/event_recorder.hpp"
#include "pods/workloads/members.hpp"

namespace slipway::pods::workloads {

inline constexpr objects::Kind budget_kind{"policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"};

struct DisruptionCounts {
  int expected = 0, desired = 0;  // Pods, and how many of them must be well
  int healthy = 0;
  int allowed() const { return expected <= 0 ? 0 : std::max(healthy - desired, 0); }
};
// Of a budget's spec; `scale` is how many Pods their controllers want together, `pods` how many there are. Pure.
DisruptionCounts count_expected(const doc::Value& spec, int scale, int pods);

class DisruptionReconciler final : public objects::Reconciler {
 public:
  DisruptionReconciler(core::World& world, objects::Store& store)
      : world_(world), store_(store), events_(world, store, "controllermanager") {}
  Result<objects::Outcome> reconcile(const objects::Name& budget) override;

 private:
  struct Disrupted {
    doc::Object pods;  // that an eviction was granted for, and when
    std::optional<Duration> again;
  };
  Disrupted still_disrupted(const objects::Object& budget, const std::vector<objects::Object>& pods) const;
  Result<int> scale_of(const std::vector<objects::Object>& pods);
  Result<std::optional<objects::Object>> workload_of(const objects::Object& pod);
  Result<> write_status(const objects::Object& budget, const DisruptionCounts& counts, doc::Object disrupted);
  Result<> tell_failure(const objects::Object& budget, const Error& why);

  core::World& world_;
  objects::Store& store_;
  objects::EventRecorder events_;
};

}  // namespace slipway::pods::workloads
