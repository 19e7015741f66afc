#pragma once
// The Pratt parser of GitHub's expressions.

#include <string_view>

#include "expr/ast.hpp"

namespace slipway::expr {

// A piece of a scalar of a file: what is parsed, and where it stands.
struct Piece {
  std::string_view scalar;  // the whole scalar
  core::Mark mark;          // where the scalar stands; may be unknown
  std::size_t offset = 0;   // where the expression begins in it
  std::size_t length = std::string_view::npos;

  std::string_view text() const { return scalar.substr(offset, length); }
};

// invalid_argument at the offending token. At most 21,000 characters and 50 levels, as GitHub has it.
core::Result<Node> parse(const Piece& piece);

}  // namespace slipway::expr
