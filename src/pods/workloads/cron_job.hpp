#pragma once
// The CronJob controller: makes a Job for each time of a schedule, named after the minute, and forgets old ones. A
// control plane that was away makes up for the last start that it missed, as startingDeadlineSeconds allows.
// https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/

#include <map>

#include "objects/controller.hpp"
#include "objects/event_recorder.hpp"
#include "pods/workloads/cron_job_plan.hpp"

namespace slipway::pods::workloads {

inline constexpr objects::Kind cron_job_kind{"batch", "v1", "CronJob", "cronjobs"};

class CronJobReconciler final : public objects::Reconciler {
 public:
  CronJobReconciler(core::World& world, objects::Store& store)
      : world_(world), store_(store), events_(world, store, "cronjob-controller") {}
  Result<objects::Outcome> reconcile(const objects::Name& name) override;

 private:
  using Jobs = std::vector<objects::Object>;
  Result<Jobs> jobs_of(const objects::Object& cron_job);
  // `status` of `cron_job` follows what its Jobs are; those that finished long ago go.
  Result<> follow_jobs(objects::Object& cron_job, const Jobs& jobs);
  Result<> forget_finished(objects::Object& cron_job, const Jobs& jobs, std::string_view condition, int kept);
  Result<> remove_job(objects::Object& cron_job, const objects::Object& job);
  std::optional<CronClock> clock_of(const objects::Object& cron_job);  // an Event says why there is none
  Result<TimeZone> zone_of(const std::string& name);
  bool has_new_schedule(const objects::Object& cron_job);
  Result<objects::Outcome> start_when_due(objects::Object& cron_job);
  Result<> start(objects::Object& cron_job, const CronClock& clock, Time due);
  // It, or the one that was made before a crash; nullopt when somebody else has the name.
  Result<std::optional<objects::Object>> make_job(const objects::Object& cron_job, const CronClock& clock, Time due);

  core::World& world_;
  objects::Store& store_;
  objects::EventRecorder events_;
  std::map<objects::Name, std::string> schedules_;  // as they were at the last look
};

}  // namespace slipway::pods::workloads
