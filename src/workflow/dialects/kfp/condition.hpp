#pragma once
// The condition of a task in a compiled pipeline: CEL over `inputs`, whose members may be of any type, as KFP's driver
// evaluates it.

#include "expr/cel/program.hpp"

namespace slipway::workflow::kfp {

// invalid_argument at its place in the file. `mark` is the scalar's.
core::Result<expr::cel::Program> parse_condition(std::string_view text, const core::Mark& mark);

// invalid_argument when a parameter is missing or a type does not fit; never guesses.
core::Result<bool> holds(const expr::cel::Program& condition, const core::doc::Object& parameters);

}  // namespace slipway::workflow::kfp
