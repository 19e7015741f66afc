#pragma once
// What a Job's controller does next, as a function of what it sees. Pure. The controller around it is job.hpp.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/doc.hpp"
#include "core/time.hpp"
#include "pods/workloads/job_policies.hpp"

namespace slipway::pods::workloads {

struct JobWish {
  int parallelism = 1;
  std::optional<int> completions;  // unset: one success is enough, and who runs then may end
  bool indexed = false;            // one success for each index below `completions`
  int backoff_limit = 6;
  std::optional<int> backoff_limit_per_index, max_failed_indexes;
  bool counts_restarts = false;       // restartPolicy OnFailure: restarts in place count, too
  bool replaces_only_failed = false;  // a Pod that ends keeps its place until it has
  bool suspended = false;
  std::optional<Duration> deadline;  // activeDeadlineSeconds, from the start
  doc::Value success_policy;         // null: there is none
};
JobWish read_job(const doc::Value& spec);

struct JobPod {
  std::string name, uid;
  enum class State : std::uint8_t { active, succeeded, failed } state = State::active;
  bool is_ending = false;
  bool is_tracked = false;  // carries the finalizer: what became of it is not counted yet
  bool is_ready = false;
  int restarts = 0;  // of its containers
  std::optional<Time> finished;
  std::optional<int> index;
  int failures = 0, ignored_failures = 0;  // of its index before it
  FailureVerdict verdict = {};             // of one that failed
  Time created{};
};

// Who ended and is counted, or about to be: the parts of status that a crash must not lose.
struct JobCounts {
  int succeeded = 0, failed = 0;
  std::vector<std::string> uncounted_succeeded, uncounted_failed;  // uids
  Indexes completed, failed_indexes;                               // of an indexed Job; `succeeded` is their number
  bool has_noted(const std::string& uid) const;
  bool operator==(const JobCounts&) const = default;
};
JobCounts read_counts(const doc::Value& status, const JobWish& wish);

// Why a Job is over, as its conditions say it.
struct JobVerdict {
  bool is_failure = false;
  std::string reason, message;
  bool operator==(const JobVerdict&) const = default;
};

// The state that was written last.
struct JobState {
  JobCounts counts;
  std::optional<JobVerdict> verdict;  // never taken back
  std::optional<Time> started;
  std::map<std::string, Time> failures = {};  // as the last plan said; empty after a crash
};

struct JobPlan {
  // What is written before a Pod is let go. In two steps, each durable before the next, or with it: a Pod that ended is
  // noted with its uid, or its index; when its finalizer is gone, it is counted and its note goes. So each is counted
  // once, and a Pod that is deleted meanwhile is not forgotten.
  JobCounts counts;
  std::optional<JobVerdict> verdict;
  std::vector<std::string> release;  // Pods, by name, that need no counting any more: their finalizer may go
  struct New {
    std::optional<int> index;
    int failures = 0, ignored_failures = 0;  // of the index before it
    bool operator==(const New&) const = default;
  };
  std::vector<New> create;
  std::vector<std::string> remove;       // Pods
  std::optional<Duration> look_again;    // nothing happens until then
  std::map<std::string, Time> failures;  // when Pods failed since the last success, by uid: they may be gone soon
};
JobPlan plan_job(const JobWish& wish, const JobState& state, const std::vector<JobPod>& pods, Time now);

}  // namespace slipway::pods::workloads
