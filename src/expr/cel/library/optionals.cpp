// cel-go's optional values; or(), orValue() and the macros read their arguments only when needed, in the evaluator.

#include "expr/cel/functions.hpp"

namespace slipway::expr::cel::library {

namespace {

Value of(const Call& call) { return Value(Optional{std::make_shared<const Value>(call[0])}); }
Value none(const Call&) { return Value(Optional{}); }

bool is_zero(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return !value.as_bool();
    case Kind::integer:
      return *value.get<std::int64_t>() == 0;
    case Kind::uinteger:
      return *value.get<std::uint64_t>() == 0;
    case Kind::number:
      return *value.get<double>() == 0;
    case Kind::string:
      return value.as_string().empty();
    case Kind::bytes:
      return value.get<Bytes>()->view.empty();
    case Kind::duration:
      return value.get<std::chrono::nanoseconds>()->count() == 0;
    case Kind::list:
      return value.get<List>()->size() == 0;
    case Kind::map:
      return value.get<Map>()->size() == 0;
    case Kind::optional:
      return value.get<Optional>()->held == nullptr;
    default:
      return false;
  }
}

Value of_non_zero(const Call& call) { return is_zero(call[0]) ? Value(Optional{}) : of(call); }
Value has_value(const Call& call) { return Value(call.as<Optional>(0).held != nullptr); }
Value value(const Call& call) {
  const auto& held = call.as<Optional>(0).held;
  return held == nullptr ? Value::failure("optional.none() dereference") : *held;
}
Value either(const Call& call) { return call.as<Optional>(0).held != nullptr ? call[0] : call[1]; }
Value value_or(const Call& call) {
  const auto& held = call.as<Optional>(0).held;
  return held != nullptr ? *held : call[1];
}
Value unwrap(const Call& call) {
  std::vector<Value> out;
  const auto& list = call.as<List>(0);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto element = list.at(i);
    const auto* optional = element.get<Optional>();
    if (optional == nullptr) return no_overload();
    if (optional->held != nullptr) out.push_back(*optional->held);
  }
  return Value::list(std::move(out));
}

constexpr Line lines[] = {
    {"optional.of(A): optional<A>", of},
    {"optional.ofNonZeroValue(A): optional<A>", of_non_zero},
    {"optional.none(): optional<A>", none},
    {"optional<A>->hasValue(): bool", has_value},
    {"optional<A>->value(): A", value},
    {"optional<A>->or(optional<A>): optional<A>", either},
    {"optional<A>->orValue(A): A", value_or},
    {"optional.unwrap(list<optional<A>>): list<A>", unwrap, Cost::traversal},
    {"list<optional<A>>->unwrapOpt(): list<A>", unwrap, Cost::traversal},
};

}  // namespace

Library optionals() { return lines; }

}  // namespace slipway::expr::cel::library
