#pragma once
// Type parameters and what they turned out to be, while one expression is checked.

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "expr/cel/type.hpp"

namespace slipway::expr::cel {

class Unifier {
 public:
  // A type parameter that nothing is known of yet.
  Type fresh();
  // `type` with its own parameters (A, B) replaced by fresh ones, the same for the same name.
  Type instantiate(const Type& type, std::map<std::string, Type>& names);
  // Whether a value of type `from` may stand where `to` is wanted; learns parameters on the way, or nothing at all.
  bool assignable(const Type& to, const Type& from);
  bool assignable(const std::vector<Type>& to, const std::vector<Type>& from);
  // What is known of `type`; parameters that nothing is known of stay, or become dyn.
  Type resolve(const Type& type, bool to_dyn = false) const;

 private:
  bool assign(const Type& to, const Type& from);
  bool occurs(const std::string& name, const Type& in) const;
  bool bind(const std::string& name, const Type& type);
  const Type& known(const Type& type) const;

  void learn(const std::string& name, const Type& type);
  void forget_down_to(std::size_t size);

  std::unordered_map<std::string, Type> known_;
  std::vector<std::pair<std::string, std::optional<Type>>> learnt_;  // and what was known before
  int next_ = 0;
};

// Whether `a` says the same as `b` or less: dyn says nothing.
bool is_same_or_less(const Type& a, const Type& b);
bool is_same(const Type& a, const Type& b);

}  // namespace slipway::expr::cel
