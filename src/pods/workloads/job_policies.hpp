#pragma once
// What a Job's policies say: of a Pod that failed (spec.podFailurePolicy), and of the indexes that have succeeded
// (spec.successPolicy). Pure.
// https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy

#include <optional>

#include "objects/object.hpp"
#include "pods/workloads/job_indexes.hpp"

namespace slipway::pods::workloads {

struct FailureVerdict {
  bool counts = true;        // against the back-off limits; not when a rule ignores it
  bool fails_index = false;  // whatever is left of backoffLimitPerIndex
  std::string fails_job;     // the sentence why; empty: it does not
};
// By the first rule that matches. A null policy has none.
FailureVerdict judge_failure(const doc::Value& policy, const objects::Object& pod);

// Which rule is met, if any: "Matched rules at index 1". Empty: none.
std::string met_success_rule(const doc::Value& policy, int completions, const Indexes& succeeded);

}  // namespace slipway::pods::workloads
