#pragma once
// The functions and operators of CEL: each is a line with its signature, what it does and what it costs. The checker
// reads the signatures, the evaluator calls. A library is a file in library/ that gives such lines.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/regex.hpp"
#include "expr/cel/value.hpp"

namespace slipway::expr::cel {

struct Call {
  std::span<const Value> arguments;    // the receiver first; of the kinds that the signature says
  const core::Regex* regex = nullptr;  // of a literal pattern

  const Value& operator[](std::size_t index) const { return arguments[index]; }
  std::string_view text(std::size_t index) const { return arguments[index].as_string(); }
  std::int64_t integer(std::size_t index) const { return *arguments[index].get<std::int64_t>(); }
  template <class T>
  const T& as(std::size_t index) const {
    return *arguments[index].get<T>();
  }
};

using Function = Value (*)(const Call&);

// What a call costs, as cel-go and Kubernetes count; a character of text is a tenth.
enum class Cost : std::uint8_t {
  unit,
  text,           // the first argument's length
  text_twice,     // ... read and written
  affix,          // the second argument's length
  contains,       // both lengths, multiplied
  concatenation,  // both lengths; the elements of lists
  comparison,     // the shorter length
  pattern,        // length times a quarter of the pattern's
  traversal,      // every element, with the lengths of texts
  elements,       // one for each element of the last argument
  product,        // the elements of both arguments, multiplied
  result_twice,   // the length of the result, written
  format_check,   // the second argument against a long pattern
};

struct Overload {
  std::string name;     // "startsWith", "_+_", "sets.contains"
  bool member = false;  // called on its first argument
  std::vector<Type> arguments;
  Type result;
  Function function = nullptr;
  Cost cost = Cost::unit;
  bool accepts(std::span<const Value> values) const;  // by kind
};

// A line of a library. Signatures: `string->startsWith(string): bool`, `sets.contains(list<A>, list<A>): bool`.
// In `each` stand the types that T in the signature takes one after the other.
struct Line {
  std::string_view signature;
  Function function;
  Cost cost = Cost::unit;
  std::string_view each = "";
};
using Library = std::span<const Line>;

namespace library {
Library arithmetic();
Library conversions();
Library times();
Library strings();
Library string_format();
Library lists();
Library sets();
Library optionals();
Library patterns();
Library network();
Library urls();
Library quantities();
Library versions();
Library formats();
Library numbers();
}  // namespace library

// All overloads of a name, in order of declaration; nullptr: there is no such function.
const std::vector<Overload>* find_function(std::string_view name);
// The type that a name stands for (`int`, `google.protobuf.Duration`); nullopt: none.
std::optional<Type> find_type(std::string_view name);

inline Value no_overload() { return Value::failure("no such overload"); }
inline Value text_value(std::string text) { return Value::string(std::move(text)); }
// A part of a text, sharing its owner.
Value part_of(const Value& text, std::size_t offset, std::size_t length);

template <class T>
Value make_opaque(T value) {
  return Value(std::shared_ptr<const Opaque>(std::make_shared<const T>(std::move(value))));
}
template <class T>
const T& opaque_as(const Value& value) {
  return static_cast<const T&>(**value.get<std::shared_ptr<const Opaque>>());
}

}  // namespace slipway::expr::cel
