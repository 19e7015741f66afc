#include "expr/cel/evaluator.hpp"

#include "expr/cel/cost.hpp"
#include "expr/cel/map.hpp"

namespace slipway::expr::cel {

namespace {

Value some(Value value) { return Value(Optional{std::make_shared<const Value>(std::move(value))}); }

}  // namespace

Value Evaluator::at(const Expr& expr, Value value) const {
  if (!value.is_failure() || value.failure_of().offset != 0) return value;
  return Value::failure_at(value.failure_of(), expr.offset + 1);
}

Value Evaluator::evaluate(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::literal:
    case Expr::Kind::constant:
      return expr.literal;
    case Expr::Kind::local:
      if (!spend(1)) return Value::cost_limit();
      return locals_[expr.slot];
    case Expr::Kind::variable:
      return variable(expr);
    case Expr::Kind::select:
    case Expr::Kind::has:
      return select(expr);
    case Expr::Kind::list:
      return list(expr);
    case Expr::Kind::map:
      return map(expr);
    case Expr::Kind::comprehension:
      return comprehension(expr);
    case Expr::Kind::call:
      return expr.special == Special::none ? call(expr) : special(expr);
    case Expr::Kind::name:
      break;
  }
  return at(expr, Value::failure("undeclared reference to '" + expr.name + "'"));
}

Value Evaluator::variable(const Expr& expr) {
  if (!spend(1)) return Value::cost_limit();
  auto& read = read_[expr.slot];
  if (read) return *read;
  const auto* bound = bindings_.find(expr.name);
  if (bound == nullptr) return at(expr, Value::failure("no such attribute(s): " + expr.name));
  if (bound->document != nullptr) {
    read = Value::of(*bound->document, program_.variables[expr.slot].type.declared());
  } else {
    if (!bound->ready) {
      auto made = bound->make();
      bound->made = made ? std::move(*made) : Value::failure(made.error().message);
      bound->ready = true;
    }
    read = bound->made;
  }
  return at(expr, *read);
}

Value Evaluator::select(const Expr& expr) {
  auto of = evaluate(expr.children[0]);
  if (of.is_failure()) return of;
  const bool test = expr.kind == Expr::Kind::has;
  bool optional = expr.optional;
  if (const auto* maybe = of.get<Optional>()) {
    if (maybe->held == nullptr) return test ? Value(false) : std::move(of);
    optional = !test;
    Value held = *maybe->held;
    of = std::move(held);
  }
  const auto* map = of.get<Map>();
  if (map == nullptr) {
    if (test) return Value(false);
    return optional ? Value(Optional{}) : at(expr, Value::failure("no such key: " + expr.name));
  }
  const std::uint64_t width = map->document != nullptr ? map->document->size() / 64 : 0;
  if (!spend((test ? 0 : 1) + width)) return Value::cost_limit();
  auto found = find_field(*map, expr.name, expr.unescaped);
  if (test) return Value(found.has_value());
  if (!found) return optional ? Value(Optional{}) : at(expr, Value::failure("no such key: " + expr.name));
  if (found->is_failure()) return at(expr, std::move(*found));
  return optional ? some(std::move(*found)) : std::move(*found);
}

Value Evaluator::list(const Expr& expr) {
  if (!spend(10)) return Value::cost_limit();
  std::vector<Value> out;
  out.reserve(expr.children.size());
  for (std::size_t i = 0; i < expr.children.size(); ++i) {
    auto value = evaluate(expr.children[i]);
    if (value.is_failure()) return value;
    if (expr.optional_entries[i]) {
      const auto* optional = value.get<Optional>();
      if (optional == nullptr) return at(expr.children[i], no_overload());
      if (optional->held != nullptr) out.push_back(*optional->held);
    } else {
      out.push_back(std::move(value));
    }
  }
  return Value::list(std::move(out));
}

Value Evaluator::map(const Expr& expr) {
  if (!spend(30)) return Value::cost_limit();
  MapEntries out;
  for (std::size_t i = 0; i + 1 < expr.children.size(); i += 2) {
    auto key = evaluate(expr.children[i]);
    if (key.is_failure()) return key;
    auto value = evaluate(expr.children[i + 1]);
    if (value.is_failure()) return value;
    if (expr.optional_entries[i / 2]) {
      const auto* optional = value.get<Optional>();
      if (optional == nullptr) return at(expr.children[i + 1], no_overload());
      if (optional->held == nullptr) continue;
      Value held = *optional->held;
      value = std::move(held);
    }
    const auto name = key_of(key);
    if (!name || key.kind() == Kind::number) {
      return at(expr.children[i], Value::failure("unsupported key type: " + key.type_name()));
    }
    out.entries.insert_or_assign(*name, std::pair(std::move(key), std::move(value)));
  }
  return make_map(std::move(out));
}

Value Evaluator::call(const Expr& expr) {
  const std::size_t count = expr.children.size();
  if (count == 1) {
    const Value argument = evaluate(expr.children[0]);
    if (argument.is_failure()) return argument;
    return dispatch(expr, {&argument, 1});
  }
  if (count == 2) {
    const std::array<Value, 2> arguments{evaluate(expr.children[0]), evaluate(expr.children[1])};
    for (const auto& argument : arguments) {
      if (argument.is_failure()) return argument;
    }
    return dispatch(expr, arguments);
  }
  std::vector<Value> arguments;
  arguments.reserve(count);
  for (const auto& child : expr.children) {
    arguments.push_back(evaluate(child));
    if (arguments.back().is_failure()) return std::move(arguments.back());
  }
  return dispatch(expr, arguments);
}

Value Evaluator::dispatch(const Expr& expr, std::span<const Value> arguments) {
  for (const auto* overload : expr.overloads) {
    if (overload->accepts(arguments)) return invoke(expr, *overload, arguments);
  }
  // An index of another type than the container's is told by the container.
  if (expr.name.starts_with("_[")) {
    for (const auto& overload : *find_function(expr.name)) {
      if (overload.accepts(arguments)) return invoke(expr, overload, arguments);
    }
  }
  std::string types;
  for (const auto& argument : arguments) types += (types.empty() ? "" : ", ") + argument.type_name();
  const bool is_operator = expr.name.find('_') != std::string::npos || expr.name.front() == '@';
  return at(expr, is_operator ? no_overload() : Value::failure("no such overload: " + expr.name + "(" + types + ")"));
}

Value Evaluator::invoke(const Expr& expr, const Overload& overload, std::span<const Value> arguments) {
  if (!spend(cost_before(overload.cost, arguments))) return Value::cost_limit();
  auto result = at(expr, overload.function({arguments, expr.regex.get()}));
  if (!spend(cost_after(overload.cost, result))) return Value::cost_limit();
  return result;
}

Value Evaluator::special(const Expr& expr) {
  switch (expr.special) {
    case Special::and_:
      return logic(expr, false);
    case Special::or_:
      return logic(expr, true);
    case Special::conditional: {
      const auto condition = evaluate(expr.children[0]);
      if (condition.is_failure()) return condition;
      if (!condition.is_bool()) return at(expr, no_overload());
      return evaluate(expr.children[condition.as_bool() ? 1 : 2]);
    }
    case Special::type_of: {
      const auto value = evaluate(expr.children[0]);
      if (value.is_failure()) return value;
      if (!spend(1)) return Value::cost_limit();
      return Value(TypeName{value.kind() == Kind::type ? "type" : value.type_name()});
    }
    case Special::equal:
    case Special::not_equal:
      return comparison(expr);
    case Special::or_optional:
    case Special::or_value:
      return or_optional(expr);
    default:
      return call(expr);
  }
}

// && and ||: an operand that decides makes up for another that failed, in whichever order they stand.
Value Evaluator::logic(const Expr& expr, bool decides) {
  std::optional<Value> problem;
  for (const auto& child : expr.children) {
    auto value = evaluate(child);
    if (stopped()) return Value::cost_limit();
    if (value.is_bool()) {
      if (value.as_bool() == decides) return value;
      continue;
    }
    if (!problem) problem = value.is_failure() ? std::move(value) : at(expr, no_overload());
  }
  return problem ? std::move(*problem) : Value(!decides);
}

Value Evaluator::comparison(const Expr& expr) {
  const auto left = evaluate(expr.children[0]);
  if (left.is_failure()) return left;
  const auto right = evaluate(expr.children[1]);
  if (right.is_failure()) return right;
  const std::array<Value, 2> both{left, right};
  if (!spend(cost_before(Cost::comparison, both))) return Value::cost_limit();
  std::uint64_t visited = 0;
  const bool same = equal(left, right, visited);
  if (!spend(visited / 16)) return Value::cost_limit();
  return Value(same == (expr.special == Special::equal));
}

Value Evaluator::or_optional(const Expr& expr) {
  const auto left = evaluate(expr.children[0]);
  if (left.is_failure()) return left;
  if (!spend(1)) return Value::cost_limit();
  const auto* optional = left.get<Optional>();
  if (optional == nullptr) return at(expr, no_overload());
  if (optional->held == nullptr) return evaluate(expr.children[1]);
  return expr.special == Special::or_value ? *optional->held : left;
}

}  // namespace slipway::expr::cel
