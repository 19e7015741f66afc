#pragma once
// Text to syntax tree, macros (all, exists, map, has, cel.bind, optMap, ...) included. Not types: see checker.hpp.

#include <expected>
#include <string_view>

#include "expr/cel/ast.hpp"
#include "expr/cel/lexer.hpp"

namespace slipway::expr::cel {

inline constexpr std::size_t longest_expression = 100'000;  // bytes; cel-go's limit is on code points
inline constexpr std::uint32_t deepest_expression = 250;    // levels of the tree, cel-go's too

std::expected<Expr, Mistake> parse(std::string_view text);

// Turns a call of a macro into what it means, in place; leaves other calls alone.
std::optional<Mistake> expand_macro(Expr& call);

}  // namespace slipway::expr::cel
