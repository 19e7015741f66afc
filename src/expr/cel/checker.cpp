#include "expr/cel/checker.hpp"

#include <array>
#include <optional>

#include "expr/cel/functions.hpp"
#include "expr/cel/unify.hpp"
#include "expr/cel/validate.hpp"

namespace slipway::expr::cel {

namespace {

// What the type of an expression with mistakes is: fits everywhere, so that one mistake is told once.
const Type unknown;

struct Local {
  std::string name;
  std::uint32_t slot;
  Type type;
};

std::optional<std::string> dotted_name(const Expr& expr) {
  if (expr.kind == Expr::Kind::name) return expr.name;
  if (expr.kind != Expr::Kind::select || expr.optional) return std::nullopt;
  auto of = dotted_name(expr.children[0]);
  if (!of) return std::nullopt;
  return *of + "." + expr.name;
}

const Expr& root_of(const Expr& expr) { return expr.kind == Expr::Kind::select ? root_of(expr.children[0]) : expr; }

class Checker {
 public:
  Checker(const Declarations& declarations, Checked& out) : declarations_(declarations), out_(out) {}

  Type check(Expr& expr) {
    expr.type = unifier_.resolve(type_of(expr));
    return expr.type;
  }
  // Nothing more will be learnt: what is not known is dyn.
  void settle(Expr& expr) {
    expr.type = unifier_.resolve(expr.type, true);
    for (auto& child : expr.children) settle(child);
  }

 private:
  Type mistake(const Expr& at, std::string message) {
    if (out_.mistakes.size() < 100) out_.mistakes.push_back({at.offset, std::move(message)});
    return unknown;
  }
  std::string shown(const Type& type) const { return unifier_.resolve(type, true).render(); }
  Type mismatch(const Expr& at, const Type& wanted, const Type& found) {
    return mistake(at, "expected type '" + shown(wanted) + "' but found '" + shown(found) + "'");
  }
  bool want(const Expr& at, const Type& wanted, const Type& found) {
    if (unifier_.assignable(wanted, found)) return true;
    mismatch(at, wanted, found);
    return false;
  }

  Type type_of(Expr& expr) {
    switch (expr.kind) {
      case Expr::Kind::literal:
        return Type(expr.literal.kind());
      case Expr::Kind::name:
        return name(expr);
      case Expr::Kind::select:
      case Expr::Kind::has:
        return select(expr);
      case Expr::Kind::call:
        return call(expr);
      case Expr::Kind::list:
        return list(expr);
      case Expr::Kind::map:
        return map(expr);
      case Expr::Kind::comprehension:
        return comprehension(expr);
      default:
        return expr.type;
    }
  }

  // --- names ---

  const Local* find_local(std::string_view name) const {
    for (auto at = locals_.rbegin(); at != locals_.rend(); ++at) {
      if (at->name == name) return &*at;
    }
    return nullptr;
  }

  // Makes `expr` a variable or a type's constant when `name` is one.
  std::optional<Type> resolve_global(Expr& expr, const std::string& name) {
    for (std::size_t i = 0; i < declarations_.variables.size(); ++i) {
      const auto& variable = declarations_.variables[i];
      if (variable.name != name) continue;
      std::size_t slot = 0;
      while (slot < out_.variables.size() && out_.variables[slot] != i) ++slot;
      if (slot == out_.variables.size()) out_.variables.push_back(static_cast<std::uint32_t>(i));
      expr.kind = Expr::Kind::variable;
      expr.slot = static_cast<std::uint32_t>(slot);
      expr.name = name;
      expr.children.clear();
      return variable.type;
    }
    auto type = find_type(name);
    if (!type) return std::nullopt;
    expr.kind = Expr::Kind::constant;
    expr.literal = Value(TypeName{name});
    expr.children.clear();
    return Type::type(std::move(*type));
  }

  Type name(Expr& expr) {
    if (const auto* local = find_local(expr.name)) {
      expr.kind = Expr::Kind::local;
      expr.slot = local->slot;
      return local->type;
    }
    if (auto type = resolve_global(expr, expr.name)) return std::move(*type);
    return mistake(expr, "undeclared reference to '" + expr.name + "' (in container '')");
  }

  Type select(Expr& expr) {
    const bool test = expr.kind == Expr::Kind::has;
    if (!test && !expr.optional) {
      if (const auto whole = dotted_name(expr); whole && find_local(root_of(expr).name) == nullptr) {
        if (auto type = resolve_global(expr, *whole)) return std::move(*type);
      }
    }
    auto of = check(expr.children[0]);
    if (of.kind() == Kind::optional) {
      expr.typed_optional = true;
      of = unifier_.resolve(of.part(0));
    }
    auto type = field(expr, of);
    if (test) return Kind::boolean;
    return expr.optional || expr.typed_optional ? Type::optional(std::move(type)) : type;
  }

  Type field(const Expr& expr, const Type& of) {
    switch (of.kind()) {
      case Kind::dyn:
        return unknown;
      case Kind::parameter:
        unifier_.assignable(of, unknown);
        return unknown;
      case Kind::map:
        return of.part(1);
      case Kind::object: {
        const auto& declared = of.declared();
        const auto* found = expr.unescaped.empty() ? nullptr : declared.source->field(declared.handle, expr.unescaped);
        if (found == nullptr) return mistake(expr, "undefined field '" + expr.name + "'");
        return Type::of({declared.source, found});
      }
      default:
        return mistake(expr, "type '" + shown(of) + "' does not support field selection");
    }
  }

  // --- calls ---

  Type call(Expr& expr) {
    if (expr.member) {
      const auto receiver = dotted_name(expr.children[0]);
      if (receiver && find_local(root_of(expr.children[0]).name) == nullptr) {
        const auto qualified = *receiver + "." + expr.name;
        if (find_function(qualified) != nullptr) {
          expr.name = qualified;
          expr.member = false;
          expr.children.erase(expr.children.begin());
        }
      }
    }
    if (auto special = special_call(expr)) return std::move(*special);
    const auto* overloads = find_function(expr.name);
    std::vector<Type> arguments;
    for (auto& child : expr.children) arguments.push_back(check(child));
    if (overloads == nullptr) return mistake(expr, "undeclared reference to '" + expr.name + "' (in container '')");
    std::optional<Type> result;
    for (const auto& overload : *overloads) {
      if (overload.member != expr.member || overload.arguments.size() != arguments.size()) continue;
      std::map<std::string, Type> names;
      std::vector<Type> wanted;
      for (const auto& each : overload.arguments) wanted.push_back(unifier_.instantiate(each, names));
      const auto given = unifier_.instantiate(overload.result, names);
      if (!unifier_.assignable(wanted, arguments)) continue;
      expr.overloads.push_back(&overload);
      auto type = unifier_.resolve(given);
      if (!result) {
        result = std::move(type);
      } else if (!is_same(*result, type)) {
        result = unknown;
      }
    }
    if (!result) return no_match(expr, arguments);
    if (expr.name == "_==_") expr.special = Special::equal;
    if (expr.name == "_!=_") expr.special = Special::not_equal;
    if (expr.name == "or" && expr.member) expr.special = Special::or_optional;
    if (expr.name == "orValue" && expr.member) expr.special = Special::or_value;
    return *result;
  }

  Type no_match(const Expr& expr, const std::vector<Type>& arguments) {
    std::string text;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (i > 0) text += expr.member && i == 1 ? ".(" : ", ";
      text += shown(arguments[i]);
    }
    if (!expr.member) text = "(" + text;
    if (expr.member && arguments.size() == 1) text += ".(";
    return mistake(expr, "found no matching overload for '" + expr.name + "' applied to '" + text + ")'");
  }

  std::optional<Type> special_call(Expr& expr) {
    if (expr.member) return std::nullopt;
    if (expr.name == "_&&_" || expr.name == "_||_") {
      expr.special = expr.name == "_&&_" ? Special::and_ : Special::or_;
      for (auto& child : expr.children) want(child, Kind::boolean, check(child));
      return Type(Kind::boolean);
    }
    if (expr.name == "_?_:_") {
      expr.special = Special::conditional;
      std::vector<Type> types;
      for (auto& child : expr.children) types.push_back(check(child));
      const auto either = unifier_.fresh();
      if (!unifier_.assignable({Kind::boolean, either, either}, types)) return no_match(expr, types);
      return unifier_.resolve(either);
    }
    if (expr.name == "type" && expr.children.size() == 1) {
      expr.special = Special::type_of;
      return Type::type(check(expr.children[0]));
    }
    return std::nullopt;
  }

  // --- literals of lists and maps ---

  void join(std::optional<Type>& all, const Type& next) {
    if (!all) {
      all = next;
    } else if (unifier_.assignable(*all, next)) {
      if (!is_same_or_less(*all, next)) all = next;
    } else {
      all = unknown;
    }
  }

  Type entry(Expr& expr, bool optional) {
    auto type = check(expr);
    if (!optional) return type;
    if (type.is_dyn()) return type;
    if (type.kind() != Kind::optional) return mismatch(expr, Type::optional(type), type);
    return unifier_.resolve(type.part(0));
  }

  Type list(Expr& expr) {
    std::optional<Type> element;
    for (std::size_t i = 0; i < expr.children.size(); ++i) {
      join(element, entry(expr.children[i], expr.optional_entries[i]));
    }
    return Type::list(element ? *element : unifier_.fresh());
  }

  Type map(Expr& expr) {
    std::optional<Type> key;
    std::optional<Type> value;
    for (std::size_t i = 0; i + 1 < expr.children.size(); i += 2) {
      join(key, check(expr.children[i]));
      join(value, entry(expr.children[i + 1], expr.optional_entries[i / 2]));
    }
    return Type::map(key ? *key : unifier_.fresh(), value ? *value : unifier_.fresh());
  }

  // --- comprehensions ---

  struct Range {
    Type first, second;  // of the variables; with one variable only `first`
    Type element;        // what filter keeps
  };

  Range range(Expr& expr, const Type& of) {
    const bool two = expr.variables.size() == 2;
    switch (of.kind()) {
      case Kind::list:
        return two ? Range{Kind::integer, of.part(0), of.part(0)} : Range{of.part(0), {}, of.part(0)};
      case Kind::map:
        return Range{of.part(0), of.part(1), of.part(0)};
      case Kind::parameter:
        unifier_.assignable(of, unknown);
        return Range{};
      case Kind::dyn:
        return Range{};
      default:
        mistake(expr.children[0], "expression of type '" + shown(of) +
                                      "' cannot be range of a comprehension (must be list, map, or dynamic)");
        return Range{};
    }
  }

  std::uint32_t push(const std::string& name, const Type& type) {
    const auto slot = static_cast<std::uint32_t>(locals_.size());
    locals_.push_back({name, slot, type});
    out_.locals = std::max(out_.locals, slot + 1);
    return slot;
  }

  Type comprehension(Expr& expr) {
    const auto of = check(expr.children[0]);
    const auto depth = locals_.size();
    Type result;
    if (expr.macro == Macro::bind) {
      expr.slot = push(expr.variables[0], of);
      result = check(expr.children[1]);
    } else if (expr.macro == Macro::opt_map || expr.macro == Macro::opt_flat_map) {
      result = optional_macro(expr, of);
    } else {
      const auto over = range(expr, of);
      expr.slot = push(expr.variables[0], over.first);
      if (expr.variables.size() == 2) push(expr.variables[1], over.second);
      result = loop(expr, over);
    }
    locals_.resize(depth);
    return result;
  }

  Type optional_macro(Expr& expr, const Type& of) {
    const auto held = unifier_.fresh();
    want(expr.children[0], Type::optional(held), of);
    expr.slot = push(expr.variables[0], unifier_.resolve(held));
    auto type = check(expr.children[1]);
    if (expr.macro == Macro::opt_map) return Type::optional(std::move(type));
    const auto inner = unifier_.fresh();
    want(expr.children[1], Type::optional(inner), type);
    return Type::optional(unifier_.resolve(inner));
  }

  Type loop(Expr& expr, const Range& over) {
    auto filter = expr.children.size() == 3 ? check(expr.children[2]) : Type(Kind::boolean);
    auto type = check(expr.children[1]);
    const auto want_condition = [&](const Type& condition, const Type& either) {
      if (unifier_.assignable(Kind::boolean, condition)) return;
      mistake(expr, "found no matching overload for '_?_:_' applied to '(" + shown(condition) + ", " + shown(either) +
                        ", " + shown(either) + ")'");
    };
    if (expr.children.size() == 3) want_condition(filter, Type::list(type));
    switch (expr.macro) {
      case Macro::map:
      case Macro::transform_list:
        return Type::list(std::move(type));
      case Macro::transform_map:
        return Type::map(over.first, std::move(type));
      case Macro::transform_map_entry: {
        const auto key = unifier_.fresh();
        const auto value = unifier_.fresh();
        want(expr.children[1], Type::map(key, value), type);
        return Type::map(unifier_.resolve(key), unifier_.resolve(value));
      }
      case Macro::sort_by:
        return Type::list(over.element);
      case Macro::filter:
        want_condition(type, Type::list(over.element));
        return Type::list(over.element);
      case Macro::exists_one:
        want_condition(type, Kind::integer);
        return Kind::boolean;
      default:
        want(expr.children[1], Kind::boolean, type);
        return Kind::boolean;
    }
  }

  const Declarations& declarations_;
  Checked& out_;
  Unifier unifier_;
  std::vector<Local> locals_;
};

}  // namespace

Checked check(Expr& root, const Declarations& declarations) {
  Checked out;
  Checker checker(declarations, out);
  checker.check(root);
  checker.settle(root);
  if (out.mistakes.empty()) validate(root, out.mistakes);
  return out;
}

}  // namespace slipway::expr::cel
