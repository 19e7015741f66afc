#pragma once
// The evaluator core of GitHub's expressions: walks the tree; && and || give one of their operands; what names,
// comparisons and functions mean is the front end's Semantics.

#include <string_view>
#include <vector>

#include "expr/ast.hpp"

namespace slipway::expr {

// A value on the evaluator's way: borrowed from a context (then it has an identity, and nothing is copied) or its own.
class Operand {
 public:
  Operand() = default;
  Operand(core::doc::Value value) : own_(std::move(value)) {}
  static Operand borrow(const core::doc::Value& value) {
    Operand operand;
    operand.borrowed_ = &value;
    return operand;
  }

  const core::doc::Value& value() const { return borrowed_ != nullptr ? *borrowed_ : own_; }
  // Tells two arrays or objects of the contexts apart; nullptr for made values.
  const core::doc::Value* identity() const { return borrowed_; }
  // The result of `.*`: a member of it is the list of its elements' members.
  bool filtered = false;

 private:
  const core::doc::Value* borrowed_ = nullptr;
  core::doc::Value own_;
};

class Semantics {
 public:
  virtual ~Semantics() = default;
  virtual core::Result<Operand> name(const Node& node) const = 0;
  // A member by name or index; absent is null or an error, as the language has it.
  virtual core::Result<Operand> member(const Operand& of, const core::doc::Value& key, const Node& node) const = 0;
  virtual core::Result<bool> truth(const Operand& of, const Node& node) const = 0;
  virtual core::Result<bool> compare(Op op, const Operand& left, const Operand& right, const Node& node) const = 0;
  virtual core::Result<Operand> call(const Node& node, const std::vector<Operand>& arguments) const = 0;
};

// Errors are at the mark of the node that failed.
core::Result<Operand> evaluate(const Node& node, const Semantics& semantics);

}  // namespace slipway::expr
