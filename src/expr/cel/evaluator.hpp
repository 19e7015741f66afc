#pragma once
// Walks a checked tree and counts what it costs. One object for one evaluation.

#include <vector>

#include "expr/cel/ast.hpp"
#include "expr/cel/functions.hpp"
#include "expr/cel/program.hpp"

namespace slipway::expr::cel {

struct Program::Compiled {
  std::string text;
  Expr root;
  std::vector<Declarations::Variable> variables;  // those that are read, by slot
  std::uint32_t locals = 0;
};

class Evaluator {
 public:
  Evaluator(const Program::Compiled& program, const Bindings& bindings, std::uint64_t limit)
      : program_(program),
        bindings_(bindings),
        limit_(limit),
        locals_(program.locals),
        read_(program.variables.size()) {}

  Value run() { return evaluate(program_.root); }
  std::uint64_t cost() const { return cost_; }

 private:
  Value evaluate(const Expr& expr);
  Value variable(const Expr& expr);
  Value select(const Expr& expr);
  Value list(const Expr& expr);
  Value map(const Expr& expr);
  Value call(const Expr& expr);
  Value dispatch(const Expr& expr, std::span<const Value> arguments);
  Value invoke(const Expr& expr, const Overload& overload, std::span<const Value> arguments);
  Value special(const Expr& expr);
  Value logic(const Expr& expr, bool decides);
  Value comparison(const Expr& expr);
  Value or_optional(const Expr& expr);
  // Comprehensions: comprehension.cpp.
  Value comprehension(const Expr& expr);
  Value bound(const Expr& expr);
  Value optional_macro(const Expr& expr);
  template <class Step>
  Value each(const Expr& expr, const Value& range, std::uint64_t step_cost, const Step& step);
  Value decide(const Expr& expr, const Value& range);
  Value count_one(const Expr& expr, const Value& range);
  Value collect(const Expr& expr, const Value& range);
  Value collect_map(const Expr& expr, const Value& range);
  Value sort_by(const Expr& expr, const Value& range);

  // False when the limit is exceeded: nothing may be done any more.
  bool spend(std::uint64_t cost) {
    cost_ = cost > limit_ ? limit_ + 1 : cost_ + cost;
    return cost_ <= limit_;
  }
  bool stopped() const { return cost_ > limit_; }
  Value at(const Expr& expr, Value value) const;  // a failure gets its place

  const Program::Compiled& program_;
  const Bindings& bindings_;
  std::uint64_t limit_;
  std::uint64_t cost_ = 0;
  std::vector<Value> locals_;
  std::vector<std::optional<Value>> read_;
};

}  // namespace slipway::expr::cel
