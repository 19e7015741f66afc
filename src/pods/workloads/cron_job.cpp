#include "pods/workloads/cron_job.hpp"

#include <algorithm>

#include "core/seconds.hpp"
#include "pods/workloads/job.hpp"

namespace slipway::pods::workloads {

using objects::Object;
using objects::Outcome;

namespace {

constexpr const char* zones_directory = "/usr/share/zoneinfo/";
constexpr const char* scheduled_at = "batch.kubernetes.io/cronjob-scheduled-timestamp";

doc::Array active_of(const Object& cron_job) {
  const doc::Value& active = cron_job.status()["active"];
  return active.is_array() ? active.as_array() : doc::Array{};
}

bool is_listed(const Object& cron_job, std::string_view field, const std::string& value) {
  const auto active = active_of(cron_job);
  return std::ranges::any_of(active, [&](const doc::Value& job) { return job[field].string_or("") == value; });
}

void set_active(Object& cron_job, doc::Array active) {
  if (!active.empty()) {
    cron_job.status().at_or_insert("active") = std::move(active);
  } else if (cron_job.status().is_object()) {
    cron_job.status().as_object().erase("active");
  }
}

void drop_active(Object& cron_job, const std::string& uid) {
  auto active = active_of(cron_job);
  std::erase_if(active, [&](const doc::Value& job) { return job["uid"].string_or("") == uid; });
  set_active(cron_job, std::move(active));
}

std::optional<Time> time_of(const doc::Value& value) {
  const auto time = core::parse_rfc3339(value.string_or(""));
  return time ? std::optional(*time) : std::nullopt;
}

std::string job_name(const Object& cron_job, Time due) {
  const auto minutes = std::chrono::floor<std::chrono::minutes>(due).time_since_epoch().count();
  return cron_job.name().name + "-" + std::to_string(minutes);
}

std::string schedule_of(const Object& cron_job) {
  return cron_job.spec()["timeZone"].string_or("") + "\n" + cron_job.spec()["schedule"].string_or("");
}

}  // namespace

Result<Outcome> CronJobReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto found, store_.find(cron_job_kind, name));
  if (!found) {
    schedules_.erase(name);
    return Outcome{};
  }
  Object cron_job = *found;
  TRY_ASSIGN(const Jobs jobs, jobs_of(cron_job));
  TRY(follow_jobs(cron_job, jobs));
  Result<Outcome> outcome = Outcome{};
  if (!cron_job.is_being_deleted()) outcome = start_when_due(cron_job);
  if (!(std::as_const(cron_job).status() == found->status())) TRY(store_.update_status(std::move(cron_job)));
  return outcome;
}

Result<CronJobReconciler::Jobs> CronJobReconciler::jobs_of(const Object& cron_job) {
  objects::ListOptions options;
  options.ns = cron_job.name().ns;
  options.claimable_by = {cron_job.uid()};
  TRY_ASSIGN(auto list, store_.list(job_kind, options));
  std::erase_if(list.items, [&](const Object& job) { return !job.is_owned_by(cron_job); });
  return std::move(list.items);
}

Result<> CronJobReconciler::follow_jobs(Object& cron_job, const Jobs& jobs) {
  const auto kept = [&](const char* field, int fallback) {
    return static_cast<int>(std::clamp<std::int64_t>(cron_job.spec()[field].int_or(fallback), 0, 1'000'000));
  };
  TRY(forget_finished(cron_job, jobs, "Complete", kept("successfulJobsHistoryLimit", 3)));
  TRY(forget_finished(cron_job, jobs, "Failed", kept("failedJobsHistoryLimit", 1)));
  for (const Object& job : jobs) {
    const bool is_active = is_listed(cron_job, "uid", job.uid());
    if (!is_finished_job(job)) {
      if (!is_active)
        events_.warn(cron_job, "UnexpectedJob",
                     "Saw a job that the controller did not create or forgot: " + job.name().name);
      continue;
    }
    const bool is_complete = job.condition_status("Complete") == "True";
    if (is_active) {
      drop_active(cron_job, job.uid());
      events_.normal(cron_job, "SawCompletedJob",
                     "Saw completed job: " + job.name().name + ", condition: " + (is_complete ? "Complete" : "Failed"));
    }
    const auto completed = time_of(job.status()["completionTime"]);
    const auto last = time_of(std::as_const(cron_job).status()["lastSuccessfulTime"]);
    if (is_complete && completed && (!last || *last < *completed))
      cron_job.status().at_or_insert("lastSuccessfulTime") = core::render_rfc3339(*completed);
  }
  for (const doc::Value& listed : active_of(cron_job)) {
    const std::string uid = listed["uid"].string_or("");
    if (std::ranges::find(jobs, uid, &Object::uid) != jobs.end()) continue;
    events_.normal(cron_job, "MissingJob", "Active job went missing: " + listed["name"].string_or(""));
    drop_active(cron_job, uid);
  }
  return {};
}

Result<> CronJobReconciler::forget_finished(Object& cron_job, const Jobs& jobs, std::string_view condition, int kept) {
  std::vector<const Object*> finished;
  for (const Object& job : jobs) {
    if (job.condition_status(condition) == "True" && !job.is_being_deleted()) finished.push_back(&job);
  }
  std::ranges::sort(finished, {}, [](const Object* job) {
    return std::tuple(time_of(job->status()["startTime"]).value_or(Time::max()), job->name().name);
  });
  for (std::size_t i = 0; i + static_cast<std::size_t>(kept) < finished.size(); ++i)
    TRY(remove_job(cron_job, *finished[i]));
  return {};
}

Result<> CronJobReconciler::remove_job(Object& cron_job, const Object& job) {
  TRY(objects::remove_if_there(store_, job_kind, job.name()));
  drop_active(cron_job, job.uid());
  events_.normal(cron_job, "SuccessfulDelete", "Deleted job " + job.name().name);
  return {};
}

Result<TimeZone> CronJobReconciler::zone_of(const std::string& name) {
  if (name.empty() || name == "UTC") return TimeZone();
  if (name.find("..") != std::string::npos) return fail(Code::invalid_argument, "unknown time zone " + name);
  auto bytes = world_.files.read(zones_directory + name);
  if (!bytes) return fail(Code::not_found, "unknown time zone " + name);
  return TimeZone::parse(*bytes);
}

std::optional<CronClock> CronJobReconciler::clock_of(const Object& cron_job) {
  const doc::Value& spec = cron_job.spec();
  const std::string zone_name = spec["timeZone"].string_or("");
  auto zone = zone_of(zone_name);
  if (!zone) {
    events_.warn(cron_job, "UnknownTimeZone", "invalid timeZone: \"" + zone_name + "\": " + zone.error().one_line());
    return std::nullopt;
  }
  if (spec["suspend"].bool_or(false)) return std::nullopt;
  const std::string text = spec["schedule"].string_or("");
  auto schedule = CronSchedule::parse(text);
  if (!schedule) {
    events_.warn(cron_job, "UnparseableSchedule",
                 "unparseable schedule: \"" + text + "\" : " + schedule.error().one_line());
    return std::nullopt;
  }
  CronClock clock{*schedule, std::move(*zone), {}, {}};
  const Time created = cron_job.created().value_or(world_.clock.now());
  clock.since = time_of(cron_job.status()["lastScheduleTime"]).value_or(created);
  if (const doc::Value& deadline = spec["startingDeadlineSeconds"]; !deadline.is_null())
    clock.deadline = core::capped_seconds(deadline.int_or(0));
  return clock;
}

// Another schedule begins with its next start: nothing was missed of it.
bool CronJobReconciler::has_new_schedule(const Object& cron_job) {
  const std::string schedule = schedule_of(cron_job);
  const auto [known, is_first_look] = schedules_.try_emplace(cron_job.name(), schedule);
  if (is_first_look || known->second == schedule) return false;
  known->second = schedule;
  return true;
}

Result<Outcome> CronJobReconciler::start_when_due(Object& cron_job) {
  const bool is_new = has_new_schedule(cron_job);
  const auto clock = clock_of(cron_job);
  if (!clock) return Outcome{};
  const Time now = world_.clock.now();
  const DueStart due = due_start(*clock, now);
  if (due.is_impossible) {
    events_.warn(cron_job, "InvalidSchedule",
                 "invalid schedule: " + cron_job.spec()["schedule"].string_or("") +
                     " : time difference between two schedules is less than 1 second");
    return Outcome{};
  }
  Outcome wait{until_next_start(*clock, now)};
  if (!due.at || is_new) return wait;
  if (due.is_too_often) {
    events_.warn(cron_job, "TooManyMissedTimes",
                 "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew");
  }
  if (clock->deadline && *due.at + *clock->deadline < now) {
    events_.warn(cron_job, "MissSchedule", "Missed scheduled time to start a job: " + render_rfc1123(*due.at));
    return wait;
  }
  if (is_listed(cron_job, "name", job_name(cron_job, *due.at)) || clock->since == *due.at) return wait;
  const std::string policy = cron_job.spec()["concurrencyPolicy"].string_or("Allow");
  if (policy == "Forbid" && !active_of(cron_job).empty()) {
    events_.normal(cron_job, "JobAlreadyActive",
                   "Not starting job because prior execution is running and concurrency policy is Forbid");
    return wait;
  }
  if (policy == "Replace") {
    for (const doc::Value& listed : active_of(cron_job)) {
      TRY_ASSIGN(const auto job, store_.find(job_kind, {cron_job.name().ns, listed["name"].string_or("")}));
      if (job) TRY(remove_job(cron_job, *job));
    }
  }
  TRY(start(cron_job, *clock, *due.at));
  return Outcome{until_next_start({clock->schedule, clock->zone, *due.at, clock->deadline}, now)};
}

Result<> CronJobReconciler::start(Object& cron_job, const CronClock& clock, Time due) {
  TRY_ASSIGN(const auto job, make_job(cron_job, clock, due));
  if (!job || is_listed(cron_job, "uid", job->uid())) return {};
  auto active = active_of(cron_job);
  active.push_back(doc::Object{{"apiVersion", job->api_version()},
                               {"kind", job->kind()},
                               {"namespace", job->name().ns},
                               {"name", job->name().name},
                               {"uid", job->uid()},
                               {"resourceVersion", job->resource_version()}});
  set_active(cron_job, std::move(active));
  cron_job.status().at_or_insert("lastScheduleTime") = core::render_rfc3339(due);
  return {};
}

Result<std::optional<Object>> CronJobReconciler::make_job(const Object& cron_job, const CronClock& clock, Time due) {
  const doc::Value& job_template = cron_job.spec()["jobTemplate"];
  Object job = Object::make(job_kind, {cron_job.name().ns, job_name(cron_job, due)});
  auto& metadata = job.document().at_or_insert("metadata");
  for (const char* part : {"labels", "annotations"}) {
    if (const doc::Value& given = job_template["metadata"][part]; given.is_object())
      metadata.at_or_insert(part) = given;
  }
  job.set_annotation(scheduled_at, render_in_zone(due, clock.zone));
  take_control(cron_job, job);
  job.spec() = job_template["spec"];
  const objects::Name name = job.name();
  auto made = store_.create(std::move(job));
  if (made) {
    events_.normal(cron_job, "SuccessfulCreate", "Created job " + name.name);
    return std::optional(std::move(*made));
  }
  if (made.error().code != Code::already_exists) {
    events_.warn(cron_job, "FailedCreate", "Error creating job: " + made.error().one_line());
    return fail(std::move(made).error());
  }
  TRY_ASSIGN(auto other, store_.find(job_kind, name));
  if (other && !other->is_owned_by(cron_job)) other.reset();
  return other;
}

}  // namespace slipway::pods::workloads
