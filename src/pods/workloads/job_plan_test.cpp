#include "pods/workloads/job_plan.hpp"

#include <doctest/doctest.h>

namespace slipway::pods::workloads {
namespace {

using namespace std::chrono_literals;
constexpr Time start{std::chrono::hours(1000)};

// Pods as words: a1 is active, s1 has succeeded, f1 failed; x being deleted, t tracked (not counted yet), i a failure
// that a rule ignores; f1@3^2 is of index 3, which failed twice before.
std::vector<JobPod> pods(const std::string& words, Time finished = start) {
  std::vector<JobPod> seen;
  std::size_t at = 0;
  while (at < words.size()) {
    const auto end = std::min(words.find(' ', at), words.size());
    std::string word = words.substr(at, end - at);
    JobPod pod;
    if (const auto mark = word.find('^'); mark != std::string::npos) {
      pod.failures = std::stoi(word.substr(mark + 1));
      word.resize(mark);
    }
    if (const auto mark = word.find('@'); mark != std::string::npos) {
      pod.index = std::stoi(word.substr(mark + 1));
      word.resize(mark);
    }
    for (; std::string_view("xti").find(word.back()) != std::string_view::npos; word.pop_back()) {
      if (word.back() == 'x') pod.is_ending = true;
      if (word.back() == 't') pod.is_tracked = true;
      if (word.back() == 'i') pod.verdict.counts = false;
    }
    pod.name = pod.uid = word;
    pod.created = start - 2h + std::chrono::seconds(seen.size());
    if (word.front() != 'a') pod.state = word.front() == 's' ? JobPod::State::succeeded : JobPod::State::failed;
    if (word.front() != 'a' || pod.is_ending) pod.finished = finished;
    seen.push_back(pod);
    at = end + 1;
  }
  return seen;
}

JobWish wish_of(const char* spec) { return read_job(*doc::parse_yaml(spec, "test.yaml")); }

// "+2 -a1 BackoffLimitExceeded"; of an indexed Job "+0,3^1": indexes, and how often each has failed.
std::string text(const JobPlan& plan) {
  std::string out = "+";
  for (const auto& made : plan.create) {
    if (!made.index) continue;
    out += (out == "+" ? "" : ",") + std::to_string(*made.index);
    if (made.failures > 0) out += "^" + std::to_string(made.failures);
  }
  if (out == "+") out += std::to_string(plan.create.size());
  for (const auto& name : plan.remove) out += " -" + name;
  return out + (plan.verdict ? " " + plan.verdict->reason : "");
}

std::string list(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : " ") + name;
  return out;
}

}  // namespace

TEST_CASE("Job: the next step follows from what is there") {
  struct Row {
    const char* why;
    const char* spec;
    int succeeded, failed;
    const char* pods;
    const char* plan;
  };
  const Row rows[] = {
      {"from nothing", "{}", 0, 0, "", "+1"},
      {"it runs", "{}", 0, 0, "a1t", "+0"},
      {"it is done", "{}", 1, 0, "s1", "+0 CompletionsReached"},
      {"three of five at once", "{completions: 5, parallelism: 3}", 0, 0, "", "+3"},
      {"the last ones", "{completions: 5, parallelism: 3}", 4, 0, "a1t", "+0"},
      {"one place is free", "{completions: 5, parallelism: 3}", 2, 0, "a1t a2t", "+1"},
      {"never more than are wanted", "{completions: 5, parallelism: 3}", 3, 0, "a1t", "+1"},
      {"fewer at once: the young go", "{completions: 5, parallelism: 1}", 0, 0, "a1t a2t", "+0 -a2"},
      {"too many failures", "{backoffLimit: 1}", 0, 2, "a1t", "+0 -a1 BackoffLimitExceeded"},
      {"the last try is left", "{backoffLimit: 1}", 0, 1, "a1t", "+0"},
      {"no try is left", "{backoffLimit: 0}", 0, 0, "f1t", "+0 BackoffLimitExceeded"},
      {"a queue: one found its end, the others finish", "{parallelism: 3}", 1, 0, "a1t a2t", "+0"},
      {"a queue that is empty", "{parallelism: 3}", 1, 0, "", "+0 CompletionsReached"},
      {"suspended", "{suspend: true}", 0, 0, "a1t", "+0 -a1"},
      {"suspended before it began", "{suspend: true}", 0, 0, "", "+0"},
      {"what others delete is replaced", "{}", 0, 0, "a1xt", "+1"},
      {"when it has ended, with that policy", "{podReplacementPolicy: Failed}", 0, 0, "a1xt", "+0"},
      {"and then", "{podReplacementPolicy: Failed}", 0, 0, "f1xt", "+1"},
      {"a rule about failures has that policy", "{podFailurePolicy: {rules: []}}", 0, 0, "a1xt", "+0"},
      {"the deadline is over", "{activeDeadlineSeconds: 60}", 0, 0, "a1t", "+0 -a1 DeadlineExceeded"},
      {"nobody waits while it is suspended", "{activeDeadlineSeconds: 60, suspend: true}", 0, 0, "", "+0"},
      {"nothing is wanted", "{completions: 0}", 0, 0, "", "+0 CompletionsReached"},
      {"a failure that is ignored", "{backoffLimit: 0}", 0, 0, "f1ti", "+1"},
      {"at most so many at once", "{completions: 9000, parallelism: 9000}", 0, 0, "", "+500"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const JobWish wish = wish_of(row.spec);
    JobState state;
    state.counts.succeeded = row.succeeded;
    state.counts.failed = row.failed;
    state.started = start - 1h;
    CHECK(text(plan_job(wish, state, pods(row.pods, start - 1h), start)) == std::string(row.plan));
  }
}

TEST_CASE("Job: of an indexed one each index succeeds once") {
  struct Row {
    const char* why;
    const char* spec;
    const char* completed;
    const char* failed;
    const char* pods;
    const char* plan;
  };
  const Row rows[] = {
      {"from nothing", "completions: 5, parallelism: 3", "", "", "", "+0,1,2"},
      {"one has ended", "completions: 5, parallelism: 3", "", "", "a0t@0 s1t@1 a2t@2", "+3"},
      {"what is done is not done again", "completions: 5, parallelism: 3", "0,2-3", "", "", "+1,4"},
      {"one failed and comes again", "completions: 5, parallelism: 2", "", "", "a0t@0 f1t@1", "+1"},
      {"all are done", "completions: 3, parallelism: 3", "0-2", "", "", "+0 CompletionsReached"},
      {"twice the same: the younger goes", "completions: 3, parallelism: 3", "", "", "a1t@0 a2t@0 a3t@1", "+0 -a2"},
      {"one without a place", "completions: 3, parallelism: 3", "", "", "a0t@0 a1t@1 a2t@7", "+0 -a2"},
      {"too many failures in all", "completions: 3, parallelism: 1, backoffLimit: 0", "", "", "f0t@0",
       "+0 BackoffLimitExceeded"},
      {"an index has more tries", "completions: 2, parallelism: 2, backoffLimitPerIndex: 1", "", "", "f0t@0 a1t@1",
       "+0^1"},
      {"an index has none left", "completions: 3, parallelism: 3, backoffLimitPerIndex: 1", "", "",
       "f0t@0^1 a1t@1 a2t@2", "+0"},
      {"it ends when all others have", "completions: 2, parallelism: 2, backoffLimitPerIndex: 0", "0", "1", "",
       "+0 FailedIndexes"},
      {"too many indexes have failed", "completions: 3, parallelism: 3, backoffLimitPerIndex: 0, maxFailedIndexes: 0",
       "", "", "f0t@0 a1t@1", "+0 -a1 MaxFailedIndexesExceeded"},
      {"enough, by its policy", "completions: 3, parallelism: 3, successPolicy: {rules: [{succeededIndexes: '1'}]}",
       "1", "", "a0t@0 a2t@2", "+0 -a0 -a2 SuccessPolicy"},
      {"not enough", "completions: 3, parallelism: 3, successPolicy: {rules: [{succeededIndexes: '1'}]}", "2", "",
       "a0t@0 a1t@1", "+0"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto wish = wish_of(("{completionMode: Indexed, " + std::string(row.spec) + "}").c_str());
    JobState state;
    state.counts.completed = Indexes::parse(row.completed, 100);
    state.counts.failed_indexes = Indexes::parse(row.failed, 100);
    state.started = start - 1h;
    CHECK(text(plan_job(wish, state, pods(row.pods, start - 1h), start)) == std::string(row.plan));
  }
}

TEST_CASE("Job: after a failure the next Pod waits longer each time, and a success makes it forget") {
  const JobWish wish = wish_of("{backoffLimit: 100, completions: 2}");
  const auto waits = [&](const char* words) {
    const auto plan = plan_job(wish, {}, pods(words), start);
    CHECK(plan.create.empty());
    return plan.look_again.value_or(Duration{});
  };
  CHECK(waits("f1t") == 10s);
  CHECK(waits("f1 f2t") == 20s);
  CHECK(waits("f1 f2 f3 f4 f5 f6t") == 320s);
  CHECK(waits("f1 f2 f3 f4 f5 f6 f7t") == 10min);
  CHECK(plan_job(wish, {}, pods("f1t"), start + 10s).create.size() == 1);
  auto after_success = pods("f1 f2 s1t", start);
  after_success[0].finished = after_success[1].finished = start - 1s;
  CHECK(plan_job(wish, {}, after_success, start).create.size() == 1);
  JobState gone;
  gone.failures = plan_job(wish, {}, pods("f1t"), start).failures;
  CHECK(plan_job(wish, gone, pods("f2t"), start).look_again == 20s);
  CHECK(plan_job(wish, gone, {}, start + 4s).look_again == 6s);
  const JobWish per_index =
      wish_of("{completionMode: Indexed, completions: 3, parallelism: 3, backoffLimitPerIndex: 5}");
  const auto plan = plan_job(per_index, {}, pods("f0t@0^1"), start);
  CHECK(text(plan) == "+1,2");
  CHECK(plan.look_again == 20s);
}

TEST_CASE("Job: restarts in place count for OnFailure") {
  auto restarting = pods("a1t");
  restarting.front().restarts = 6;
  const JobWish never = wish_of("{template: {spec: {restartPolicy: Never}}}");
  const JobWish on_failure = wish_of("{template: {spec: {restartPolicy: OnFailure}}}");
  CHECK(text(plan_job(never, {}, restarting, start)) == "+0");
  CHECK(text(plan_job(on_failure, {}, restarting, start)) == "+0 -a1 BackoffLimitExceeded");
}

TEST_CASE("Job: every Pod is counted once, whatever is between the two steps") {
  const JobWish wish = wish_of("{completions: 9, parallelism: 9}");
  const auto look = [&](const JobCounts& counts, const char* words) {
    JobState state;
    state.counts = counts;
    return plan_job(wish, state, pods(words), start);
  };
  const auto first = look({}, "s1t f1t a1t a2xt");
  CHECK(first.counts == JobCounts{0, 0, {"s1"}, {"f1", "a2"}, {}, {}});
  CHECK(first.release.empty());
  // Crashed and looked at again: noted already, so the finalizers may go.
  const auto second = look(first.counts, "s1t f1t a1t a2xt");
  CHECK(second.counts == first.counts);
  CHECK(list(second.release) == "s1 f1 a2");
  // One finalizer is gone, one Pod altogether.
  const auto third = look(second.counts, "s1 f1t a1t");
  CHECK(third.counts == JobCounts{1, 1, {}, {"f1"}, {}, {}});
  const auto fourth = look(third.counts, "s1 f1 a1t");
  CHECK(fourth.counts == JobCounts{1, 2, {}, {}, {}, {}});
  CHECK(look(fourth.counts, "s1 f1 a1t").counts == fourth.counts);
}

TEST_CASE("Job: an index that succeeded is noted before its Pod is let go") {
  const JobWish wish = wish_of("{completionMode: Indexed, completions: 3, parallelism: 3, backoffLimitPerIndex: 3}");
  JobState state;
  const auto first = plan_job(wish, state, pods("s0t@0 a1t@1 f2t@2"), start);
  CHECK(first.counts.completed.text() == "0");
  CHECK(first.counts.succeeded == 1);
  CHECK(first.release.empty());
  CHECK(first.counts.uncounted_failed.empty());  // until the next Pod of its index is there
  state.counts = first.counts;
  const auto second = plan_job(wish, state, pods("s0t@0 a1t@1 f2t@2 a3t@2^1"), start);
  CHECK(list(second.release) == "s0");
  CHECK(second.counts.uncounted_failed == std::vector<std::string>{"f2"});
}

TEST_CASE("Job: when it is over, who still runs has failed with it, or is not counted") {
  JobState state;
  state.verdict = JobVerdict{true, "DeadlineExceeded", ""};
  const auto failed = plan_job(wish_of("{}"), state, pods("a1t f2ti"), start);
  CHECK(text(failed) == "+0 -a1 DeadlineExceeded");
  CHECK(failed.counts.uncounted_failed == std::vector<std::string>{"a1"});
  CHECK(list(failed.release) == "f2");
  state.verdict = JobVerdict{false, "SuccessPolicy", ""};
  const auto succeeded = plan_job(wish_of("{}"), state, pods("a1t"), start);
  CHECK(text(succeeded) == "+0 -a1 SuccessPolicy");
  CHECK(list(succeeded.release) == "a1");
  CHECK(succeeded.counts == JobCounts{});
}

TEST_CASE("Job: a Pod whose failure a rule takes for the Job's ends it") {
  auto seen = pods("f1t a2t");
  seen.front().verdict.fails_job = "Container main for pod n/f1 failed";
  const auto plan = plan_job(wish_of("{parallelism: 2, completions: 2}"), {}, seen, start);
  CHECK(text(plan) == "+0 -a2 PodFailurePolicy");
  CHECK(plan.verdict->message == "Container main for pod n/f1 failed");
}

}  // namespace slipway::pods::workloads
