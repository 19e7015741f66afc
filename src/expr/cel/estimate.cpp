// The static estimate: sizes from the types, everything evaluated once, loops as often as their range is large.

#include <algorithm>
#include <map>
#include <vector>

#include "expr/cel/cost.hpp"

namespace slipway::expr::cel {

namespace {

// What nothing is said of is as large as a request may be.
constexpr std::uint64_t request_bytes = 3U << 20U;
constexpr std::uint64_t most = UINT64_MAX / 4;

std::uint64_t plus(std::uint64_t a, std::uint64_t b) { return std::min(most, a + b); }
std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t out = 0;
  return __builtin_mul_overflow(a, b, &out) ? most : std::min(most, out);
}
std::uint64_t tenth(std::uint64_t size) { return std::max<std::uint64_t>(1, (size + 9) / 10); }

// How large a value of this type may be in JSON at least: how many fit into a request.
std::uint64_t smallest_bytes(const Type& type) {
  switch (type.kind()) {
    case Kind::boolean:
    case Kind::null:
      return 4;
    case Kind::string:
    case Kind::list:
    case Kind::map:
    case Kind::object:
      return 2;
    case Kind::timestamp:
      return 12;
    default:
      return 1;
  }
}

std::uint64_t size_of_type(const Type& type) {
  if (const auto& declared = type.declared(); declared.source != nullptr) {
    if (const auto size = declared.source->max_size(declared.handle); size != 0) return size;
  }
  switch (type.kind()) {
    case Kind::list:
      return request_bytes / (1 + (type.parts() == 0 ? 1 : smallest_bytes(type.part(0))));
    case Kind::map:
      return request_bytes / (4 + (type.parts() == 0 ? 1 : smallest_bytes(type.part(1))));
    case Kind::string:
    case Kind::bytes:
    case Kind::dyn:
      return request_bytes;
    default:
      return 1;
  }
}

class Estimator {
 public:
  std::uint64_t cost(const Expr& expr) {
    switch (expr.kind) {
      case Expr::Kind::literal:
      case Expr::Kind::constant:
        return 0;
      case Expr::Kind::has:
        return cost(expr.children[0]);
      case Expr::Kind::comprehension:
        return loop(expr);
      case Expr::Kind::list:
        return plus(10, children(expr));
      case Expr::Kind::map:
        return plus(30, children(expr));
      case Expr::Kind::call:
        return call(expr);
      default:
        return plus(1, children(expr));
    }
  }

 private:
  std::uint64_t children(const Expr& expr) {
    std::uint64_t total = 0;
    for (const auto& child : expr.children) total = plus(total, cost(child));
    return total;
  }

  // The most characters or elements that an expression may give.
  std::uint64_t size(const Expr& expr) {
    switch (expr.kind) {
      case Expr::Kind::literal:
        if (expr.literal.is_string()) return expr.literal.as_string().size();
        if (const auto* bytes = expr.literal.get<Bytes>()) return bytes->view.size();
        return 1;
      case Expr::Kind::local:
        if (const auto key = keys_.find(expr.slot); key != keys_.end()) return key->second;
        break;
      case Expr::Kind::list:
        return expr.children.size();
      case Expr::Kind::map:
        return expr.children.size() / 2;
      case Expr::Kind::comprehension:
        if (expr.macro == Macro::bind || expr.type.kind() == Kind::boolean) break;
        return size(expr.children[0]);
      case Expr::Kind::call:
        if (expr.name == "_+_") return plus(size(expr.children[0]), size(expr.children[1]));
        if (expr.name == "_?_:_") return std::max(size(expr.children[1]), size(expr.children[2]));
        if (keeps_size(expr.name)) return size(expr.children[0]);
        break;
      default:
        break;
    }
    return size_of_type(expr.type);
  }

  static bool keeps_size(const std::string& name) {
    static constexpr std::string_view names[] = {"lowerAscii", "upperAscii", "trim",    "substring", "split", "find",
                                                 "findAll",    "sort",       "reverse", "distinct",  "slice", "string"};
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
  }

  std::uint64_t call(const Expr& expr) {
    if (expr.special == Special::conditional) {
      return plus(cost(expr.children[0]), std::max(cost(expr.children[1]), cost(expr.children[2])));
    }
    if (expr.special == Special::and_ || expr.special == Special::or_) return children(expr);
    std::uint64_t own = 1;
    for (const auto* overload : expr.overloads) own = std::max(own, own_cost(overload->cost, expr));
    return plus(own, children(expr));
  }

  std::uint64_t own_cost(Cost cost, const Expr& expr) {
    const auto at = [&](std::size_t index) { return index < expr.children.size() ? size(expr.children[index]) : 1; };
    switch (cost) {
      case Cost::unit:
        return 1;
      case Cost::text:
        return tenth(at(0));
      case Cost::text_twice:
      case Cost::result_twice:
        return tenth(times(2, at(0)));
      case Cost::affix:
        return tenth(at(1));
      case Cost::contains:
        return times(tenth(at(0)), tenth(at(1)));
      case Cost::concatenation:
        return tenth(plus(at(0), at(1)));
      case Cost::comparison:
        return tenth(std::min(at(0), at(1)));
      case Cost::pattern:
        return times(tenth(plus(1, at(0))), (plus(at(1), 3)) / 4);
      case Cost::format_check:
        return times(tenth(plus(1, at(1))), 15);
      case Cost::elements:
        return at(expr.children.size() - 1);
      case Cost::product:
        return times(at(0), at(expr.children.size() - 1));
      case Cost::traversal:
        return at(0);
    }
    return 1;
  }

  std::uint64_t loop(const Expr& expr) {
    const auto range = cost(expr.children[0]);
    keys_.erase(expr.slot);
    // Kubernetes' own estimate takes the keys of a map for empty.
    if (expr.children[0].type.kind() == Kind::map && expr.macro != Macro::bind) keys_[expr.slot] = 0;
    std::uint64_t step = cost(expr.children[1]);
    if (expr.macro == Macro::bind || expr.macro == Macro::opt_map || expr.macro == Macro::opt_flat_map) {
      return plus(range, step);
    }
    if (expr.children.size() == 3) step = plus(step, cost(expr.children[2]));
    const bool decides = expr.macro == Macro::all || expr.macro == Macro::exists || expr.macro == Macro::exists_one;
    step = plus(step, decides ? 4 : 13);
    return plus(plus(range, 2), times(size(expr.children[0]), step));
  }

  std::map<std::uint32_t, std::uint64_t> keys_;  // sizes of the variables that stand for a map's keys, by slot
};

}  // namespace

std::uint64_t estimate(const Expr& root) { return Estimator().cost(root); }

}  // namespace slipway::expr::cel
