// Lists: Kubernetes' own functions, and those of cel-go's lists extension; sortBy is a macro.

#include <algorithm>

#include "expr/cel/functions.hpp"
#include "expr/cel/map.hpp"

namespace slipway::expr::cel::library {

namespace {

std::vector<Value> elements_of(const List& list) {
  std::vector<Value> out;
  out.reserve(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) out.push_back(list.at(i));
  return out;
}

Value number(std::size_t value) { return Value(static_cast<std::int64_t>(value)); }

Value is_sorted(const Call& call) {
  const auto& list = call.as<List>(0);
  for (std::size_t i = 1; i < list.size(); ++i) {
    const auto order = compare(list.at(i - 1), list.at(i));
    if (!order) return no_overload();
    if (*order == Order::greater) return Value(false);
  }
  return Value(true);
}

template <class T>
Value sum(const Call& call) {
  const auto& list = call.as<List>(0);
  const auto* add = find_function("_+_");
  Value total(T{});
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::vector<Value> both{std::move(total), list.at(i)};
    total = no_overload();
    for (const auto& overload : *add) {
      if (!overload.accepts(both)) continue;
      total = overload.function({both});
      break;
    }
    if (total.is_failure()) return total;
  }
  return total;
}

template <Order better>
Value extreme(const Call& call) {
  const auto& list = call.as<List>(0);
  if (list.size() == 0)
    return Value::failure(std::string(better == Order::less ? "min" : "max") + " called on empty list");
  Value best = list.at(0);
  for (std::size_t i = 1; i < list.size(); ++i) {
    auto next = list.at(i);
    const auto order = compare(next, best);
    if (!order) return no_overload();
    if (*order == better) best = std::move(next);
  }
  return best;
}

Value index_of(const Call& call) {
  const auto& list = call.as<List>(0);
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (equal(list.at(i), call[1])) return number(i);
  }
  return Value(std::int64_t{-1});
}
Value last_index_of(const Call& call) {
  const auto& list = call.as<List>(0);
  for (std::size_t i = list.size(); i > 0; --i) {
    if (equal(list.at(i - 1), call[1])) return number(i - 1);
  }
  return Value(std::int64_t{-1});
}

Value slice(const Call& call) {
  const auto& list = call.as<List>(0);
  const auto start = call.integer(1);
  const auto end = call.integer(2);
  const auto range = "cannot slice(" + std::to_string(start) + ", " + std::to_string(end) + "), ";
  if (start < 0 || end < 0) return Value::failure(range + "negative indexes not supported");
  if (start > end) return Value::failure(range + "start index must be less than or equal to end index");
  if (static_cast<std::uint64_t>(end) > list.size()) {
    return Value::failure(range + "list is length " + std::to_string(list.size()));
  }
  std::vector<Value> out;
  for (auto i = start; i < end; ++i) out.push_back(list.at(static_cast<std::size_t>(i)));
  return Value::list(std::move(out));
}

void flatten_into(std::vector<Value>& out, const List& list, std::int64_t depth) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto element = list.at(i);
    const auto* inner = element.get<List>();
    if (inner == nullptr || depth == 0) {
      out.push_back(std::move(element));
    } else {
      flatten_into(out, *inner, depth - 1);
    }
  }
}
Value flatten(const Call& call) {
  const auto depth = call.arguments.size() == 2 ? call.integer(1) : 1;
  if (depth < 0) return Value::failure("level must be non-negative");
  std::vector<Value> out;
  flatten_into(out, call.as<List>(0), depth);
  return Value::list(std::move(out));
}

Value sort(const Call& call) {
  auto out = elements_of(call.as<List>(0));
  for (std::size_t i = 1; i < out.size(); ++i) {
    if (!compare(out[0], out[i])) return Value::failure("list elements must have the same type");
  }
  std::stable_sort(out.begin(), out.end(), [](const Value& a, const Value& b) { return compare(a, b) == Order::less; });
  return Value::list(std::move(out));
}

Value range(const Call& call) {
  constexpr std::int64_t most = 1'000'000;
  if (call.integer(0) > most) return Value::failure("lists.range() of more than 1000000 elements");
  std::vector<Value> out;
  for (std::int64_t i = 0; i < call.integer(0); ++i) out.push_back(Value(i));
  return Value::list(std::move(out));
}

Value reverse(const Call& call) {
  auto out = elements_of(call.as<List>(0));
  std::reverse(out.begin(), out.end());
  return Value::list(std::move(out));
}

Value distinct(const Call& call) {
  std::vector<Value> out;
  const auto& list = call.as<List>(0);
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto element = list.at(i);
    const bool seen = std::any_of(out.begin(), out.end(), [&](const Value& other) { return equal(element, other); });
    if (!seen) out.push_back(std::move(element));
  }
  return Value::list(std::move(out));
}

Value optional_of(Value value) { return Value(Optional{std::make_shared<const Value>(std::move(value))}); }
Value first(const Call& call) {
  const auto& list = call.as<List>(0);
  return list.size() == 0 ? Value(Optional{}) : optional_of(list.at(0));
}
Value last(const Call& call) {
  const auto& list = call.as<List>(0);
  return list.size() == 0 ? Value(Optional{}) : optional_of(list.at(list.size() - 1));
}

Value includes(const Call& call) {
  if (call[0].kind() != Kind::list) return Value(equal(call[0], call[1]));
  const std::vector<Value> swapped{call[0], call[1]};
  return Value(*index_of({swapped}).get<std::int64_t>() >= 0);
}

constexpr std::string_view ordered = "int uint double bool duration timestamp string bytes";

constexpr Line lines[] = {
    {"list<T>->isSorted(): bool", is_sorted, Cost::traversal, ordered},
    {"list<int>->sum(): int", sum<std::int64_t>, Cost::traversal},
    {"list<uint>->sum(): uint", sum<std::uint64_t>, Cost::traversal},
    {"list<double>->sum(): double", sum<double>, Cost::traversal},
    {"list<duration>->sum(): duration", sum<std::chrono::nanoseconds>, Cost::traversal},
    {"list<T>->max(): T", extreme<Order::greater>, Cost::traversal, ordered},
    {"list<T>->min(): T", extreme<Order::less>, Cost::traversal, ordered},
    {"list<A>->indexOf(A): int", index_of, Cost::traversal},
    {"list<A>->lastIndexOf(A): int", last_index_of, Cost::traversal},
    {"dyn->includes(dyn): bool", includes, Cost::traversal},
    {"list<A>->slice(int, int): list<A>", slice, Cost::traversal},
    {"list<list<A>>->flatten(): list<A>", flatten, Cost::traversal},
    {"list<dyn>->flatten(int): list<dyn>", flatten, Cost::traversal},
    {"list<T>->sort(): list<T>", sort, Cost::traversal, ordered},
    {"lists.range(int): list<int>", range, Cost::traversal},
    {"list<A>->reverse(): list<A>", reverse, Cost::traversal},
    {"list<A>->distinct(): list<A>", distinct, Cost::product},
    {"list<A>->first(): optional<A>", first},
    {"list<A>->last(): optional<A>", last},
};

}  // namespace

Library lists() { return lines; }

}  // namespace slipway::expr::cel::library
