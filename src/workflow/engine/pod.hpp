#pragma once
// A step's Pod: its name, its object, and what its status says. Pure. Inside engine/ only.

#include <optional>
#include <string>

#include "objects/object.hpp"
#include "workflow/dialects/dialect.hpp"

namespace slipway::workflow {

inline constexpr std::string_view run_label = "slipway.dev/run";
inline constexpr std::string_view attempt_label = "slipway.dev/attempt";
inline constexpr std::string_view step_annotation = "slipway.dev/step";

// The same for the same attempt: creating it again after a crash finds it there.
std::string pod_name(const std::string& run, const std::string& step, int attempt);

objects::Object make_pod(const objects::Name& name, const std::string& run, const ir::Step& step, int attempt,
                         const Launch& launch);

// How a step's Pod ended.
struct PodEnd {
  int exit_code = 0;
  bool lost = false;    // by the machine: no exit was seen
  std::string message;  // why, when lost
};
// nullopt while it may still run.
std::optional<PodEnd> end_of(const objects::Object& pod);

}  // namespace slipway::workflow
