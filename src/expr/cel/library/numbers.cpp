// cel-go's math.greatest() and math.least(), and its base64 functions. Kubernetes has neither; they are here for other
// places that CEL is written in.

#include "core/digest.hpp"
#include "expr/cel/functions.hpp"
#include "expr/cel/map.hpp"
#include "expr/cel/text.hpp"

namespace slipway::expr::cel::library {

namespace {

template <Order better>
Value best_of(std::span<const Value> values) {
  if (values.empty()) return Value::failure("math.@min(list) argument must not be empty");
  const Value* best = &values[0];
  for (const auto& value : values) {
    const bool number = value.kind() == Kind::integer || value.kind() == Kind::uinteger || value.kind() == Kind::number;
    if (!number) return no_overload();
    if (compare(value, *best) == better) best = &value;
  }
  return *best;
}

template <Order better>
Value best_argument(const Call& call) {
  return best_of<better>(call.arguments);
}
template <Order better>
Value best_element(const Call& call) {
  std::vector<Value> values;
  const auto& list = call.as<List>(0);
  for (std::size_t i = 0; i < list.size(); ++i) values.push_back(list.at(i));
  return best_of<better>(values);
}

Value encode(const Call& call) { return text_value(core::base64(call.as<Bytes>(0).view)); }
Value decode(const Call& call) {
  auto bytes = base64_decode(call.text(0));
  return bytes ? Value::bytes(std::move(*bytes)) : Value::failure("illegal base64 data");
}

constexpr auto greatest = best_argument<Order::greater>;
constexpr auto least = best_argument<Order::less>;
constexpr auto greatest_element = best_element<Order::greater>;
constexpr auto least_element = best_element<Order::less>;
constexpr std::string_view numeric = "int uint double";

constexpr Line lines[] = {
    {"math.greatest(T): T", greatest, Cost::unit, numeric},
    {"math.greatest(list<T>): T", greatest_element, Cost::traversal, numeric},
    {"math.greatest(T, T): T", greatest, Cost::unit, numeric},
    {"math.greatest(T, T, T): T", greatest, Cost::unit, numeric},
    {"math.greatest(T, T, T, T): T", greatest, Cost::unit, numeric},
    {"math.greatest(int, T): dyn", greatest, Cost::unit, "uint double"},
    {"math.greatest(uint, T): dyn", greatest, Cost::unit, "int double"},
    {"math.greatest(double, T): dyn", greatest, Cost::unit, "int uint"},
    {"math.least(T): T", least, Cost::unit, numeric},
    {"math.least(list<T>): T", least_element, Cost::traversal, numeric},
    {"math.least(T, T): T", least, Cost::unit, numeric},
    {"math.least(T, T, T): T", least, Cost::unit, numeric},
    {"math.least(T, T, T, T): T", least, Cost::unit, numeric},
    {"math.least(int, T): dyn", least, Cost::unit, "uint double"},
    {"math.least(uint, T): dyn", least, Cost::unit, "int double"},
    {"math.least(double, T): dyn", least, Cost::unit, "int uint"},
    {"base64.encode(bytes): string", encode, Cost::text_twice},
    {"base64.decode(string): bytes", decode, Cost::text_twice},
};

}  // namespace

Library numbers() { return lines; }

}  // namespace slipway::expr::cel::library
