#include "pods/workloads/job_policies.hpp"

#include <algorithm>

namespace slipway::pods::workloads {

using objects::Object;

namespace {

bool matches_code(const doc::Value& requirement, std::int64_t code) {
  bool is_listed = false;
  const doc::Value& values = requirement["values"];
  for (std::size_t i = 0; i < values.size(); ++i) is_listed |= values[i].int_or(0) == code;
  return is_listed == (requirement["operator"].string_or("In") == "In");
}

// The container whose exit code matches; null when there is none.
const doc::Value* container_that_matches(const doc::Value& status, const doc::Value& requirement) {
  for (const char* list : {"containerStatuses", "initContainerStatuses"}) {
    for (std::size_t i = 0; i < status[list].size(); ++i) {
      const doc::Value& container = status[list][i];
      const std::string wanted = requirement["containerName"].string_or("");
      const auto code = container["state"]["terminated"]["exitCode"].int_or(0);
      if (!wanted.empty() && wanted != container["name"].string_or("")) continue;
      if (code != 0 && matches_code(requirement, code)) return &container;
    }
  }
  return nullptr;
}

const doc::Value* condition_that_matches(const doc::Value& status, const doc::Value& patterns) {
  const doc::Value& conditions = status["conditions"];
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    for (std::size_t k = 0; k < patterns.size(); ++k) {
      if (conditions[i]["type"] == patterns[k]["type"] &&
          conditions[i]["status"].string_or("") == patterns[k]["status"].string_or("True"))
        return &conditions[i];
    }
  }
  return nullptr;
}

// Why this rule is about the Pod; nullopt when it is not.
std::optional<std::string> why_it_matches(const doc::Value& rule, const Object& pod) {
  if (const doc::Value& codes = rule["onExitCodes"]; !codes.is_null()) {
    const auto* container = container_that_matches(pod.status(), codes);
    if (container == nullptr) return std::nullopt;
    return "Container " + (*container)["name"].string_or("") + " for pod " + pod.name().text() +
           " failed with exit code " + (*container)["state"]["terminated"]["exitCode"].string_or("");
  }
  const auto* condition = condition_that_matches(pod.status(), rule["onPodConditions"]);
  if (condition == nullptr) return std::nullopt;
  return "Pod " + pod.name().text() + " has condition " + (*condition)["type"].string_or("");
}

}  // namespace

FailureVerdict judge_failure(const doc::Value& policy, const Object& pod) {
  const doc::Value& rules = policy["rules"];
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto why = why_it_matches(rules[i], pod);
    if (!why) continue;
    const std::string action = rules[i]["action"].string_or("");
    FailureVerdict verdict;
    verdict.counts = action != "Ignore";
    verdict.fails_index = action == "FailIndex";
    if (action == "FailJob") verdict.fails_job = *why + " matching FailJob rule at index " + std::to_string(i);
    return verdict;
  }
  return {};
}

std::string met_success_rule(const doc::Value& policy, int completions, const Indexes& succeeded) {
  const doc::Value& rules = policy["rules"];
  if (succeeded.empty()) return "";
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const doc::Value& wanted = rules[i]["succeededCount"];
    int have = succeeded.count();
    bool is_met = false;
    if (const doc::Value& listed = rules[i]["succeededIndexes"]; !listed.is_null()) {
      const auto required = Indexes::parse(listed.string_or(""), completions);
      if (required.empty()) continue;
      have = succeeded.count_shared(required);
      is_met = have == required.count();
    }
    if (is_met || (!wanted.is_null() && have >= wanted.int_or(0))) return "Matched rules at index " + std::to_string(i);
  }
  return "";
}

}  // namespace slipway::pods::workloads
