// The macros that walk a list or map, with the cost that cel-go's expansion of them has: reading and testing the
// accumulator at each step, making a list of one and joining it.

#include <algorithm>

#include "expr/cel/evaluator.hpp"
#include "expr/cel/map.hpp"

namespace slipway::expr::cel {

namespace {

constexpr std::uint64_t test_cost = 3;     // not_strictly_false(accumulator), accumulator && predicate
constexpr std::uint64_t append_cost = 12;  // accumulator + [element]

}  // namespace

Value Evaluator::comprehension(const Expr& expr) {
  if (expr.macro == Macro::bind) return bound(expr);
  if (expr.macro == Macro::opt_map || expr.macro == Macro::opt_flat_map) return optional_macro(expr);
  const auto range = evaluate(expr.children[0]);
  if (range.is_failure()) return range;
  if (range.kind() != Kind::list && range.kind() != Kind::map) return at(expr, no_overload());
  switch (expr.macro) {
    case Macro::all:
    case Macro::exists:
      return decide(expr, range);
    case Macro::exists_one:
      return count_one(expr, range);
    case Macro::transform_map:
    case Macro::transform_map_entry:
      return collect_map(expr, range);
    case Macro::sort_by:
      return sort_by(expr, range);
    default:
      return collect(expr, range);
  }
}

Value Evaluator::bound(const Expr& expr) {
  // A value that failed fails where it is read, if it is.
  auto value = evaluate(expr.children[0]);
  if (stopped()) return value;
  locals_[expr.slot] = std::move(value);
  return evaluate(expr.children[1]);
}

Value Evaluator::optional_macro(const Expr& expr) {
  auto value = evaluate(expr.children[0]);
  if (value.is_failure()) return value;
  const auto* optional = value.get<Optional>();
  if (optional == nullptr) return at(expr, no_overload());
  if (optional->held == nullptr) return value;
  locals_[expr.slot] = *optional->held;
  auto result = evaluate(expr.children[1]);
  if (result.is_failure()) return result;
  if (expr.macro == Macro::opt_map) return Value(Optional{std::make_shared<const Value>(std::move(result))});
  if (result.kind() != Kind::optional) return at(expr, no_overload());
  return result;
}

// Sets the variables and calls `step` for each element until it gives a value, which is the result.
template <class Step>
Value Evaluator::each(const Expr& expr, const Value& range, std::uint64_t step_cost, const Step& step) {
  const bool two = expr.variables.size() == 2;
  if (const auto* list = range.get<List>()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (!spend(step_cost)) return Value::cost_limit();
      locals_[expr.slot] = two ? Value(static_cast<std::int64_t>(i)) : list->at(i);
      if (two) locals_[expr.slot + 1] = list->at(i);
      if (std::optional<Value> result = step()) return std::move(*result);
      if (stopped()) return Value::cost_limit();
    }
    return {};
  }
  const auto entries = entries_of(*range.get<Map>());
  for (const auto& [key, value] : entries) {
    if (!spend(step_cost)) return Value::cost_limit();
    locals_[expr.slot] = key;
    if (two) locals_[expr.slot + 1] = value;
    if (std::optional<Value> result = step()) return std::move(*result);
    if (stopped()) return Value::cost_limit();
  }
  return {};
}

Value Evaluator::decide(const Expr& expr, const Value& range) {
  const bool decides = expr.macro == Macro::exists;
  std::optional<Value> problem;
  auto found = each(expr, range, test_cost + (decides ? 1 : 0), [&]() -> std::optional<Value> {
    auto value = evaluate(expr.children[1]);
    if (value.is_bool()) return value.as_bool() == decides ? std::optional(value) : std::nullopt;
    if (!problem) problem = value.is_failure() ? std::move(value) : at(expr, no_overload());
    return std::nullopt;
  });
  if (!spend(1)) return Value::cost_limit();
  if (found.is_bool() || found.is_failure()) return found;
  return problem ? std::move(*problem) : Value(!decides);
}

Value Evaluator::count_one(const Expr& expr, const Value& range) {
  std::size_t count = 0;
  auto problem = each(expr, range, 1, [&]() -> std::optional<Value> {
    auto value = evaluate(expr.children[1]);
    if (value.is_failure()) return value;
    if (!value.is_bool()) return at(expr, no_overload());
    count += value.as_bool() ? 1 : 0;
    return std::nullopt;
  });
  if (problem.is_failure()) return problem;
  if (!spend(2)) return Value::cost_limit();
  return Value(count == 1);
}

Value Evaluator::collect(const Expr& expr, const Value& range) {
  std::vector<Value> out;
  const bool keeps = expr.macro == Macro::filter;
  const Expr* filter = keeps ? &expr.children[1] : expr.children.size() == 3 ? &expr.children[2] : nullptr;
  auto problem = each(expr, range, 1, [&]() -> std::optional<Value> {
    if (filter != nullptr) {
      auto wanted = evaluate(*filter);
      if (wanted.is_failure()) return wanted;
      if (!wanted.is_bool()) return at(expr, no_overload());
      if (!wanted.as_bool()) return std::nullopt;
    }
    if (!spend(append_cost)) return Value::cost_limit();
    auto value = keeps ? locals_[expr.slot] : evaluate(expr.children[1]);
    if (value.is_failure()) return value;
    out.push_back(std::move(value));
    return std::nullopt;
  });
  if (problem.is_failure()) return problem;
  return Value::list(std::move(out));
}

Value Evaluator::collect_map(const Expr& expr, const Value& range) {
  MapEntries out;
  const auto insert = [&](const Value& key, Value value) -> std::optional<Value> {
    const auto name = key_of(key);
    if (!name) return at(expr, Value::failure("unsupported key type: " + key.type_name()));
    if (out.entries.emplace(*name, std::pair(key, std::move(value))).second) return std::nullopt;
    return at(expr, Value::failure("insert failed: key " + scalar_text(key) + " already exists"));
  };
  auto problem = each(expr, range, 1 + append_cost, [&]() -> std::optional<Value> {
    if (expr.children.size() == 3) {
      auto wanted = evaluate(expr.children[2]);
      if (wanted.is_failure()) return wanted;
      if (!wanted.is_bool()) return at(expr, no_overload());
      if (!wanted.as_bool()) return std::nullopt;
    }
    auto value = evaluate(expr.children[1]);
    if (value.is_failure()) return value;
    if (expr.macro == Macro::transform_map) return insert(locals_[expr.slot], std::move(value));
    const auto* map = value.get<Map>();
    if (map == nullptr) return at(expr, no_overload());
    for (auto& [key, element] : entries_of(*map)) {
      if (auto refused = insert(key, element)) return refused;
    }
    return std::nullopt;
  });
  if (problem.is_failure()) return problem;
  return make_map(std::move(out));
}

Value Evaluator::sort_by(const Expr& expr, const Value& range) {
  std::vector<std::pair<Value, Value>> keyed;
  auto problem = each(expr, range, 1 + append_cost, [&]() -> std::optional<Value> {
    auto key = evaluate(expr.children[1]);
    if (key.is_failure()) return key;
    const bool fits = keyed.empty() ? compare(key, key).has_value() : compare(keyed.front().first, key).has_value();
    if (!fits) return at(expr, Value::failure("list elements must have the same type"));
    keyed.emplace_back(std::move(key), locals_[expr.slot]);
    return std::nullopt;
  });
  if (problem.is_failure()) return problem;
  std::stable_sort(keyed.begin(), keyed.end(),
                   [](const auto& a, const auto& b) { return compare(a.first, b.first) == Order::less; });
  std::vector<Value> out;
  for (auto& [key, value] : keyed) out.push_back(std::move(value));
  return Value::list(std::move(out));
}

}  // namespace slipway::expr::cel
