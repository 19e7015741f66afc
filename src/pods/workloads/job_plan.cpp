#include "pods/workloads/job_plan.hpp"

#include <algorithm>

#include "core/seconds.hpp"

namespace slipway::pods::workloads {
namespace {

constexpr auto first_backoff = std::chrono::seconds(10);
constexpr auto longest_backoff = std::chrono::minutes(10);

std::vector<std::string> texts(const doc::Value& list) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < list.size(); ++i) all.push_back(list[i].string_or(""));
  return all;
}

bool holds(const std::vector<std::string>& list, const std::string& text) {
  return std::ranges::find(list, text) != list.end();
}

bool is_active(const JobPod& pod) { return pod.state == JobPod::State::active && !pod.is_ending; }

int all_succeeded(const JobCounts& counts) {
  return counts.succeeded + static_cast<int>(counts.uncounted_succeeded.size());
}
int all_failed(const JobCounts& counts) { return counts.failed + static_cast<int>(counts.uncounted_failed.size()); }

// After that many failures, the next Pod waits from the last one's end on.
Duration backoff_after(int failures) {
  Duration delay = first_backoff;
  for (int i = 1; i < failures && delay < longest_backoff; ++i) delay *= 2;
  return std::min<Duration>(delay, longest_backoff);
}

std::optional<Duration> backoff_left(int failures, const std::vector<JobPod>& pods, Time now) {
  std::optional<Time> last;
  for (const auto& pod : pods) {
    if (pod.state == JobPod::State::failed && pod.finished && (!last || *last < *pod.finished)) last = pod.finished;
  }
  if (failures == 0 || !last) return std::nullopt;
  const auto until = *last + backoff_after(failures);
  return now < until ? std::optional<Duration>(until - now) : std::nullopt;
}

// Why the Job is over, if it is.
void judge(const JobWish& wish, const JobCounts& counts, const std::vector<JobPod>& pods, std::optional<Time> started,
           Time now, JobPlan& plan) {
  const auto active = std::ranges::count_if(pods, is_active);
  int restarts = 0;
  for (const auto& pod : pods) restarts += is_active(pod) ? pod.restarts : 0;
  const bool restarts_too_often = restarts > 0 && restarts >= std::max(wish.backoff_limit, 1);
  if (all_failed(counts) > wish.backoff_limit || restarts_too_often) {
    plan.failed = "BackoffLimitExceeded";
  } else if (wish.deadline && started && !wish.suspended && now >= *started + *wish.deadline) {
    plan.failed = "DeadlineExceeded";
  } else if (wish.completions ? all_succeeded(counts) >= *wish.completions : all_succeeded(counts) > 0 && active == 0) {
    plan.complete = "CompletionsReached";
  }
}

}  // namespace

JobWish read_job(const doc::Value& spec) {
  const auto number = [&](const char* field, std::int64_t fallback) {
    return static_cast<int>(std::max<std::int64_t>(spec[field].int_or(fallback), 0));
  };
  JobWish wish;
  wish.parallelism = number("parallelism", 1);
  if (!spec["completions"].is_null()) wish.completions = number("completions", 1);
  if (spec["completions"].is_null() && spec["parallelism"].is_null()) wish.completions = 1;
  wish.backoff_limit = number("backoffLimit", 6);
  wish.suspended = spec["suspend"].bool_or(false);
  if (!spec["activeDeadlineSeconds"].is_null())
    wish.deadline = core::capped_seconds(spec["activeDeadlineSeconds"].int_or(0));
  return wish;
}

std::string unsupported_field_of_job(const doc::Value& spec) {
  if (spec["completionMode"].string_or("NonIndexed") != "NonIndexed") return "spec.completionMode";
  for (const char* field : {"podFailurePolicy", "successPolicy", "backoffLimitPerIndex", "managedBy"}) {
    if (!spec[field].is_null()) return std::string("spec.") + field;
  }
  return "";
}

JobCounts read_counts(const doc::Value& status) {
  return {static_cast<int>(status["succeeded"].int_or(0)), static_cast<int>(status["failed"].int_or(0)),
          texts(status["uncountedTerminatedPods"]["succeeded"]), texts(status["uncountedTerminatedPods"]["failed"])};
}

Counting count(const JobCounts& before, const std::vector<JobPod>& pods) {
  Counting counting{before, {}};
  auto& counts = counting.counts;
  const auto is_released = [&](const std::string& uid) {
    return std::ranges::none_of(pods, [&](const JobPod& pod) { return pod.uid == uid && pod.is_tracked; });
  };
  counts.succeeded += static_cast<int>(std::erase_if(counts.uncounted_succeeded, is_released));
  counts.failed += static_cast<int>(std::erase_if(counts.uncounted_failed, is_released));
  for (const auto& pod : pods) {
    if (!pod.is_tracked) continue;
    const bool is_noted = holds(before.uncounted_succeeded, pod.uid) || holds(before.uncounted_failed, pod.uid);
    if (is_noted) {
      counting.release.push_back(pod.name);
    } else if (pod.state == JobPod::State::succeeded) {
      counts.uncounted_succeeded.push_back(pod.uid);
    } else if (pod.state == JobPod::State::failed || pod.is_ending) {
      counts.uncounted_failed.push_back(pod.uid);
    }
  }
  return counting;
}

JobPlan plan_job(const JobWish& wish, const JobCounts& counts, const std::vector<JobPod>& pods,
                 std::optional<Time> started, Time now) {
  JobPlan plan;
  judge(wish, counts, pods, started, now, plan);
  std::vector<const JobPod*> active;
  for (const auto& pod : pods) {
    if (is_active(pod)) active.push_back(&pod);
  }
  const int running = static_cast<int>(active.size());
  int wanted = wish.parallelism;
  if (plan.is_over() || wish.suspended) {
    wanted = 0;
  } else if (wish.completions) {
    wanted = std::min(wanted, *wish.completions - all_succeeded(counts));
  } else if (all_succeeded(counts) > 0) {
    wanted = std::min(wanted, running);  // one has found the end: nobody new
  }
  for (int i = wanted; i < running; ++i) plan.remove.push_back(active[static_cast<std::size_t>(i)]->name);
  if (running < wanted) {
    if (const auto left = backoff_left(all_failed(counts), pods, now)) {
      plan.look_again = left;
    } else {
      plan.create = wanted - running;
    }
  }
  if (!plan.is_over() && !wish.suspended && wish.deadline && started) {
    const Duration left = *started + *wish.deadline - now;
    plan.look_again = plan.look_again ? std::min(*plan.look_again, left) : left;
  }
  return plan;
}

}  // namespace slipway::pods::workloads
