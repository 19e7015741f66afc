#pragma once
// From the files of a repository to the objects that are applied: parsed, moved into the environment's namespace, the
// version pinned, in the order in which they may appear. Pure.

#include <optional>
#include <string>
#include <vector>

#include "delivery/promotion/environment.hpp"
#include "delivery/sources.hpp"
#include "objects/store.hpp"

namespace slipway::delivery::promotion {

struct Manifests {
  std::vector<objects::Object>
      objects;                    // in order of application: the LLMDeployment, whose change starts a rollout, is last
  std::string workload;           // the LLMDeployment that got the version
  std::string rollout;            // the Rollout that refers to it; "" when there is none
  std::vector<std::string> plan;  // its steps in words
};

// All problems of all files at once. Refuses objects for another namespace, kinds that govern promotion itself
// (Environment, Promotion), and files without an LLMDeployment of facts.model.
Result<Manifests> prepare(const ManifestFiles& files, const Environment& environment, const VersionFacts& facts);

// Applies them. What a rollout owns in live routes (weights, revision labels) stays as it is. Returns the revision hash
// that the workload has now.
Result<std::string> apply(objects::Store& store, const Manifests& manifests, const Environment& environment,
                          const std::string& promotion);

}  // namespace slipway::delivery::promotion
