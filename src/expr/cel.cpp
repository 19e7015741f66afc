#include "expr/cel.hpp"

#include <cmath>

#include "expr/evaluator.hpp"
#include "expr/number.hpp"
#include "expr/parser.hpp"

namespace slipway::expr::cel {
namespace {

using core::doc::Object;
using core::doc::Value;

std::unexpected<Error> refuse(const Node& node, std::string message) {
  return fail(Error(Code::invalid_argument, std::move(message)).at(node.mark));
}

std::string type_of(const Value& value) { return std::string(core::doc::name_of(value.type())); }

class CelSemantics : public Semantics {
 public:
  explicit CelSemantics(const Object& variables) : variables_(variables) {}

  core::Result<Operand> name(const Node& node) const override {
    const auto* found = variables_.find(node.name);
    if (found == nullptr) return refuse(node, "undeclared name \"" + node.name + "\"");
    return Operand::borrow(*found);
  }

  core::Result<Operand> member(const Operand& of, const Value& key, const Node& node) const override {
    const auto& value = of.value();
    const Value* found = nullptr;
    if (value.is_object() && key.is_string()) found = value.as_object().find(key.as_string());
    if (value.is_array() && key.is_int() && key.as_int() >= 0 &&
        key.as_int() < static_cast<std::int64_t>(value.size())) {
      found = &value[static_cast<std::size_t>(key.as_int())];
    }
    if (found == nullptr) return refuse(node, "no such key: " + key.string_or("?"));
    return of.identity() != nullptr ? Operand::borrow(*found) : Operand(*found);
  }

  core::Result<bool> truth(const Operand& of, const Node& node) const override {
    if (!of.value().is_bool()) return refuse(node, "wanted true or false, not a " + type_of(of.value()));
    return of.value().as_bool();
  }
  bool logic_returns_operands() const override { return false; }

  core::Result<bool> compare(Op op, const Operand& left, const Operand& right, const Node& node) const override {
    const auto& a = left.value();
    const auto& b = right.value();
    if (op == Op::equal) return a == b;
    if (op == Op::not_equal) return !(a == b);
    int order = 0;
    if (a.is_number() && b.is_number()) {
      const double x = a.as_double();
      const double y = b.as_double();
      if (std::isnan(x) || std::isnan(y)) return false;
      order = x < y ? -1 : x > y ? 1 : 0;
    } else if (a.is_string() && b.is_string()) {
      order = a.as_string().compare(b.as_string());
    } else {
      return refuse(node, "a " + type_of(a) + " and a " + type_of(b) + " have no order");
    }
    switch (op) {
      case Op::less:
        return order < 0;
      case Op::less_equal:
        return order <= 0;
      case Op::greater:
        return order > 0;
      default:
        return order >= 0;
    }
  }

  core::Result<Operand> call(const Node& node, const std::vector<Operand>& arguments) const override {
    const auto& value = arguments[0].value();
    if (node.name == "string") return Operand(Value(value.string_or("")));
    if (node.name == "size") {
      return Operand(Value(value.is_string() ? std::uint64_t{value.as_string().size()} : std::uint64_t{value.size()}));
    }
    double number = 0;
    if (value.is_number()) {
      number = value.as_double();
    } else if (const auto parsed = value.is_string() ? parse_number(value.as_string()) : std::nullopt; parsed) {
      number = *parsed;
    } else {
      return refuse(node, node.name + "() cannot convert a " + type_of(value));
    }
    if (node.name == "double") return Operand(Value(number));
    if (!std::isfinite(number)) return refuse(node, "int() cannot convert " + render_number(number));
    return Operand(number_value(std::trunc(number)));
  }

 private:
  const Object& variables_;
};

}  // namespace

core::Result<Node> parse_condition(std::string_view text, const core::Mark& mark) {
  TRY_ASSIGN(auto node, parse({text, mark}, cel_grammar));
  std::vector<Error> problems;
  walk(node, [&](const Node& each) {
    if (each.kind == Node::Kind::name && each.name != "inputs") {
      problems.push_back(Error(Code::invalid_argument, "unknown name \"" + each.name + "\" in the condition",
                               "conditions see \"inputs\"")
                             .at(each.mark));
    }
    if (each.kind != Node::Kind::call) return;
    if (each.name != "int" && each.name != "double" && each.name != "string" && each.name != "size") {
      problems.push_back(
          Error(Code::unimplemented, "the function " + each.name + "() is not supported in conditions").at(each.mark));
    } else if (each.children.size() != 1) {
      problems.push_back(Error(Code::invalid_argument, each.name + "() takes one argument").at(each.mark));
    }
  });
  if (!problems.empty()) return fail(core::join(std::move(problems)));
  return node;
}

core::Result<bool> evaluate_condition(const Node& condition, const Object& variables) {
  const CelSemantics semantics(variables);
  TRY_ASSIGN(auto result, evaluate(condition, semantics));
  return semantics.truth(result, condition);
}

}  // namespace slipway::expr::cel
