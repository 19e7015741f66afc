#pragma once
// The finalizer that keeps a Job's Pods until what became of them is counted, and who takes it off those that no Job
// counts any more: of a Job that has gone, or is going, or let go of them. Inside the room only.

#include "objects/controller.hpp"

namespace slipway::pods::workloads {

inline constexpr const char* tracking_finalizer = "batch.kubernetes.io/job-tracking";

// Takes it off; that the Pod has gone already is as good.
Result<> release(objects::Store& store, const objects::Name& pod);

// Looks at Pods, by their names.
class UncountedPods final : public objects::Reconciler {
 public:
  explicit UncountedPods(objects::Store& store) : store_(store) {}
  Result<objects::Outcome> reconcile(const objects::Name& pod) override;
  // The Pod's name when nobody may be counting it: when it lost its Job, or is to end.
  static std::vector<objects::Name> if_in_doubt(const objects::Object& pod);

 private:
  Result<bool> is_counted(const objects::Object& pod);
  objects::Store& store_;
};

}  // namespace slipway::pods::workloads
