#pragma once
// The conditions that the KFP compiler writes, a small part of CEL: `inputs.parameter_values['x'] == 'y'`, int(),
// double(), string(), size(), !, &&, || and comparisons. Not a general CEL: what is outside is refused by name.

#include <string_view>

#include "expr/ast.hpp"

namespace slipway::expr::cel {

// invalid_argument at its place in the file.
core::Result<Node> parse_condition(std::string_view text, const core::Mark& mark);

// `variables` holds "inputs". invalid_argument when a type does not fit or a key is missing; never guesses.
core::Result<bool> evaluate_condition(const Node& condition, const core::doc::Object& variables);

}  // namespace slipway::expr::cel
