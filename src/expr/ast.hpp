#pragma once
// The syntax tree that every expression front end shares. Not for evaluation: see evaluator.hpp.

#include <cstdint>
#include <string>
#include <vector>

#include "core/doc.hpp"

namespace slipway::expr {

enum class Op : std::uint8_t { not_, equal, not_equal, less, less_equal, greater, greater_equal, and_, or_ };

struct Node {
  enum class Kind : std::uint8_t {
    literal,   // `literal`
    name,      // `name`: a context or variable
    member,    // children[0] . `name`
    index,     // children[0] [ children[1] ]
    wildcard,  // children[0] . *   or   children[0] [ * ]
    call,      // `name` ( children... )
    unary,     // `op` children[0]
    binary,    // children[0] `op` children[1]
  };
  Kind kind = Kind::literal;
  Op op = Op::not_;
  std::string name;
  core::doc::Value literal;
  std::vector<Node> children;
  core::Mark mark;  // of the token that makes it: the name, the operator, the literal
};

// Calls `visit` on every node, parents first.
template <class Visit>
void walk(const Node& node, const Visit& visit) {
  visit(node);
  for (const auto& child : node.children) walk(child, visit);
}

}  // namespace slipway::expr
