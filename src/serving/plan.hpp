#pragma once
// plan(): the Deployment that an LLMDeployment asks for. A function of values.

#include "objects/object.hpp"
#include "serving/runtimes.hpp"

namespace slipway::serving {

inline constexpr std::string_view kOwnerLabel = "slipway.dev/llmdeployment";

struct PlanInputs {
  const RuntimeCatalog& catalog;
  std::string runtime;       // catalog.choose()
  std::string weights_path;  // "" when the runtime needs none
};

// Of the same name, owned by it, with a Pod template that carries its labels.
objects::Object plan(const objects::Object& llm_deployment, const Spec& spec, const PlanInputs& inputs);

}  // namespace slipway::serving
