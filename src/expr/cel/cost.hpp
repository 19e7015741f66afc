#pragma once
// What calls cost, in the units of cel-go and Kubernetes' cost estimator: when they are made, and at most beforehand.

#include <span>

#include "expr/cel/ast.hpp"
#include "expr/cel/functions.hpp"

namespace slipway::expr::cel {

// Known before a call is made, so that what is too expensive is not begun.
std::uint64_t cost_before(Cost cost, std::span<const Value> arguments);
std::uint64_t cost_after(Cost cost, const Value& result);

// An upper bound for the whole tree; saturates.
std::uint64_t estimate(const Expr& root);

}  // namespace slipway::expr::cel
