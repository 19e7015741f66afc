#pragma once
// Values of pipeline parameters: their types, their texts, and where they come from when a step starts. Inside
// dialects/kfp only.

#include <optional>

#include "workflow/dialects/dialect.hpp"

namespace slipway::workflow::kfp {

// A value as its declared type: "5" and 5.0 become the integer 5, JSON texts become lists and structures.
core::Result<core::doc::Value> convert(const core::doc::Value& value, ir::ValueType type);
// As a placeholder shows it: 1 for 1.0, JSON for lists and structures.
std::string text_of(const core::doc::Value& value);

// The value of an input of `step`; nullopt when it is optional and nobody gives it. failed_precondition when the step
// that makes it did not run.
core::Result<std::optional<core::doc::Value>> parameter_value(const Context& context, ir::Index step,
                                                              const ir::Parameter& input);
// {name, type, uri, digest, metadata}.
core::Result<std::optional<core::doc::Value>> artifact_value(const Context& context, ir::Index step,
                                                             const ir::Artifact& input);

// All inputs that have a value.
struct Inputs {
  core::doc::Object parameters;
  core::doc::Object artifacts;
};
core::Result<Inputs> inputs_of(const Context& context, ir::Index step);

}  // namespace slipway::workflow::kfp
