#pragma once
// What a Job's controller does next, as a function of what it sees. Pure. The controller around it is job.hpp.

#include <optional>
#include <string>
#include <vector>

#include "core/doc.hpp"
#include "core/time.hpp"

namespace slipway::pods::workloads {

struct JobWish {
  int parallelism = 1;
  std::optional<int> completions;  // unset: one success is enough, and who runs then may end
  int backoff_limit = 6;
  bool suspended = false;
  std::optional<Duration> deadline;  // activeDeadlineSeconds, from the start
};
JobWish read_job(const doc::Value& spec);
// A field that changes what the Job means and that is not done; "" when there is none.
std::string unsupported_field_of_job(const doc::Value& spec);

struct JobPod {
  std::string name, uid;
  enum class State : std::uint8_t { active, succeeded, failed } state = State::active;
  bool is_ending = false;
  bool is_tracked = false;  // carries the finalizer: what became of it is not counted yet
  int restarts = 0;         // of its containers
  std::optional<Time> finished;
};

// Who ended and is counted, or about to be: the parts of status that a crash must not lose.
struct JobCounts {
  int succeeded = 0, failed = 0;
  std::vector<std::string> uncounted_succeeded, uncounted_failed;  // uids
  bool operator==(const JobCounts&) const = default;
};
JobCounts read_counts(const doc::Value& status);

// In two steps, each durable before the next: a Pod that ended is noted with its uid; when its finalizer is gone, it is
// counted and its note goes. So each is counted once, and a Pod that is deleted meanwhile is not forgotten.
struct Counting {
  JobCounts counts;
  std::vector<std::string> release;  // Pods, by name, that are noted: their finalizer may go
};
Counting count(const JobCounts& before, const std::vector<JobPod>& pods);

struct JobPlan {
  int create = 0;
  std::vector<std::string> remove;     // Pods
  std::string complete, failed;        // the reason for which it is over; one of them at most
  std::optional<Duration> look_again;  // nothing happens until then
  bool is_over() const { return !complete.empty() || !failed.empty(); }
};
// `started`: status.startTime.
JobPlan plan_job(const JobWish& wish, const JobCounts& counts, const std::vector<JobPod>& pods,
                 std::optional<Time> started, Time now);

}  // namespace slipway::pods::workloads
