#pragma once
// What cel-go's validators refuse in an expression whose types are right: literals that are no times, durations or
// patterns, conversions of literals that cannot succeed, formats that do not fit their arguments, lists of mixed types.

#include <vector>

#include "expr/cel/ast.hpp"
#include "expr/cel/lexer.hpp"

namespace slipway::expr::cel {

// Keeps the patterns that it has read in the tree.
void validate(Expr& root, std::vector<Mistake>& mistakes);

}  // namespace slipway::expr::cel
