#include "pods/workloads/job_policies.hpp"

#include <doctest/doctest.h>

namespace slipway::pods::workloads {
namespace {

doc::Value yaml(const std::string& text) {
  auto value = doc::parse_yaml(text, "test.yaml");
  REQUIRE_MESSAGE(value, value.error().render());
  return std::move(*value);
}

std::string text(const std::vector<int>& numbers) {
  std::string out;
  for (const int number : numbers) out += (out.empty() ? "" : " ") + std::to_string(number);
  return out;
}

}  // namespace

TEST_CASE("Job: indexes are written as ranges") {
  CHECK(Indexes::parse("1,3-5,7", 100).text() == "1,3-5,7");
  CHECK(Indexes::parse("0,1,2", 100).text() == "0-2");
  CHECK(Indexes::parse("0-1", 100).text() == "0,1");
  CHECK(Indexes::parse("1,3-9,12", 8).text() == "1,3-7");
  CHECK(Indexes::parse("", 8).text().empty());
  CHECK(Indexes::parse("x,2", 8).text() == "2");
  Indexes indexes;
  for (const int index : {5, 1, 3, 2, 9, 4, 1}) indexes.insert(index);
  CHECK(indexes.text() == "1-5,9");
  CHECK(indexes.count() == 6);
  CHECK(indexes.has(4));
  CHECK_FALSE(indexes.has(0));
  CHECK_FALSE(indexes.has(6));
  CHECK(text(indexes.first_missing(3, 100)) == "0 6 7");
  CHECK(text(indexes.first_missing(9, 8)) == "0 6 7");
  CHECK(text(Indexes().first_missing(2, 5)) == "0 1");
  CHECK(indexes.count_shared(Indexes::parse("4-9", 100)) == 3);
  CHECK(indexes.count_shared(Indexes()) == 0);
  indexes.insert_all(Indexes::parse("0,6-7,12", 100));
  CHECK(indexes.text() == "0-7,9,12");
}

TEST_CASE("Job: the first rule that matches a failed Pod says what becomes of it") {
  const doc::Value policy = yaml(
      "rules:\n"
      "- {action: FailJob, onExitCodes: {containerName: main, operator: In, values: [42]}}\n"
      "- {action: Ignore, onPodConditions: [{type: DisruptionTarget, status: 'True'}]}\n"
      "- {action: FailIndex, onExitCodes: {operator: In, values: [3, 4]}}\n"
      "- {action: Count, onExitCodes: {operator: NotIn, values: [5]}}\n"
      "- {action: FailJob, onPodConditions: [{type: ConfigIssue}]}\n");
  const auto verdict = [&](const std::string& status) {
    const objects::Object pod(yaml("metadata: {name: p, namespace: n}\nstatus: {" + status + "}"));
    const auto judged = judge_failure(policy, pod);
    return std::string(judged.counts ? "counts" : "ignored") + (judged.fails_index ? " index" : "") +
           (judged.fails_job.empty() ? "" : ": " + judged.fails_job);
  };
  const auto exited = [](const std::string& container, int code) {
    return "containerStatuses: [{name: " + container + ", state: {terminated: {exitCode: " + std::to_string(code) +
           "}}}]";
  };
  CHECK(verdict(exited("main", 42)) ==
        "counts: Container main for pod n/p failed with exit code 42 matching FailJob rule at index 0");
  CHECK(verdict(exited("side", 42)) == "counts");
  CHECK(verdict("conditions: [{type: DisruptionTarget, status: 'True'}], " + exited("main", 3)) == "ignored");
  CHECK(verdict("conditions: [{type: DisruptionTarget, status: 'False'}], " + exited("main", 3)) == "counts index");
  CHECK(verdict(exited("main", 5)) == "counts");
  CHECK(verdict("conditions: [{type: ConfigIssue, status: 'True'}]") ==
        "counts: Pod n/p has condition ConfigIssue matching FailJob rule at index 4");
  CHECK(verdict("phase: Failed") == "counts");
  CHECK(verdict("initContainerStatuses: [{name: setup, state: {terminated: {exitCode: 4}}}]") == "counts index");
}

TEST_CASE("Job: a success policy is met by indexes, or by so many of them") {
  const auto met = [](const std::string& rule, const std::string& succeeded) {
    return met_success_rule(yaml("rules: [" + rule + "]"), 10, Indexes::parse(succeeded, 10));
  };
  CHECK(met("{succeededIndexes: '0,2-3'}", "0,2,3,7") == "Matched rules at index 0");
  CHECK(met("{succeededIndexes: '0,2-3'}", "0,2").empty());
  CHECK(met("{succeededIndexes: '0,2-3', succeededCount: 2}", "0,2") == "Matched rules at index 0");
  CHECK(met("{succeededIndexes: '0,2-3', succeededCount: 2}", "0,7,8").empty());
  CHECK(met("{succeededCount: 3}", "0,7,8") == "Matched rules at index 0");
  CHECK(met("{succeededIndexes: '9'}, {succeededCount: 1}", "4") == "Matched rules at index 1");
  CHECK(met("{succeededCount: 0}", "").empty());
  CHECK(met_success_rule(doc::Value(), 10, Indexes::parse("1", 10)).empty());
}

}  // namespace slipway::pods::workloads
