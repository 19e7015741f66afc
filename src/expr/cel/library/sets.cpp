// cel-go's sets extension: lists that are read as sets.

#include "expr/cel/functions.hpp"
#include "expr/cel/map.hpp"

namespace slipway::expr::cel::library {

namespace {

bool has(const List& list, const Value& wanted) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (equal(list.at(i), wanted)) return true;
  }
  return false;
}

bool has_all(const List& list, const List& wanted) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!has(list, wanted.at(i))) return false;
  }
  return true;
}

Value contains(const Call& call) { return Value(has_all(call.as<List>(0), call.as<List>(1))); }
Value equivalent(const Call& call) {
  return Value(has_all(call.as<List>(0), call.as<List>(1)) && has_all(call.as<List>(1), call.as<List>(0)));
}
Value intersects(const Call& call) {
  const auto& list = call.as<List>(0);
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (has(call.as<List>(1), list.at(i))) return Value(true);
  }
  return Value(false);
}

constexpr Line lines[] = {
    {"sets.contains(list<A>, list<A>): bool", contains, Cost::product},
    {"sets.equivalent(list<A>, list<A>): bool", equivalent, Cost::product},
    {"sets.intersects(list<A>, list<A>): bool", intersects, Cost::product},
};

}  // namespace

Library sets() { return lines; }

}  // namespace slipway::expr::cel::library
