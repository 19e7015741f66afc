// Operators and functions of cel-spec on numbers, text, bytes, lists and maps.

#include <cmath>

#include "expr/cel/functions.hpp"
#include "expr/cel/map.hpp"
#include "expr/cel/text.hpp"

namespace slipway::expr::cel::library {

namespace {

using Nanos = std::chrono::nanoseconds;
constexpr const char* integer_overflow = "integer overflow";
constexpr const char* unsigned_overflow = "unsigned integer overflow";

Value int_result(bool overflow, std::int64_t result) {
  return overflow ? Value::failure(integer_overflow) : Value(result);
}
Value uint_result(bool overflow, std::uint64_t result) {
  return overflow ? Value::failure(unsigned_overflow) : Value(result);
}

Value add_int(const Call& call) {
  std::int64_t out = 0;
  const bool overflow = __builtin_add_overflow(call.integer(0), call.integer(1), &out);
  return int_result(overflow, out);
}
Value subtract_int(const Call& call) {
  std::int64_t out = 0;
  const bool overflow = __builtin_sub_overflow(call.integer(0), call.integer(1), &out);
  return int_result(overflow, out);
}
Value multiply_int(const Call& call) {
  std::int64_t out = 0;
  const bool overflow = __builtin_mul_overflow(call.integer(0), call.integer(1), &out);
  return int_result(overflow, out);
}
Value divide_int(const Call& call) {
  if (call.integer(1) == 0) return Value::failure("division by zero");
  if (call.integer(0) == INT64_MIN && call.integer(1) == -1) return Value::failure(integer_overflow);
  return Value(call.integer(0) / call.integer(1));
}
Value modulo_int(const Call& call) {
  if (call.integer(1) == 0) return Value::failure("modulus by zero");
  if (call.integer(0) == INT64_MIN && call.integer(1) == -1) return Value::failure(integer_overflow);
  return Value(call.integer(0) % call.integer(1));
}
Value negate_int(const Call& call) {
  std::int64_t out = 0;
  const bool overflow = __builtin_sub_overflow(std::int64_t{0}, call.integer(0), &out);
  return int_result(overflow, out);
}

std::uint64_t u(const Call& call, std::size_t index) { return call.as<std::uint64_t>(index); }
Value add_uint(const Call& call) {
  std::uint64_t out = 0;
  const bool overflow = __builtin_add_overflow(u(call, 0), u(call, 1), &out);
  return uint_result(overflow, out);
}
Value subtract_uint(const Call& call) {
  std::uint64_t out = 0;
  const bool overflow = __builtin_sub_overflow(u(call, 0), u(call, 1), &out);
  return uint_result(overflow, out);
}
Value multiply_uint(const Call& call) {
  std::uint64_t out = 0;
  const bool overflow = __builtin_mul_overflow(u(call, 0), u(call, 1), &out);
  return uint_result(overflow, out);
}
Value divide_uint(const Call& call) {
  return u(call, 1) == 0 ? Value::failure("division by zero") : Value(u(call, 0) / u(call, 1));
}
Value modulo_uint(const Call& call) {
  return u(call, 1) == 0 ? Value::failure("modulus by zero") : Value(u(call, 0) % u(call, 1));
}

double d(const Call& call, std::size_t index) { return call.as<double>(index); }
Value add_double(const Call& call) { return Value(d(call, 0) + d(call, 1)); }
Value subtract_double(const Call& call) { return Value(d(call, 0) - d(call, 1)); }
Value multiply_double(const Call& call) { return Value(d(call, 0) * d(call, 1)); }
Value divide_double(const Call& call) { return Value(d(call, 0) / d(call, 1)); }
Value negate_double(const Call& call) { return Value(-d(call, 0)); }

Value add_text(const Call& call) { return text_value(std::string(call.text(0)) += call.text(1)); }
Value add_bytes(const Call& call) {
  return Value::bytes(std::string(call.as<Bytes>(0).view) += call.as<Bytes>(1).view);
}
// What stands in the second list already stands in the first, or takes its place.
Value join_unique(const List& first, const List& second) {
  std::vector<Value> out;
  for (std::size_t i = 0; i < first.size(); ++i) out.push_back(first.at(i));
  std::uint64_t visited = 0;
  for (std::size_t i = 0; i < second.size(); ++i) {
    auto element = second.at(i);
    std::size_t at = 0;
    while (at < out.size() && !same_element(first, out[at], element, visited)) ++at;
    if (at == out.size()) {
      out.push_back(std::move(element));
    } else {
      out[at] = std::move(element);
    }
  }
  return Value::list(std::move(out));
}

Value add_lists(const Call& call) {
  if (uniqueness_of(call.as<List>(0)) != Uniqueness::none) return join_unique(call.as<List>(0), call.as<List>(1));
  std::vector<Value> out;
  out.reserve(call.as<List>(0).size() + call.as<List>(1).size());
  for (std::size_t side = 0; side < 2; ++side) {
    const auto& list = call.as<List>(side);
    for (std::size_t i = 0; i < list.size(); ++i) out.push_back(list.at(i));
  }
  return Value::list(std::move(out));
}

Value moved(Timestamp time, Nanos by, bool back) {
  constexpr std::int64_t second = 1'000'000'000;
  std::int64_t seconds = by.count() / second;
  std::int64_t nanos = by.count() % second;
  if (back) {
    seconds = -seconds;
    nanos = -nanos;
  }
  time.seconds += seconds;
  std::int64_t rest = time.nanos + nanos;
  if (rest < 0) {
    rest += second;
    --time.seconds;
  } else if (rest >= second) {
    rest -= second;
    ++time.seconds;
  }
  time.nanos = static_cast<std::int32_t>(rest);
  return is_valid(time) ? Value(time) : Value::failure("timestamp overflow");
}
Value add_time(const Call& call) { return moved(call.as<Timestamp>(0), call.as<Nanos>(1), false); }
Value add_to_time(const Call& call) { return moved(call.as<Timestamp>(1), call.as<Nanos>(0), false); }
Value subtract_from_time(const Call& call) { return moved(call.as<Timestamp>(0), call.as<Nanos>(1), true); }
Value subtract_times(const Call& call) {
  const auto& a = call.as<Timestamp>(0);
  const auto& b = call.as<Timestamp>(1);
  std::int64_t nanos = 0;
  if (__builtin_mul_overflow(a.seconds - b.seconds, std::int64_t{1'000'000'000}, &nanos) ||
      __builtin_add_overflow(nanos, std::int64_t{a.nanos} - b.nanos, &nanos)) {
    return Value::failure(integer_overflow);
  }
  return Value(Nanos(nanos));
}
Value add_durations(const Call& call) {
  std::int64_t out = 0;
  if (__builtin_add_overflow(call.as<Nanos>(0).count(), call.as<Nanos>(1).count(), &out)) {
    return Value::failure(integer_overflow);
  }
  return Value(Nanos(out));
}
Value subtract_durations(const Call& call) {
  std::int64_t out = 0;
  if (__builtin_sub_overflow(call.as<Nanos>(0).count(), call.as<Nanos>(1).count(), &out)) {
    return Value::failure(integer_overflow);
  }
  return Value(Nanos(out));
}

Value compared(const Call& call, bool less, bool same, bool greater) {
  const auto order = compare(call[0], call[1]);
  if (!order) return no_overload();
  if (*order == Order::unordered) return Value::failure("NaN values cannot be ordered");
  return Value(*order == Order::less ? less : *order == Order::equal ? same : greater);
}
Value is_less(const Call& call) { return compared(call, true, false, false); }
Value is_less_or_equal(const Call& call) { return compared(call, true, true, false); }
Value is_greater(const Call& call) { return compared(call, false, false, true); }
Value is_greater_or_equal(const Call& call) { return compared(call, false, true, true); }

Value is_equal(const Call& call) { return Value(equal(call[0], call[1])); }
Value is_not_equal(const Call& call) { return Value(!equal(call[0], call[1])); }
Value negate_bool(const Call& call) { return Value(!call[0].as_bool()); }

Value in_list(const Call& call) {
  const auto& list = call.as<List>(1);
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (equal(call[0], list.at(i))) return Value(true);
  }
  return Value(false);
}
Value in_map(const Call& call) { return Value(find(call.as<Map>(1), call[0]).has_value()); }

// nullopt: out of bounds; or a failure.
std::optional<Value> element(const List& list, const Value& index) {
  const auto key = key_of(index);
  if (const auto* number = index.get<double>(); number != nullptr && !key) {
    return Value::failure("unsupported index value " + render_double(*number) + " in list");
  }
  if (!key || index.is_string() || index.is_bool()) {
    return Value::failure("unsupported index type '" + index.type_name() + "' in list");
  }
  const auto* position = std::get_if<std::int64_t>(&*key);
  if (position == nullptr || *position < 0 || static_cast<std::uint64_t>(*position) >= list.size()) return std::nullopt;
  return list.at(static_cast<std::size_t>(*position));
}

Value index_list(const Call& call) {
  if (auto found = element(call.as<List>(0), call[1])) return std::move(*found);
  return Value::failure("index out of bounds: " + scalar_text(call[1]));
}
Value index_map(const Call& call) {
  if (auto found = find(call.as<Map>(0), call[1])) return std::move(*found);
  return Value::failure("no such key: " + scalar_text(call[1]));
}

Value as_optional(std::optional<Value> found) {
  if (!found) return Value(Optional{});
  if (found->is_failure()) return std::move(*found);
  return Value(Optional{std::make_shared<const Value>(std::move(*found))});
}
Value maybe_index_list(const Call& call) { return as_optional(element(call.as<List>(0), call[1])); }
Value maybe_index_map(const Call& call) { return as_optional(find(call.as<Map>(0), call[1])); }

// Indexing what may not be there stays something that may not be there.
Value index_optional(const Call& call) {
  const auto& held = call.as<Optional>(0).held;
  if (held == nullptr) return call[0];
  const std::vector<Value> inner{*held, call[1]};
  if (held->kind() == Kind::list) return maybe_index_list({inner});
  if (held->kind() == Kind::map) return maybe_index_map({inner});
  return no_overload();
}

std::int64_t whole(std::size_t size) { return static_cast<std::int64_t>(size); }
Value size_of_text(const Call& call) { return Value(whole(count_characters(call.text(0)))); }
Value size_of_bytes(const Call& call) { return Value(whole(call.as<Bytes>(0).view.size())); }
Value size_of_list(const Call& call) { return Value(whole(call.as<List>(0).size())); }
Value size_of_map(const Call& call) { return Value(whole(call.as<Map>(0).size())); }

constexpr std::string_view ordered = "bool int uint double string bytes timestamp duration";

constexpr Line lines[] = {
    {"_+_(int, int): int", add_int},
    {"_+_(uint, uint): uint", add_uint},
    {"_+_(double, double): double", add_double},
    {"_+_(string, string): string", add_text, Cost::concatenation},
    {"_+_(bytes, bytes): bytes", add_bytes, Cost::concatenation},
    {"_+_(list<A>, list<A>): list<A>", add_lists, Cost::concatenation},
    {"_+_(duration, duration): duration", add_durations},
    {"_+_(timestamp, duration): timestamp", add_time},
    {"_+_(duration, timestamp): timestamp", add_to_time},
    {"_-_(int, int): int", subtract_int},
    {"_-_(uint, uint): uint", subtract_uint},
    {"_-_(double, double): double", subtract_double},
    {"_-_(duration, duration): duration", subtract_durations},
    {"_-_(timestamp, timestamp): duration", subtract_times},
    {"_-_(timestamp, duration): timestamp", subtract_from_time},
    {"_*_(int, int): int", multiply_int},
    {"_*_(uint, uint): uint", multiply_uint},
    {"_*_(double, double): double", multiply_double},
    {"_/_(int, int): int", divide_int},
    {"_/_(uint, uint): uint", divide_uint},
    {"_/_(double, double): double", divide_double},
    {"_%_(int, int): int", modulo_int},
    {"_%_(uint, uint): uint", modulo_uint},
    {"-_(int): int", negate_int},
    {"-_(double): double", negate_double},
    {"!_(bool): bool", negate_bool},
    {"_==_(A, A): bool", is_equal, Cost::comparison},
    {"_!=_(A, A): bool", is_not_equal, Cost::comparison},
    {"_<_(T, T): bool", is_less, Cost::comparison, ordered},
    {"_<=_(T, T): bool", is_less_or_equal, Cost::comparison, ordered},
    {"_>_(T, T): bool", is_greater, Cost::comparison, ordered},
    {"_>=_(T, T): bool", is_greater_or_equal, Cost::comparison, ordered},
    {"_<_(int, T): bool", is_less, Cost::unit, "uint double"},
    {"_<_(uint, T): bool", is_less, Cost::unit, "int double"},
    {"_<_(double, T): bool", is_less, Cost::unit, "int uint"},
    {"_<=_(int, T): bool", is_less_or_equal, Cost::unit, "uint double"},
    {"_<=_(uint, T): bool", is_less_or_equal, Cost::unit, "int double"},
    {"_<=_(double, T): bool", is_less_or_equal, Cost::unit, "int uint"},
    {"_>_(int, T): bool", is_greater, Cost::unit, "uint double"},
    {"_>_(uint, T): bool", is_greater, Cost::unit, "int double"},
    {"_>_(double, T): bool", is_greater, Cost::unit, "int uint"},
    {"_>=_(int, T): bool", is_greater_or_equal, Cost::unit, "uint double"},
    {"_>=_(uint, T): bool", is_greater_or_equal, Cost::unit, "int double"},
    {"_>=_(double, T): bool", is_greater_or_equal, Cost::unit, "int uint"},
    {"@in(A, list<A>): bool", in_list, Cost::elements},
    {"@in(A, map<A, B>): bool", in_map},
    {"_[_](list<A>, int): A", index_list},
    {"_[_](map<A, B>, A): B", index_map},
    {"_[_](optional<list<A>>, int): optional<A>", index_optional},
    {"_[_](optional<map<A, B>>, A): optional<B>", index_optional},
    {"_[?_](list<A>, int): optional<A>", maybe_index_list},
    {"_[?_](map<A, B>, A): optional<B>", maybe_index_map},
    {"_[?_](optional<list<A>>, int): optional<A>", index_optional},
    {"_[?_](optional<map<A, B>>, A): optional<B>", index_optional},
    {"size(string): int", size_of_text},
    {"size(bytes): int", size_of_bytes},
    {"size(list<A>): int", size_of_list},
    {"size(map<A, B>): int", size_of_map},
    {"string->size(): int", size_of_text},
    {"bytes->size(): int", size_of_bytes},
    {"list<A>->size(): int", size_of_list},
    {"map<A, B>->size(): int", size_of_map},
};

}  // namespace

Library arithmetic() { return lines; }

}  // namespace slipway::expr::cel::library
