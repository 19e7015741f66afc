#pragma once
// Finds what each name and call means and which type everything has, as cel-go's checker does: type parameters are
// unified, what is dyn fits everywhere, several overloads may stay for the evaluator to choose from.

#include <vector>

#include "expr/cel/ast.hpp"
#include "expr/cel/lexer.hpp"
#include "expr/cel/program.hpp"

namespace slipway::expr::cel {

struct Checked {
  std::vector<Mistake> mistakes;
  std::vector<std::uint32_t> variables;  // numbers of the declarations that are read, by slot
  std::uint32_t locals = 0;              // how many a frame holds
};

// Rewrites `root`: names become variables, locals and constants, calls get their overloads, everything its type.
Checked check(Expr& root, const Declarations& declarations);

}  // namespace slipway::expr::cel
