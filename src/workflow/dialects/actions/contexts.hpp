#pragma once
// What expressions of a workflow file see at one step, made from the state alone. Inside dialects/actions only.

#include <map>

#include "expr/github.hpp"
#include "workflow/dialects/dialect.hpp"

namespace slipway::workflow::actions {

// Where a job works and where one attempt of a step has its files.
std::string workspace_of(const Facts& facts, const std::string& job);
std::string temp_of(const Facts& facts, const std::string& job);

// "success", "failure", "skipped", "cancelled".
std::string_view result_name(Phase phase);

// The group that is the step's job, or the step itself when it is a job.
ir::Index job_of(const ir::Graph& graph, ir::Index step);

// What success() and failure() answer for a step (from the steps before it) or a job (from all it needs, near and far).
expr::github::Status status_of(const Context& context, ir::Index step);

using Environment = std::map<std::string, std::string>;
// Workflow, job and what earlier steps wrote to GITHUB_ENV; for a leaf with `with_own`, its own `env` too.
core::Result<Environment> environment_of(const Context& context, ir::Index step, bool with_own);

// github, env, vars, needs, steps, inputs, secrets, runner, job, matrix, strategy.
core::doc::Object contexts_of(const Context& context, ir::Index step, const Environment& environment);

// The expressions of `text` evaluated; the lowering has checked them.
core::Result<std::string> evaluated(const ir::Text& text, const core::doc::Object& contexts);

}  // namespace slipway::workflow::actions
