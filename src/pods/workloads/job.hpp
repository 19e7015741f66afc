#pragma once
// The Job controller: runs Pods of its template until enough of them have succeeded, or too many have failed. Not for
// Jobs that another controller manages (spec.managedBy).

#include <map>
#include <set>

#include "objects/controller.hpp"
#include "objects/event_recorder.hpp"
#include "pods/workloads/job_plan.hpp"
#include "pods/workloads/members.hpp"

namespace slipway::pods::workloads {

// Annotation and label of an indexed Job's Pods.
inline constexpr const char* completion_index = "batch.kubernetes.io/job-completion-index";

// What a Job minds of a Pod (Controller::Minded). Pure.
doc::Value minded_by_job(const objects::Object& pod);

class JobReconciler final : public objects::Reconciler {
 public:
  JobReconciler(core::World& world, objects::Store& store)
      : world_(world), store_(store), events_(world, store, "job-controller") {}
  Result<objects::Outcome> reconcile(const objects::Name& name) override;
  // For the controller's watch: the Job whose Pod it is.
  std::vector<objects::Name> job_of(const objects::Object& pod);

 private:
  struct Seen;
  Result<objects::Outcome> keep_running(const objects::Object& job);
  Result<> release_all(const objects::Object& job);
  Result<objects::Outcome> keep_finished(const objects::Object& job);
  Result<objects::Object> write_status(const objects::Object& job, const Seen& seen, const JobWish& wish,
                                       const JobPlan& plan);
  Result<> make(const objects::Object& job, const JobWish& wish, const JobPlan& plan, Seen& seen);

  core::World& world_;
  objects::Store& store_;
  objects::EventRecorder events_;
  struct Failures {
    std::string uid;  // of the Job
    std::map<std::string, Time> times;
  };
  std::map<objects::Name, Failures> failures_;              // of Jobs that go on: JobPlan::failures
  std::map<objects::Name, std::set<std::string>> tracked_;  // names of Pods, by Job, as they were told last
};

bool is_finished_job(const objects::Object& job);       // Complete or Failed
bool is_managed_elsewhere(const objects::Object& job);  // by spec.managedBy

}  // namespace slipway::pods::workloads
