#pragma once
// What an LLMDeployment's status says, from the child Deployment and its Pods. Functions of values.

#include <optional>
#include <vector>

#include "objects/object.hpp"

namespace slipway::serving {

struct Problem {
  std::string_view reason;  // errors.hpp
  std::string message;
};

// Everything that can be seen.
struct Observed {
  std::int64_t wanted = 0;         // spec.replicas
  std::string model;               // where the weights came from, for people
  std::optional<Problem> problem;  // why there is no plan
  std::string verifying;           // "verifying weights (98 MB)" while nobody knows whether they are right
  bool is_current = true;          // the Deployment is what the spec asks for; false while `verifying` keeps it back
  std::optional<objects::Object> deployment;
  std::vector<objects::Object> pods;
};

// How much weights are, for people: "15 bytes", "98 MB", "40 GB".
std::string render_size(std::uint64_t bytes);

// Writes phase, replicas, readyReplicas, observedGeneration and conditions into `object`.
void write_status(objects::Object& object, const Observed& observed, core::Time now);
// Of an LLMDeployment that a Rollout uses as its template.
void write_template_status(objects::Object& object, const std::string& rollout, core::Time now);

// The sentence about the Pod that everybody waits for: "Pod demo/x-1: container model is in CrashLoopBackOff: ...".
// "" when every Pod is Ready. `crashing` is set when it will not come up by waiting.
std::string blocking_pod(const std::vector<objects::Object>& pods, bool& crashing);

}  // namespace slipway::serving
