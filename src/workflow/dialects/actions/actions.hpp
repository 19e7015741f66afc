#pragma once
// GitHub Actions workflow files: lowering to the graph, and how their steps run here. A job is a group, its steps run
// one after another in the job's own workspace. What is not here yet is refused by name and position.

#include "workflow/dialects/dialect.hpp"

namespace slipway::workflow::actions {

core::Result<ir::Graph> lower(const core::doc::Value& document);
// Whether a document looks like a workflow file, for telling dialects apart.
bool is_workflow(const core::doc::Value& document);
// Whether a push to that ref ("refs/heads/main") starts the workflow.
core::Result<bool> wants_push(const core::doc::Value& document, std::string_view ref);

const Dialect& dialect();

}  // namespace slipway::workflow::actions
