#pragma once
// A run as its watchers see it. Pure. Inside engine/ only.

#include "workflow/engine/runner.hpp"

namespace slipway::workflow {

RunView view_of(const Run& run, const std::string& pod_namespace);

}  // namespace slipway::workflow
