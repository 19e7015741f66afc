#pragma once
// The syntax tree of one expression: first as parsed, then with what checking found.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/regex.hpp"
#include "expr/cel/value.hpp"

namespace slipway::expr::cel {

struct Overload;

enum class Macro : std::uint8_t {
  all,
  exists,
  exists_one,
  map,
  filter,
  transform_list,
  transform_map,
  transform_map_entry,
  sort_by,
  bind,     // cel.bind(variable, value, result)
  opt_map,  // optional.optMap(variable, result)
  opt_flat_map,
};

// Calls that the evaluator makes itself: some of their arguments may not be wanted.
enum class Special : std::uint8_t {
  none,
  and_,
  or_,
  conditional,
  type_of,
  equal,
  not_equal,
  in_list,
  or_optional,
  or_value
};

struct Expr {
  enum class Kind : std::uint8_t {
    literal,        // `literal`
    name,           // `name`, perhaps with a leading dot
    select,         // children[0] . `name`
    has,            // has(children[0] . `name`)
    call,           // `name` (children...), children[0] the receiver when `member`. Operators too: "_+_"
    list,           // [children...]
    map,            // {children[0]: children[1], ...}
    comprehension,  // children: range, result or predicate, filter (may be missing)
    constant,       // of a type: `int`; `literal` is a TypeName
    variable,       // checked: a declared variable, number `slot` in the program
    local,          // checked: a comprehension's variable, number `slot` in the frame
  };
  Kind kind = Kind::literal;
  Macro macro = Macro::all;
  Special special = Special::none;
  bool member = false;
  bool optional = false;        // select: ?. ; index: [?]
  bool typed_optional = false;  // checked: the operand of a select is known to be an optional
  std::uint32_t offset = 0;     // where to point: the operator, the dot, the name
  std::uint32_t depth = 1;      // of the tree below and with this
  std::uint32_t slot = 0;
  std::string name;
  std::string unescaped;  // select: the property's real name; "" when it cannot be one
  Value literal;
  std::vector<Expr> children;
  std::vector<bool> optional_entries;        // list and map: written with ?
  std::vector<std::string> variables;        // comprehension: one or two
  std::vector<const Overload*> overloads;    // call, checked: those that may fit
  std::shared_ptr<const core::Regex> regex;  // matches, find, findAll with a literal pattern
  Type type;
};

}  // namespace slipway::expr::cel
