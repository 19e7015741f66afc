#pragma once
// CEL, the Common Expression Language, as Kubernetes has it in the validation rules of CustomResourceDefinitions and
// in admission policies: the language of cel-spec with the libraries of an API server (lists, sets, strings,
// regular expressions, urls, ip and cidr, quantity, semver, format, optionals, two-variable comprehensions). An
// expression is compiled once, with its types checked, and evaluated over documents without copying them. Whatever
// is not supported is refused when it is compiled, by name. Not for GitHub's expressions (expr/github.hpp).

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/doc.hpp"
#include "expr/cel/type.hpp"
#include "expr/cel/value.hpp"

namespace slipway::expr::cel {

// The variables that an expression may read. A name may have dots: "variables.replicas" is a variable of its own, and
// the expression `variables.replicas` reads it.
struct Declarations {
  struct Variable {
    std::string name;
    Type type;
  };
  std::vector<Variable> variables;
  Declarations& add(std::string name, Type type = {}) {
    variables.push_back({std::move(name), std::move(type)});
    return *this;
  }
};

struct CompileOptions {
  // What the expression must give: boolean for rules, string for messageExpression; dyn: anything.
  Kind wanted = Kind::dyn;
};

// The cost that evaluations may still have, in the units of cel-go. One for each object that is validated; not for
// several threads.
class Budget {
 public:
  static constexpr std::uint64_t per_call = 1'000'000;      // Kubernetes' PerCallLimit
  static constexpr std::uint64_t per_object = 10'000'000;   // Kubernetes' RuntimeCELCostBudget
  static constexpr std::uint64_t per_policy = 100'000'000;  // ... for admission policies, all bindings together

  explicit Budget(std::uint64_t total = per_object, std::uint64_t call = per_call) : left_(total), call_(call) {}
  std::uint64_t left() const { return left_; }
  bool exhausted() const { return left_ == 0; }
  std::uint64_t call_limit() const { return call_ < left_ ? call_ : left_; }
  void spend(std::uint64_t cost) { left_ -= cost < left_ ? cost : left_; }

 private:
  std::uint64_t left_;
  std::uint64_t call_;
};

// The values of the variables for one evaluation. Documents are borrowed: they must outlive the evaluation and every
// Value that it gave. A variable that is declared and not bound here is an error only when it is read.
class Bindings {
 public:
  Bindings& document(std::string_view name, const doc::Value& value);  // name must outlive this too
  Bindings& value(std::string_view name, Value value);
  // Called at most once, when first read: the `variables` of an admission policy.
  Bindings& lazy(std::string_view name, std::function<Result<Value>()> value);

  struct Bound {
    std::string_view name;
    const doc::Value* document = nullptr;
    mutable Value made;
    mutable bool ready = false;
    std::function<Result<Value>()> make;
  };
  const Bound* find(std::string_view name) const;

 private:
  std::vector<Bound> bound_;
};

// A compiled expression. Immutable, cheap to copy, safe from any thread.
class Program {
 public:
  // The value, or:
  //   invalid_argument    the evaluation failed, in cel-go's words: `no such key: x`, `no such overload`
  //   resource_exhausted  the cost limit of the call, or what is left of the budget, is exceeded:
  //                       "operation cancelled: actual cost limit exceeded"
  // The cost is taken from the budget in every case.
  Result<Value> evaluate(const Bindings& bindings, Budget& budget) const;
  // As above, for rules; an error when the value is neither true nor false.
  Result<bool> evaluate_bool(const Bindings& bindings, Budget& budget) const;

  const Type& type() const;
  // Whether the expression reads this variable: a rule that reads "oldSelf" is a transition rule.
  bool reads(std::string_view variable) const;
  // An upper estimate of what an evaluation may cost, from the sizes that the types declare; what is not said is
  // bounded by the size of a request, 3 MiB. Saturates.
  std::uint64_t estimated_cost() const;
  const std::string& text() const;

  struct Compiled;
  explicit Program(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

 private:
  std::shared_ptr<const Compiled> compiled_;
};

// invalid_argument with one cause for each mistake, or the mistake itself when there is one; the message is cel-go's
// (`undeclared reference to 'x' (in container '')`), the mark's source is named "<input>".
Result<Program> compile(std::string_view text, const Declarations& declarations, const CompileOptions& options = {});

// All mistakes of compile()'s error as cel-go prints them, one after the other:
//   ERROR: <input>:1:6: undefined field 'x'
//    | self.x
//    | .....^
std::string render_mistakes(const Error& error);

}  // namespace slipway::expr::cel
