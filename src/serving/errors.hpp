#pragma once
// What can keep an LLMDeployment from being served: the reasons in its conditions.

#include <string_view>

namespace slipway::serving::reason {

inline constexpr std::string_view invalid_spec = "InvalidSpec";             // a field is unknown, missing or wrong
inline constexpr std::string_view unknown_runtime = "UnknownRuntime";       // spec.runtime.name
inline constexpr std::string_view runtime_missing = "RuntimeMissing";       // not installed on this machine
inline constexpr std::string_view model_not_found = "ModelNotFound";        // the weights are not here
inline constexpr std::string_view verifying_weights = "VerifyingWeights";   // no error: they are being read
inline constexpr std::string_view foreign_deployment = "DeploymentExists";  // somebody else's Deployment has our name
inline constexpr std::string_view template_of_rollout = "TemplateOfRollout";

}  // namespace slipway::serving::reason
