// The macros of cel-spec, of cel-go's two-variable comprehensions, bindings and optionals, and sortBy of its lists.

#include <array>
#include <optional>

#include "expr/cel/parser.hpp"

namespace slipway::expr::cel {

namespace {

struct Shape {
  std::string_view name;
  std::size_t arguments;
  Macro macro;
  std::size_t variables;
  bool filtered = false;  // the one before the last argument is a filter
};

constexpr std::array<Shape, 20> shapes{{
    {"all", 2, Macro::all, 1},
    {"all", 3, Macro::all, 2},
    {"exists", 2, Macro::exists, 1},
    {"exists", 3, Macro::exists, 2},
    {"exists_one", 2, Macro::exists_one, 1},
    {"existsOne", 2, Macro::exists_one, 1},
    {"existsOne", 3, Macro::exists_one, 2},
    {"map", 2, Macro::map, 1},
    {"map", 3, Macro::map, 1, true},
    {"filter", 2, Macro::filter, 1},
    {"transformList", 3, Macro::transform_list, 2},
    {"transformList", 4, Macro::transform_list, 2, true},
    {"transformMap", 3, Macro::transform_map, 2},
    {"transformMap", 4, Macro::transform_map, 2, true},
    {"transformMapEntry", 3, Macro::transform_map_entry, 2},
    {"transformMapEntry", 4, Macro::transform_map_entry, 2, true},
    {"sortBy", 2, Macro::sort_by, 1},
    {"optMap", 2, Macro::opt_map, 1},
    {"optFlatMap", 2, Macro::opt_flat_map, 1},
    {"bind", 3, Macro::bind, 1},
}};

std::optional<Mistake> name_variables(const Expr& call, std::size_t count, Expr& made) {
  for (std::size_t i = 1; i <= count; ++i) {
    const auto& variable = call.children[i];
    if (variable.kind != Expr::Kind::name) return Mistake{variable.offset, "argument must be a simple name"};
    if (count == 2 && i == 2 && variable.name == made.variables[0]) {
      return Mistake{variable.offset, "duplicate variable name: " + variable.name};
    }
    made.variables.push_back(variable.name);
  }
  return std::nullopt;
}

std::optional<Mistake> expand_has(Expr& call) {
  auto& field = call.children[0];
  if (field.kind != Expr::Kind::select || field.optional)
    return Mistake{field.offset, "invalid argument to has() macro"};
  const auto offset = call.offset;
  auto made = std::move(field);
  made.kind = Expr::Kind::has;
  made.offset = offset;
  call = std::move(made);
  return std::nullopt;
}

}  // namespace

std::optional<Mistake> expand_macro(Expr& call) {
  if (!call.member) {
    if (call.name == "has" && call.children.size() == 1) return expand_has(call);
    return std::nullopt;
  }
  for (const auto& shape : shapes) {
    if (shape.name != call.name || shape.arguments + 1 != call.children.size()) continue;
    const bool bind = shape.macro == Macro::bind;
    if (bind && (call.children[0].kind != Expr::Kind::name || call.children[0].name != "cel")) continue;
    Expr made;
    made.kind = Expr::Kind::comprehension;
    made.macro = shape.macro;
    made.offset = call.offset;
    made.depth = call.depth;
    made.name = call.name;
    if (auto mistake = name_variables(call, shape.variables, made)) return mistake;
    made.children.push_back(std::move(bind ? call.children[2] : call.children[0]));
    made.children.push_back(std::move(call.children.back()));
    if (shape.filtered) made.children.push_back(std::move(call.children[call.children.size() - 2]));
    call = std::move(made);
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace slipway::expr::cel
