#include "pods/workloads/job_plan.hpp"

#include <doctest/doctest.h>

namespace slipway::pods::workloads {
namespace {

using namespace std::chrono_literals;
constexpr Time start{std::chrono::hours(1000)};

// Pods as words: a1 is active, s1 has succeeded, f1 failed; x being deleted, t tracked (not counted yet).
std::vector<JobPod> pods(const std::string& words, Time finished = start) {
  std::vector<JobPod> seen;
  std::size_t at = 0;
  while (at < words.size()) {
    const auto end = std::min(words.find(' ', at), words.size());
    std::string word = words.substr(at, end - at);
    JobPod pod;
    for (; word.back() == 'x' || word.back() == 't'; word.pop_back())
      (word.back() == 'x' ? pod.is_ending : pod.is_tracked) = true;
    pod.name = pod.uid = word;
    if (word.front() != 'a') {
      pod.state = word.front() == 's' ? JobPod::State::succeeded : JobPod::State::failed;
      pod.finished = finished;
    }
    seen.push_back(pod);
    at = end + 1;
  }
  return seen;
}

std::string text(const JobPlan& plan) {
  std::string out = "+" + std::to_string(plan.create);
  for (const auto& name : plan.remove) out += " -" + name;
  return out + (plan.complete.empty() ? "" : " " + plan.complete) + (plan.failed.empty() ? "" : " " + plan.failed);
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
      {"fewer at once", "{completions: 5, parallelism: 1}", 0, 0, "a1t a2t", "+0 -a2"},
      {"too many failures", "{backoffLimit: 1}", 0, 2, "a1t", "+0 -a1 BackoffLimitExceeded"},
      {"the last try is left", "{backoffLimit: 1}", 0, 1, "a1t", "+0"},
      {"a queue: one found its end, the others finish", "{parallelism: 3}", 1, 0, "a1t a2t", "+0"},
      {"a queue that is empty", "{parallelism: 3}", 1, 0, "", "+0 CompletionsReached"},
      {"suspended", "{suspend: true}", 0, 0, "a1t", "+0 -a1"},
      {"suspended before it began", "{suspend: true}", 0, 0, "", "+0"},
      {"what others delete is replaced", "{}", 0, 0, "a1xt", "+1"},
      {"the deadline is over", "{activeDeadlineSeconds: 60}", 0, 0, "a1t", "+0 -a1 DeadlineExceeded"},
      {"nothing is wanted", "{completions: 0}", 0, 0, "", "+0 CompletionsReached"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto wish = read_job(*doc::parse_yaml(row.spec, "test.yaml"));
    const JobCounts counts{row.succeeded, row.failed, {}, {}};
    CHECK(text(plan_job(wish, counts, pods(row.pods, start - 1h), start - 1h, start)) == std::string(row.plan));
  }
}

TEST_CASE("Job: after a failure the next Pod waits longer each time, and restarts in place count, too") {
  const JobWish wish = read_job(doc::Object{});
  const auto waits = [&](int failed) {
    const auto plan = plan_job(wish, {0, failed, {}, {}}, pods("f1"), start, start);
    CHECK(plan.create == 0);
    return plan.look_again.value_or(Duration{});
  };
  CHECK(waits(1) == 10s);
  CHECK(waits(2) == 20s);
  CHECK(waits(6) == 320s);
  CHECK(plan_job(wish, {0, 1, {}, {}}, pods("f1"), start, start + 10s).create == 1);
  auto restarting = pods("a1t");
  restarting.front().restarts = 6;
  CHECK(plan_job(wish, {}, restarting, start, start).failed == "BackoffLimitExceeded");
}

TEST_CASE("Job: every Pod is counted once, whatever is between the two steps") {
  JobCounts counts;
  auto seen = pods("s1t f1t a1t a2xt");
  auto first = count(counts, seen);
  CHECK(first.counts == JobCounts{0, 0, {"s1"}, {"f1", "a2"}});
  CHECK(first.release.empty());
  // Crashed and looked at again: noted already, so the finalizers may go.
  auto second = count(first.counts, seen);
  CHECK(second.counts == first.counts);
  CHECK(second.release == std::vector<std::string>{"s1", "f1", "a2"});
  // One finalizer is gone, one Pod altogether.
  auto third = count(second.counts, pods("s1 f1t a1t"));
  CHECK(third.counts == JobCounts{1, 1, {}, {"f1"}});
  auto fourth = count(third.counts, pods("s1 f1 a1t"));
  CHECK(fourth.counts == JobCounts{1, 2, {}, {}});
  CHECK(count(fourth.counts, pods("s1 f1 a1t")).counts == fourth.counts);
}

TEST_CASE("Job: what is not done is named") {
  CHECK(unsupported_field_of_job(doc::Object{{"completionMode", "Indexed"}}) == "spec.completionMode");
  CHECK(unsupported_field_of_job(doc::Object{{"podFailurePolicy", doc::Object{}}}) == "spec.podFailurePolicy");
  CHECK(unsupported_field_of_job(doc::Object{{"completionMode", "NonIndexed"}}).empty());
}

}  // namespace slipway::pods::workloads
