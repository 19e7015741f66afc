#include "expr/evaluator.hpp"

namespace slipway::expr {
namespace {

using core::doc::Array;
using core::doc::Value;

Operand element(const Operand& of, const Value& child) {
  return of.identity() != nullptr ? Operand::borrow(child) : Operand(child);
}

Operand all_of(const Operand& of) {
  Array items;
  const auto& value = of.value();
  const auto add = [&](const Value& item) {
    if (!of.filtered) {
      items.push_back(item);
    } else if (item.is_array()) {
      items.insert(items.end(), item.as_array().begin(), item.as_array().end());
    } else if (item.is_object()) {
      for (const auto& [key, child] : item.as_object()) items.push_back(child);
    }
  };
  if (value.is_array()) {
    for (const auto& item : value.as_array()) add(item);
  } else if (value.is_object()) {
    for (const auto& [key, item] : value.as_object()) add(item);
  }
  Operand result{Value(std::move(items))};
  result.filtered = true;
  return result;
}

core::Result<Operand> member_of(const Operand& of, const Value& key, const Node& node, const Semantics& semantics) {
  if (!of.filtered) return semantics.member(of, key, node);
  Array items;
  for (const auto& item : of.value().as_array()) {
    TRY_ASSIGN(auto found, semantics.member(element(of, item), key, node));
    if (!found.value().is_null()) items.push_back(found.value());
  }
  Operand result{Value(std::move(items))};
  result.filtered = true;
  return result;
}

core::Result<Operand> logic(const Node& node, const Semantics& semantics) {
  TRY_ASSIGN(auto left, evaluate(node.children[0], semantics));
  TRY_ASSIGN(const bool left_truth, semantics.truth(left, node.children[0]));
  const bool decided = node.op == Op::and_ ? !left_truth : left_truth;
  return decided ? std::move(left) : evaluate(node.children[1], semantics);
}

}  // namespace

core::Result<Operand> evaluate(const Node& node, const Semantics& semantics) {
  switch (node.kind) {
    case Node::Kind::literal:
      return Operand(node.literal);
    case Node::Kind::name:
      return semantics.name(node);
    case Node::Kind::member: {
      TRY_ASSIGN(auto base, evaluate(node.children[0], semantics));
      return member_of(base, Value(node.name), node, semantics);
    }
    case Node::Kind::index: {
      TRY_ASSIGN(auto base, evaluate(node.children[0], semantics));
      TRY_ASSIGN(auto key, evaluate(node.children[1], semantics));
      return member_of(base, key.value(), node, semantics);
    }
    case Node::Kind::wildcard: {
      TRY_ASSIGN(auto base, evaluate(node.children[0], semantics));
      return all_of(base);
    }
    case Node::Kind::call: {
      std::vector<Operand> arguments;
      for (const auto& child : node.children) {
        TRY_ASSIGN(auto argument, evaluate(child, semantics));
        arguments.push_back(std::move(argument));
      }
      return semantics.call(node, arguments);
    }
    case Node::Kind::unary: {
      TRY_ASSIGN(auto operand, evaluate(node.children[0], semantics));
      TRY_ASSIGN(const bool truth, semantics.truth(operand, node.children[0]));
      return Operand(Value(!truth));
    }
    case Node::Kind::binary: {
      if (node.op == Op::and_ || node.op == Op::or_) return logic(node, semantics);
      TRY_ASSIGN(auto left, evaluate(node.children[0], semantics));
      TRY_ASSIGN(auto right, evaluate(node.children[1], semantics));
      TRY_ASSIGN(const bool result, semantics.compare(node.op, left, right, node));
      return Operand(Value(result));
    }
  }
  return fail(Code::internal, "an expression node of an unknown kind");
}

}  // namespace slipway::expr
