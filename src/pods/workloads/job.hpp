#pragma once
// The Job controller: runs Pods of its template until enough of them have succeeded, or too many have failed. Not for
// Jobs that another controller manages (spec.managedBy).

#include "objects/controller.hpp"
#include "objects/event_recorder.hpp"
#include "pods/workloads/job_plan.hpp"
#include "pods/workloads/members.hpp"

namespace slipway::pods::workloads {

// Annotation and label of an indexed Job's Pods.
inline constexpr const char* completion_index = "batch.kubernetes.io/job-completion-index";

class JobReconciler final : public objects::Reconciler {
 public:
  JobReconciler(core::World& world, objects::Store& store)
      : world_(world), store_(store), events_(world, store, "job-controller") {}
  Result<objects::Outcome> reconcile(const objects::Name& name) override;

 private:
  struct Seen;
  Result<objects::Outcome> keep_finished(const objects::Object& job);
  Result<objects::Object> write_status(const objects::Object& job, const Seen& seen, const JobWish& wish,
                                       const JobPlan& plan);
  Result<> act(const objects::Object& job, const JobWish& wish, const JobPlan& plan);

  core::World& world_;
  objects::Store& store_;
  objects::EventRecorder events_;
  std::map<std::string, std::map<std::string, Time>> failures_;  // of Jobs that go on, by uid: JobPlan::failures
};

bool is_finished_job(const objects::Object& job);       // Complete or Failed
bool is_managed_elsewhere(const objects::Object& job);  // by spec.managedBy

}  // namespace slipway::pods::workloads
