#include "pods/workloads/job_plan.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/seconds.hpp"

namespace slipway::pods::workloads {
namespace {

constexpr auto first_backoff = std::chrono::seconds(10);
constexpr auto longest_backoff = std::chrono::minutes(10);
constexpr int most_at_once = 500;  // the Pods that were made make the controller look again

std::vector<std::string> texts(const doc::Value& list) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < list.size(); ++i) all.push_back(list[i].string_or(""));
  return all;
}

bool holds(const std::vector<std::string>& list, const std::string& text) {
  return std::ranges::find(list, text) != list.end();
}

bool is_active(const JobPod& pod) { return pod.state == JobPod::State::active && !pod.is_ending; }
bool is_ending(const JobPod& pod) { return pod.state == JobPod::State::active && pod.is_ending; }

int all_succeeded(const JobCounts& counts) {
  return counts.succeeded + static_cast<int>(counts.uncounted_succeeded.size());
}
int all_failed(const JobCounts& counts) { return counts.failed + static_cast<int>(counts.uncounted_failed.size()); }

void sooner(std::optional<Duration>& again, Duration after) { again = again ? std::min(*again, after) : after; }

// How long after that many failures in a row the next Pod waits.
Duration backoff_after(int failures) {
  Duration delay = first_backoff;
  for (int i = 1; i < failures && delay < longest_backoff; ++i) delay *= 2;
  return std::min<Duration>(delay, longest_backoff);
}

Duration backoff_left(int failures, Time last, Time now) {
  return failures == 0 ? Duration{} : std::max<Duration>(last + backoff_after(failures) - now, Duration{});
}

// One look at a Job.
class Look {
 public:
  Look(const JobWish& wish, const JobState& state, const std::vector<JobPod>& pods, Time now)
      : wish_(wish), state_(state), pods_(pods), now_(now) {
    plan_.counts = state.counts;
    plan_.verdict = state.verdict;
    plan_.failures = state.failures;
  }

  JobPlan plan() {
    count_released();
    remember_failures();
    find_heirs();
    for (const auto& pod : pods_) {
      if (pod.is_tracked) note(pod);
    }
    if (!plan_.verdict) judge();
    if (plan_.verdict) {
      end();
    } else {
      keep_running();
    }
    return std::move(plan_);
  }

 private:
  bool has_index(const JobPod& pod) const { return pod.index && *pod.index < wish_.completions.value_or(0); }
  bool has_failed(const JobPod& pod) const {
    return pod.state == JobPod::State::failed || (is_ending(pod) && !wish_.replaces_only_failed);
  }
  bool fails_its_index(const JobPod& pod) const {
    return has_failed(pod) && (pod.verdict.fails_index ||
                               (pod.verdict.counts && pod.failures >= wish_.backoff_limit_per_index.value_or(0)));
  }

  void count_released() {
    const auto is_released = [&](const std::string& uid) {
      return std::ranges::none_of(pods_, [&](const JobPod& pod) { return pod.uid == uid && pod.is_tracked; });
    };
    auto& counts = plan_.counts;
    counts.succeeded += static_cast<int>(std::erase_if(counts.uncounted_succeeded, is_released));
    counts.failed += static_cast<int>(std::erase_if(counts.uncounted_failed, is_released));
  }

  // With a limit per index, the last Pod of an index stays uncounted until the next one is there: from it the next one
  // learns how often the index has failed.
  void find_heirs() {
    if (!wish_.indexed) return;
    for (const auto& pod : pods_) {
      if (is_active(pod) && pod.index) running_.insert(*pod.index);
      if (pod.is_tracked && has_index(pod) && pod.state == JobPod::State::succeeded)
        plan_.counts.completed.insert(*pod.index);
    }
    plan_.counts.succeeded = plan_.counts.completed.count();
    if (!wish_.backoff_limit_per_index) return;
    for (const auto& pod : pods_) {
      if (pod.is_tracked && has_index(pod) && fails_its_index(pod)) plan_.counts.failed_indexes.insert(*pod.index);
    }
    if (plan_.verdict) return;  // nobody follows
    for (const auto& pod : pods_) {
      if (!pod.is_tracked || !has_index(pod) || !has_failed(pod) || running_.contains(*pod.index)) continue;
      if (plan_.counts.completed.has(*pod.index) || plan_.counts.failed_indexes.has(*pod.index)) continue;
      const JobPod*& last = last_of_[*pod.index];
      if (last == nullptr || failures_of(*last) <= failures_of(pod)) last = &pod;
    }
  }
  static int failures_of(const JobPod& pod) { return pod.failures + pod.ignored_failures; }

  void note(const JobPod& pod) {
    const auto& before = state_.counts;
    if (holds(before.uncounted_succeeded, pod.uid) || holds(before.uncounted_failed, pod.uid)) {
      plan_.release.push_back(pod.name);
    } else if (pod.state == JobPod::State::succeeded && wish_.indexed) {
      const bool is_new = has_index(pod) && !before.completed.has(*pod.index);
      if (!is_new) plan_.release.push_back(pod.name);
    } else if (pod.state == JobPod::State::succeeded) {
      plan_.counts.uncounted_succeeded.push_back(pod.uid);
    } else if (has_failed(pod)) {
      note_failure(pod);
    }
  }

  void note_failure(const JobPod& pod) {
    const auto last = pod.index ? last_of_.find(*pod.index) : last_of_.end();
    if (last != last_of_.end() && last->second == &pod) {
      waiting_failures_ += pod.verdict.counts;
    } else if (pod.verdict.counts && (!wish_.indexed || has_index(pod))) {
      plan_.counts.uncounted_failed.push_back(pod.uid);
    } else {
      plan_.release.push_back(pod.name);
    }
  }

  void fail(std::string reason, std::string message) { plan_.verdict = {true, std::move(reason), std::move(message)}; }
  void succeed(std::string reason, std::string message) {
    plan_.verdict = {false, std::move(reason), std::move(message)};
  }

  void judge() {
    for (const auto& pod : pods_) {
      if (has_failed(pod) && !pod.verdict.fails_job.empty()) return fail("PodFailurePolicy", pod.verdict.fails_job);
    }
    if (all_failed(plan_.counts) + waiting_failures_ > wish_.backoff_limit || restarts_too_often())
      return fail("BackoffLimitExceeded", "Job has reached the specified backoff limit");
    if (wish_.deadline && state_.started && !wish_.suspended && now_ >= *state_.started + *wish_.deadline)
      return fail("DeadlineExceeded", "Job was active longer than specified deadline");
    if (wish_.indexed) judge_indexes();
    if (!plan_.verdict && has_enough()) succeed("CompletionsReached", "Reached expected number of succeeded pods");
  }

  void judge_indexes() {
    const int failed = plan_.counts.failed_indexes.count();
    if (wish_.max_failed_indexes && failed > *wish_.max_failed_indexes)
      return fail("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
    if (failed > 0 && failed + plan_.counts.completed.count() >= wish_.completions.value_or(0))
      return fail("FailedIndexes", "Job has failed indexes");
    const auto met = met_success_rule(wish_.success_policy, wish_.completions.value_or(0), plan_.counts.completed);
    if (!met.empty()) succeed("SuccessPolicy", met);
  }

  bool restarts_too_often() const {
    if (!wish_.counts_restarts) return false;
    int restarts = 0;
    for (const auto& pod : pods_) restarts += pod.state == JobPod::State::active ? pod.restarts : 0;
    return restarts > 0 && restarts >= wish_.backoff_limit;
  }

  bool has_enough() const {
    if (wish_.completions) return all_succeeded(plan_.counts) >= *wish_.completions;
    return all_succeeded(plan_.counts) > 0 && std::ranges::none_of(pods_, is_active);
  }

  // Who still runs when a Job has failed has failed, too; when it has succeeded, nobody counts it.
  void end() {
    for (const auto& [index, pod] : std::exchange(last_of_, {})) note_failure(*pod);  // nobody follows them
    for (const auto& pod : pods_) {
      if (is_active(pod)) plan_.remove.push_back(pod.name);
      if (pod.state != JobPod::State::active || !pod.is_tracked || is_settled(pod)) continue;
      if (plan_.verdict->is_failure) {
        plan_.counts.uncounted_failed.push_back(pod.uid);
      } else {
        plan_.release.push_back(pod.name);
      }
    }
  }
  bool is_settled(const JobPod& pod) const {
    return holds(plan_.counts.uncounted_failed, pod.uid) || holds(plan_.release, pod.name);
  }

  void keep_running() {
    std::vector<const JobPod*> active;
    int ending = 0;
    for (const auto& pod : pods_) {
      if (is_active(pod)) active.push_back(&pod);
      ending += is_ending(pod);
    }
    const int running = static_cast<int>(active.size());
    const int wanted = wanted_of(running);
    remove_surplus(std::move(active), wanted);
    const int missing = wanted - running - (wish_.replaces_only_failed ? ending : 0);
    if (missing > 0 && plan_.remove.empty()) make(std::min(missing, most_at_once));
    if (!wish_.suspended && wish_.deadline && state_.started)
      sooner(plan_.look_again, *state_.started + *wish_.deadline - now_);
  }

  int wanted_of(int running) const {
    if (wish_.suspended) return 0;
    if (wish_.completions) return std::clamp(*wish_.completions - all_succeeded(plan_.counts), 0, wish_.parallelism);
    // One has found the end: nobody new.
    return all_succeeded(plan_.counts) > 0 ? running : wish_.parallelism;
  }

  void remove(const JobPod& pod) {
    plan_.remove.push_back(pod.name);
    if (pod.is_tracked) plan_.release.push_back(pod.name);  // it is our doing and no failure of the Pod
  }

  // Those without a place of their own, and then those whose loss hurts least: not ready before ready, young before
  // old.
  void remove_surplus(std::vector<const JobPod*> active, int wanted) {
    std::ranges::sort(active, [](const JobPod* a, const JobPod* b) {
      if (a->is_ready != b->is_ready) return a->is_ready;
      return a->created < b->created;
    });
    std::set<int> places;
    int kept = 0;
    for (const auto* pod : active) {
      const bool has_place = !wish_.indexed || (has_index(*pod) && places.insert(*pod->index).second);
      if (has_place && kept < wanted) {
        ++kept;
      } else {
        remove(*pod);
      }
    }
  }

  void make(int count) {
    if (!wish_.backoff_limit_per_index) {
      const Duration wait = wait_after_failures();
      if (wait > Duration{}) return sooner(plan_.look_again, wait);
    }
    if (!wish_.indexed) return plan_.create.resize(static_cast<std::size_t>(count));
    Indexes taken = plan_.counts.completed;
    for (const int index : running_) taken.insert(index);
    for (const auto& pod : pods_) {
      if (is_ending(pod) && pod.index && wish_.replaces_only_failed) taken.insert(*pod.index);
    }
    taken.insert_all(plan_.counts.failed_indexes);
    for (const int index : taken.first_missing(count, wish_.completions.value_or(0))) make_for(index);
  }

  void make_for(int index) {
    JobPlan::New next{index, 0, 0};
    if (const auto last = last_of_.find(index); last != last_of_.end()) {
      const JobPod& before = *last->second;
      const Duration wait = backoff_left(failures_of(before) + 1, before.finished.value_or(before.created), now_);
      if (wait > Duration{}) return sooner(plan_.look_again, wait);
      next.failures = before.failures + before.verdict.counts;
      next.ignored_failures = before.ignored_failures + !before.verdict.counts;
    }
    plan_.create.push_back(next);
  }

  void remember_failures() {
    std::optional<Time> success;
    for (const auto& pod : pods_) {
      if (pod.state == JobPod::State::succeeded && pod.finished)
        success = success ? std::max(*success, *pod.finished) : *pod.finished;
      const bool is_ours_to_judge = pod.state == JobPod::State::failed || pod.is_tracked;
      if (has_failed(pod) && is_ours_to_judge && pod.finished) plan_.failures[pod.uid] = *pod.finished;
    }
    if (success) std::erase_if(plan_.failures, [&](const auto& failure) { return failure.second <= *success; });
  }

  Duration wait_after_failures() const {
    if (plan_.failures.empty()) return Duration{};
    const auto last = std::ranges::max_element(plan_.failures, {}, [](const auto& failure) { return failure.second; });
    return backoff_left(static_cast<int>(plan_.failures.size()), last->second, now_);
  }

  const JobWish& wish_;
  const JobState& state_;
  const std::vector<JobPod>& pods_;
  const Time now_;
  JobPlan plan_;
  std::set<int> running_;                 // indexes
  std::map<int, const JobPod*> last_of_;  // of an index that nobody runs: whom the next Pod follows
  int waiting_failures_ = 0;              // of these
};

}  // namespace

JobWish read_job(const doc::Value& spec) {
  const auto number = [&](const char* field, std::int64_t fallback) {
    return static_cast<int>(std::clamp<std::int64_t>(spec[field].int_or(fallback), 0, 1'000'000'000));
  };
  const auto maybe = [&](const char* field) {
    return spec[field].is_null() ? std::nullopt : std::optional(number(field, 0));
  };
  JobWish wish;
  wish.parallelism = number("parallelism", 1);
  wish.completions = maybe("completions");
  if (spec["completions"].is_null() && spec["parallelism"].is_null()) wish.completions = 1;
  wish.indexed = spec["completionMode"].string_or("NonIndexed") == "Indexed";
  wish.backoff_limit_per_index = maybe("backoffLimitPerIndex");
  wish.backoff_limit = number("backoffLimit", wish.backoff_limit_per_index ? 1'000'000'000 : 6);
  wish.max_failed_indexes = maybe("maxFailedIndexes");
  wish.counts_restarts = spec["template"]["spec"]["restartPolicy"].string_or("") == "OnFailure";
  wish.replaces_only_failed =
      spec["podReplacementPolicy"].string_or("") == "Failed" || !spec["podFailurePolicy"].is_null();
  wish.suspended = spec["suspend"].bool_or(false);
  if (!spec["activeDeadlineSeconds"].is_null())
    wish.deadline = core::capped_seconds(spec["activeDeadlineSeconds"].int_or(0));
  wish.success_policy = spec["successPolicy"];
  return wish;
}

JobCounts read_counts(const doc::Value& status, const JobWish& wish) {
  JobCounts counts;
  counts.succeeded = static_cast<int>(status["succeeded"].int_or(0));
  counts.failed = static_cast<int>(status["failed"].int_or(0));
  counts.uncounted_succeeded = texts(status["uncountedTerminatedPods"]["succeeded"]);
  counts.uncounted_failed = texts(status["uncountedTerminatedPods"]["failed"]);
  if (!wish.indexed) return counts;
  const int limit = wish.completions.value_or(0);
  counts.completed = Indexes::parse(status["completedIndexes"].string_or(""), limit);
  counts.failed_indexes = Indexes::parse(status["failedIndexes"].string_or(""), limit);
  return counts;
}

bool JobCounts::has_noted(const std::string& uid) const {
  return holds(uncounted_succeeded, uid) || holds(uncounted_failed, uid);
}

JobPlan plan_job(const JobWish& wish, const JobState& state, const std::vector<JobPod>& pods, Time now) {
  return Look(wish, state, pods, now).plan();
}

}  // namespace slipway::pods::workloads
