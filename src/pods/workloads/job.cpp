#include "pods/workloads/job.hpp"

#include <algorithm>

#include "core/number.hpp"
#include "core/seconds.hpp"
#include "objects/kinds.hpp"
#include "pods/workloads/job_tracking.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using objects::Object;
using objects::Outcome;

namespace {

constexpr const char* failures_annotation = "batch.kubernetes.io/job-index-failure-count";
constexpr const char* ignored_failures_annotation = "batch.kubernetes.io/job-index-ignored-failure-count";

std::optional<Time> time_at(const doc::Value& value) {
  const auto time = core::parse_rfc3339(value.string_or(""));
  return time ? std::optional(*time) : std::nullopt;
}

// When its last container ended; else when it stopped being ready, or was to be deleted.
std::optional<Time> finished_at(const Object& pod) {
  std::optional<Time> finished;
  const doc::Value& containers = pod.status()["containerStatuses"];
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const auto ended = time_at(containers[i]["state"]["terminated"]["finishedAt"]);
    if (ended && (!finished || *finished < *ended)) finished = ended;
  }
  if (!finished && pod.condition_status("Ready") == "False") finished = pod.condition_since("Ready");
  if (!finished && pod.is_being_deleted()) {
    const doc::Value& metadata = pod.document()["metadata"];
    finished = time_at(metadata["deletionTimestamp"]);
    if (finished) *finished -= core::capped_seconds(metadata["deletionGracePeriodSeconds"].int_or(0));
  }
  return finished;
}

int count_restarts(const Object& pod) {
  std::int64_t restarts = 0;
  for (const char* list : {"containerStatuses", "initContainerStatuses"}) {
    const doc::Value& containers = pod.status()[list];
    for (std::size_t i = 0; i < containers.size(); ++i) restarts += containers[i]["restartCount"].int_or(0);
  }
  return static_cast<int>(restarts);
}

JobPod seen_as(const Object& pod, const doc::Value& failure_policy) {
  const auto number = [&](const char* annotation) { return core::parse_number<int>(pod.annotation(annotation)); };
  JobPod seen;
  seen.name = pod.name().name;
  seen.uid = pod.uid();
  const std::string phase = pod.status()["phase"].string_or("");
  if (phase == "Succeeded") seen.state = JobPod::State::succeeded;
  if (phase == "Failed") seen.state = JobPod::State::failed;
  seen.is_ending = pod.is_being_deleted();
  seen.is_tracked = pod.has_finalizer(tracking_finalizer);
  seen.is_ready = pod.condition_status("Ready") == "True";
  seen.restarts = count_restarts(pod);
  seen.finished = finished_at(pod);
  seen.index = number(completion_index);
  seen.failures = number(failures_annotation).value_or(0);
  seen.ignored_failures = number(ignored_failures_annotation).value_or(0);
  seen.created = pod.created().value_or(Time{});
  if (phase == "Failed") seen.verdict = judge_failure(failure_policy, pod);
  return seen;
}

doc::Array array_of(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

// What was written last.
JobState state_of(const Object& job, const JobWish& wish) {
  JobState state;
  state.counts = read_counts(job.status(), wish);
  for (const char* type : {"SuccessCriteriaMet", "FailureTarget"}) {
    const doc::Value& condition = job.condition(type);
    if (state.verdict || condition["status"].string_or("") != "True") continue;
    state.verdict = JobVerdict{type == std::string_view("FailureTarget"), condition["reason"].string_or(""),
                               condition["message"].string_or("")};
  }
  // One that is resumed starts anew.
  if (job.condition_status("Suspended") != "True") state.started = time_at(job.status()["startTime"]);
  return state;
}

void say(Object& job, std::string_view type, std::string_view status, std::string_view reason,
         const std::string& message, Time now) {
  if (!job.set_condition(type, status, reason, message, now)) return;
  for (auto& condition : job.status().at_or_insert("conditions").as_array()) {
    if (condition["type"].string_or("") == type) condition.at_or_insert("lastProbeTime") = core::render_rfc3339(now);
  }
}

// The program finds its index in JOB_COMPLETION_INDEX.
void add_index_variable(doc::Value& containers) {
  if (!containers.is_array()) return;
  for (doc::Value& container : containers.as_array()) {
    auto& variables = container.at_or_insert("env");
    if (!variables.is_array()) variables = doc::Array{};
    const bool is_there = std::ranges::any_of(variables.as_array(), [](const doc::Value& variable) {
      return variable["name"].string_or("") == "JOB_COMPLETION_INDEX";
    });
    if (is_there) continue;
    const doc::Object field{{"fieldPath", std::string("metadata.labels['") + completion_index + "']"}};
    variables.as_array().push_back(
        doc::Object{{"name", "JOB_COMPLETION_INDEX"}, {"valueFrom", doc::Object{{"fieldRef", field}}}});
  }
}

void give_index(const Object& job, const JobPlan::New& wanted, bool counts_failures, Object& pod) {
  constexpr std::size_t longest_prefix = 58;  // of a generated name
  const std::string index = std::to_string(*wanted.index);
  const std::string suffix = "-" + index + "-";
  const std::string prefix = job.name().name.substr(0, longest_prefix - suffix.size()) + suffix;
  pod.document().at_or_insert("metadata").at_or_insert("generateName") = prefix;
  pod.set_label(completion_index, index);
  pod.set_annotation(completion_index, index);
  if (counts_failures) pod.set_annotation(failures_annotation, std::to_string(wanted.failures));
  if (wanted.ignored_failures > 0)
    pod.set_annotation(ignored_failures_annotation, std::to_string(wanted.ignored_failures));
  pod.spec().at_or_insert("hostname") = job.name().name + "-" + index;
  for (const char* list : {"initContainers", "containers"}) {
    if (std::as_const(pod).spec()[list].is_array()) add_index_variable(pod.spec().at_or_insert(list));
  }
}

}  // namespace

bool is_managed_elsewhere(const Object& job) {
  return job.spec()["managedBy"].string_or("kubernetes.io/job-controller") != "kubernetes.io/job-controller";
}

bool is_finished_job(const Object& job) {
  return job.condition_status("Complete") == "True" || job.condition_status("Failed") == "True";
}

struct JobReconciler::Seen {
  int active = 0;
  int ready = 0;
  int ending = 0;
  void add(const JobPod& pod) {
    if (pod.state != JobPod::State::active) return;
    active += !pod.is_ending;
    ending += pod.is_ending;
    ready += !pod.is_ending && pod.is_ready;
  }
  // Nothing of it runs, and all of it is counted.
  bool is_settled(const JobCounts& counts) const {
    return active == 0 && ending == 0 && counts.uncounted_succeeded.empty() && counts.uncounted_failed.empty();
  }
};

Result<Outcome> JobReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto found, store_.find(job_kind, name));
  if (!found || found->is_being_deleted()) {  // UncountedPods lets its Pods go
    failures_.erase(name);
    tracked_.erase(name);
    return Outcome{};
  }
  if (is_managed_elsewhere(*found)) return Outcome{};
  if (!is_finished_job(*found)) return keep_running(*found);
  failures_.erase(name);
  return keep_finished(*found);
}

Result<Outcome> JobReconciler::keep_running(const Object& job) {
  TRY_ASSIGN(const auto members, claim(store_, kinds::pod, job, {.finalizer = tracking_finalizer}));
  std::vector<JobPod> pods;
  Seen seen;
  for (const Object& pod : members) {
    pods.push_back(seen_as(pod, job.spec()["podFailurePolicy"]));
    seen.add(pods.back());
  }
  const JobWish wish = read_job(job.spec());
  JobState state = state_of(job, wish);
  Failures& failures = failures_[job.name()];
  if (std::exchange(failures.uid, job.uid()) == job.uid()) state.failures = std::move(failures.times);
  const JobPlan plan = plan_job(wish, state, pods, world_.clock.now());
  failures.times = plan.failures;
  const Result<> made = make(job, wish, plan, seen);
  TRY(write_status(job, seen, wish, plan));
  for (const auto& pod : plan.release) TRY(release(store_, {job.name().ns, pod}));
  for (const auto& pod : pods) {
    if (pod.is_tracked && plan.counts.has_noted(pod.uid)) TRY(release(store_, {job.name().ns, pod.name}));
  }
  for (const auto& pod : plan.remove) TRY(remove_pod(store_, events_, job, pod));
  TRY(made);
  // Who was let go is counted: now, while all of it shares a transaction.
  if (!plan.release.empty() || plan.counts != state.counts) return reconcile(job.name());
  return Outcome{plan.look_again};
}

// `seen` has them, too.
Result<> JobReconciler::make(const Object& job, const JobWish& wish, const JobPlan& plan, Seen& seen) {
  for (const auto& wanted : plan.create) {
    Object pod = pod_of(job, job.spec()["template"]);
    pod.add_finalizer(tracking_finalizer);
    if (wanted.index) give_index(job, wanted, wish.backoff_limit_per_index.has_value(), pod);
    TRY(make_pod(store_, events_, job, std::move(pod)));
    ++seen.active;
  }
  return {};
}

Result<Object> JobReconciler::write_status(const Object& job, const Seen& seen, const JobWish& wish,
                                           const JobPlan& plan) {
  const Time now = world_.clock.now();
  Object next = job;
  auto& status = next.status();
  const auto set = [&](const char* field, doc::Value value) { status.at_or_insert(field) = std::move(value); };
  set("active", seen.active);
  set("ready", seen.ready);
  set("terminating", seen.ending);
  set("succeeded", plan.counts.succeeded);
  set("failed", plan.counts.failed);
  doc::Object uncounted;
  if (const auto& uids = plan.counts.uncounted_succeeded; !uids.empty()) uncounted.set("succeeded", array_of(uids));
  if (const auto& uids = plan.counts.uncounted_failed; !uids.empty()) uncounted.set("failed", array_of(uids));
  set("uncountedTerminatedPods", std::move(uncounted));
  if (!plan.counts.completed.empty()) set("completedIndexes", plan.counts.completed.text());
  if (wish.indexed && wish.backoff_limit_per_index) set("failedIndexes", plan.counts.failed_indexes.text());
  const bool was_suspended = job.condition_status("Suspended") == "True";
  const bool is_resumed = was_suspended && !wish.suspended && !plan.verdict;
  if (is_resumed || (!wish.suspended && std::as_const(status)["startTime"].is_null()))
    set("startTime", core::render_rfc3339(now));
  if (wish.suspended && !plan.verdict) say(next, "Suspended", "True", "JobSuspended", "Job suspended", now);
  if (is_resumed) say(next, "Suspended", "False", "JobResumed", "Job resumed", now);
  const bool ends = plan.verdict && seen.is_settled(plan.counts);
  if (plan.verdict) {
    const auto& [is_failure, reason, message] = *plan.verdict;
    say(next, is_failure ? "FailureTarget" : "SuccessCriteriaMet", "True", reason, message, now);
    if (ends) say(next, is_failure ? "Failed" : "Complete", "True", reason, message, now);
    if (ends && !is_failure) next.status().at_or_insert("completionTime") = core::render_rfc3339(now);
  }
  if (next.status() == job.status()) return job;
  TRY_ASSIGN(next, store_.update_status(std::move(next)));
  if (ends && !plan.verdict->is_failure) events_.normal(next, "Completed", "Job completed");
  if (ends && plan.verdict->is_failure) events_.warn(next, plan.verdict->reason, plan.verdict->message);
  if (next.condition_status("Suspended") == "True" && !was_suspended)
    events_.normal(next, "Suspended", "Job suspended");
  if (is_resumed) events_.normal(next, "Resumed", "Job resumed");
  return next;
}

doc::Value minded_by_job(const Object& pod) {
  return doc::Array{minded_of(pod), pod.has_finalizer(tracking_finalizer), count_restarts(pod)};
}

std::vector<objects::Name> JobReconciler::job_of(const Object& pod) {
  const objects::Name name = pod.name();
  for (const auto& owner : pod.owners()) {
    const bool is_job =
        owner.kind == job_kind.kind && objects::group_version_of(owner.api_version).group == job_kind.group;
    if (!owner.controller || !is_job) continue;
    const objects::Name job{name.ns, owner.name};
    if (pod.has_finalizer(tracking_finalizer)) {
      tracked_[job].insert(name.name);
    } else if (const auto known = tracked_.find(job); known != tracked_.end()) {
      known->second.erase(name.name);
      if (known->second.empty()) tracked_.erase(known);
    }
    return {job};
  }
  return {};
}

// Nobody counts any more.
Result<> JobReconciler::release_all(const Object& job) {
  const auto known = tracked_.find(job.name());
  if (known == tracked_.end()) return {};
  for (const auto& name : known->second) {
    TRY_ASSIGN(const auto pod, store_.find(kinds::pod, {job.name().ns, name}));
    if (pod && pod->is_owned_by(job)) TRY(release(store_, pod->name()));  // not one that has changed hands
  }
  return {};
}

Result<Outcome> JobReconciler::keep_finished(const Object& job) {
  TRY(release_all(job));
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
