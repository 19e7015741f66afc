#include "pods/workloads/job.hpp"

#include <algorithm>

#include "core/seconds.hpp"
#include "objects/kinds.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using objects::Object;
using objects::Outcome;

namespace {

JobPod seen_as(const Object& pod) {
  JobPod seen;
  seen.name = pod.name().name;
  seen.uid = pod.uid();
  const std::string phase = pod.status()["phase"].string_or("");
  if (phase == "Succeeded") seen.state = JobPod::State::succeeded;
  if (phase == "Failed") seen.state = JobPod::State::failed;
  seen.is_ending = pod.is_being_deleted();
  seen.is_tracked = pod.has_finalizer(tracking_finalizer);
  const doc::Value& containers = pod.status()["containerStatuses"];
  for (std::size_t i = 0; i < containers.size(); ++i) {
    seen.restarts += static_cast<int>(containers[i]["restartCount"].int_or(0));
    const auto finished = core::parse_rfc3339(containers[i]["state"]["terminated"]["finishedAt"].string_or(""));
    if (finished && (!seen.finished || *seen.finished < *finished)) seen.finished = *finished;
  }
  return seen;
}

bool is_over(const Object& job) {
  return job.condition_status("Complete") == "True" || job.condition_status("Failed") == "True";
}

std::optional<Time> time_at(const doc::Value& value) {
  const auto time = core::parse_rfc3339(value.string_or(""));
  return time ? std::optional(*time) : std::nullopt;
}

doc::Array array_of(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

const char* sentence_of(const std::string& reason) {
  if (reason == "BackoffLimitExceeded") return "Job has reached the specified backoff limit";
  if (reason == "DeadlineExceeded") return "Job was active longer than specified deadline";
  return "Reached expected number of succeeded pods";
}

}  // namespace

struct JobReconciler::Seen {
  JobCounts counts;
  int active = 0;
  int ready = 0;
  int ending = 0;
  bool is_settled() const {  // nothing of it runs, and all of it is counted
    return active == 0 && ending == 0 && counts.uncounted_succeeded.empty() && counts.uncounted_failed.empty();
  }
};

Result<Outcome> JobReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto found, store_.find(job_kind, name));
  if (!found || found->is_being_deleted()) {
    TRY(release_orphans(name));
    return Outcome{};
  }
  const Object& job = *found;
  if (is_over(job)) return keep_finished(job);
  if (const auto field = unsupported_field_of_job(job.spec()); !field.empty()) {
    events_.warn(job, "Unsupported", field + " is not supported yet: the Job waits");
    return Outcome{};
  }
  TRY_ASSIGN(const auto members, claim(store_, kinds::pod, job));
  std::vector<JobPod> pods;
  Seen seen;
  for (const Object& pod : members) {
    pods.push_back(seen_as(pod));
    const bool is_active = pods.back().state == JobPod::State::active;
    seen.active += is_active && !pods.back().is_ending;
    seen.ending += is_active && pods.back().is_ending;
    seen.ready += is_active && !pods.back().is_ending && pod.condition_status("Ready") == "True";
  }
  const auto counting = count(read_counts(job.status()), pods);
  seen.counts = counting.counts;
  const JobWish wish = read_job(job.spec());
  const JobPlan plan = plan_job(wish, seen.counts, pods, time_at(job.status()["startTime"]), world_.clock.now());
  TRY_ASSIGN(const Object written, write_status(job, seen, wish, plan));
  for (const auto& pod : counting.release) TRY(release({name.ns, pod}));
  TRY(act(written, plan));
  return Outcome{plan.look_again};
}

Result<> JobReconciler::act(const Object& job, const JobPlan& plan) {
  for (const auto& pod : plan.remove) {
    TRY(release({job.name().ns, pod}));  // it is our doing and no failure of the Pod
    TRY(remove_pod(store_, events_, job, pod));
  }
  return make_pods(store_, events_, job, plan.create, tracking_finalizer);
}

Result<Object> JobReconciler::write_status(const Object& job, const Seen& seen, const JobWish& wish,
                                           const JobPlan& plan) {
  const Time now = world_.clock.now();
  Object next = job;
  auto& status = next.status();
  const auto set = [&](const char* field, int value) { status.at_or_insert(field) = value; };
  set("active", seen.active);
  set("ready", seen.ready);
  set("terminating", seen.ending);
  set("succeeded", seen.counts.succeeded);
  set("failed", seen.counts.failed);
  doc::Object uncounted;
  if (!seen.counts.uncounted_succeeded.empty()) uncounted.set("succeeded", array_of(seen.counts.uncounted_succeeded));
  if (!seen.counts.uncounted_failed.empty()) uncounted.set("failed", array_of(seen.counts.uncounted_failed));
  status.at_or_insert("uncountedTerminatedPods") = std::move(uncounted);
  const bool was_suspended = job.condition_status("Suspended") == "True";
  if (wish.suspended) {
    if (status.is_object()) status.as_object().erase("startTime");
    next.set_condition("Suspended", "True", "JobSuspended", "Job suspended", now);
  } else {
    if (std::as_const(status)["startTime"].is_null()) status.at_or_insert("startTime") = core::render_rfc3339(now);
    if (was_suspended) next.set_condition("Suspended", "False", "JobResumed", "Job resumed", now);
  }
  const bool ends = plan.is_over() && seen.is_settled();
  if (plan.is_over()) {
    const bool failed = !plan.failed.empty();
    const auto& reason = failed ? plan.failed : plan.complete;
    next.set_condition(failed ? "FailureTarget" : "SuccessCriteriaMet", "True", reason, sentence_of(reason), now);
    if (ends) next.set_condition(failed ? "Failed" : "Complete", "True", reason, sentence_of(reason), now);
    if (ends && !failed) next.status().at_or_insert("completionTime") = core::render_rfc3339(now);
  }
  if (next.status() == job.status()) return job;
  TRY_ASSIGN(next, store_.update_status(std::move(next)));
  if (ends && plan.failed.empty()) events_.normal(next, "Completed", "Job completed");
  if (ends && !plan.failed.empty()) events_.warn(next, plan.failed, sentence_of(plan.failed));
  if (wish.suspended != was_suspended)
    events_.normal(next, wish.suspended ? "Suspended" : "Resumed", wish.suspended ? "Job suspended" : "Job resumed");
  return next;
}

Result<> JobReconciler::release(const objects::Name& pod) {
  auto released = objects::modify(store_, kinds::pod, pod, [](Object& current) {
    if (!current.has_finalizer(tracking_finalizer)) return false;
    current.remove_finalizer(tracking_finalizer);
    return true;
  });
  if (released || released.error().code == Code::not_found) return {};
  return fail(std::move(released).error());
}

// The Job has gone: nobody counts any more.
Result<> JobReconciler::release_orphans(const objects::Name& job) {
  objects::ListOptions options;
  options.ns = job.ns;
  TRY_ASSIGN(const auto list, store_.list(kinds::pod, options));
  for (const Object& pod : list.items) {
    const auto owners = pod.owners();
    const bool was_its = std::ranges::any_of(owners, [&](const objects::OwnerReference& owner) {
      return owner.controller && owner.kind == job_kind.kind && owner.name == job.name;
    });
    if (was_its && pod.has_finalizer(tracking_finalizer)) TRY(release(pod.name()));
  }
  return {};
}

Result<Outcome> JobReconciler::keep_finished(const Object& job) {
  TRY_ASSIGN(const auto members, claim(store_, kinds::pod, job));
  for (const Object& pod : members) {
    if (pod.has_finalizer(tracking_finalizer)) TRY(release(pod.name()));
  }
  const doc::Value& kept = job.spec()["ttlSecondsAfterFinished"];
  if (kept.is_null()) return Outcome{};
  std::optional<Time> finished;
  const doc::Value& conditions = job.status()["conditions"];
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const auto type = conditions[i]["type"].string_or("");
    if (type == "Complete" || type == "Failed") finished = time_at(conditions[i]["lastTransitionTime"]);
  }
  if (!finished) return Outcome{};
  const Time end = *finished + core::capped_seconds(kept.int_or(0));
  const Time now = world_.clock.now();
  if (now < end) return Outcome{end - now};
  TRY(objects::remove_if_there(store_, job_kind, job.name()));
  return Outcome{};
}

}  // namespace slipway::pods::workloads
