#pragma once
// What is done with lists and maps, whether they are a document's or an expression's own: look-up, walk, equality and
// order of values as CEL has them (1 == 1u == 1.0, a string is never a number).

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "expr/cel/value.hpp"

namespace slipway::expr::cel {

// true < numbers < text; whole numbers are one however they are written.
using Key = std::variant<bool, std::int64_t, std::uint64_t, std::string>;

struct MapEntries {
  std::map<Key, std::pair<Value, Value>> entries;  // the key as it was given, and the value
};

// nullopt: such a value cannot be a key (a list, 1.5, null).
std::optional<Key> key_of(const Value& value);

std::optional<Value> find(const Map& map, const Value& key);
// A field by name. `unescaped` is the name with Kubernetes' escapes undone: what objects with a schema call it.
std::optional<Value> find_field(const Map& map, std::string_view name, std::string_view unescaped);
// Calls `visit` for each entry until it gives false. Objects with a schema show only what it knows.
void each_entry(const Map& map, const std::function<bool(const Value& key, const Value& value)>& visit);
// The entries as a vector, so that they can be walked without a callback.
std::vector<std::pair<Value, Value>> entries_of(const Map& map);
Value make_map(MapEntries entries);

// `visited` grows by one for each value looked at: comparing large documents has its price.
bool equal(const Value& a, const Value& b, std::uint64_t& visited);
inline bool equal(const Value& a, const Value& b) {
  std::uint64_t visited = 0;
  return equal(a, b, visited);
}
Uniqueness uniqueness_of(const List& list);
// Whether two elements are the same one, as the type of the list tells its elements apart.
bool same_element(const List& of, const Value& a, const Value& b, std::uint64_t& visited);

std::string scalar_text(const Value& value);  // as messages show it; the type's name for what is no scalar

// nullopt: these have no order (a string and a number, two lists). unordered: a NaN is among them.
enum class Order { less, equal, greater, unordered };
std::optional<Order> compare(const Value& a, const Value& b);

// Kubernetes' names for properties that are no identifiers: "x__dash__y" is "x-y", "__namespace__" is "namespace"
// (which may be said plainly, too). nullopt: no property is called so, because of an unknown escape.
std::optional<std::string> unescape_property(std::string_view name);

}  // namespace slipway::expr::cel
