#pragma once
// Revisions of a Rollout: the hash of a template, and the child LLMDeployment that runs it. Pure.

#include <optional>
#include <string>

#include "core/time.hpp"
#include "objects/object.hpp"

namespace slipway::delivery::rollout {

// Ten characters; equal for equal specs whatever the order of their members. `replicas` does not count: scaling is no
// rollout.
std::string revision_hash(const core::doc::Value& template_spec);

// LLMDeployment <rollout>-<hash>, owned by the Rollout, with the template's labels, spec and
// rollouts-pod-template-hash.
objects::Object make_child(const objects::Object& rollout, const objects::Object& workload, const std::string& hash);
std::string child_name(const std::string& rollout, const std::string& hash);

struct Revision {
  std::string hash;
  std::string version;  // spec.model.version
  int replicas = 1;
  bool is_ready = false;                // serving says so, of its current generation
  std::string message;                  // what it waits for
  std::optional<core::Time> retire_at;  // it is removed then
};
Revision revision_of(const objects::Object& child);

// When a child that is not needed any more is removed, as Argo annotates its ReplicaSets.
inline constexpr std::string_view retire_annotation = "argo-rollouts.argoproj.io/scale-down-deadline";
inline constexpr std::string_view rollout_label = "slipway.dev/rollout";

}  // namespace slipway::delivery::rollout
