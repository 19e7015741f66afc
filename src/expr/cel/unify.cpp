#include "expr/cel/unify.hpp"

namespace slipway::expr::cel {

namespace {

bool may_be_null(const Type& type) {
  switch (type.kind()) {
    case Kind::null:
    case Kind::object:
    case Kind::timestamp:
    case Kind::duration:
    case Kind::opaque:
    case Kind::optional:
      return true;
    default:
      return false;
  }
}

bool has_parts(const Type& type) { return type.parts() > 0; }

Type with_parts(const Type& type, std::vector<Type> parts) {
  switch (type.kind()) {
    case Kind::list:
      return Type::list(std::move(parts[0]));
    case Kind::map:
      return Type::map(std::move(parts[0]), std::move(parts[1]));
    case Kind::optional:
      return Type::optional(std::move(parts[0]));
    default:
      return Type::type(std::move(parts[0]));
  }
}

template <class Change>
Type changed(const Type& type, const Change& change) {
  std::vector<Type> parts;
  bool same = true;
  for (std::size_t i = 0; i < type.parts(); ++i) {
    parts.push_back(change(type.part(i)));
    same = same && is_same(parts.back(), type.part(i));
  }
  return same ? type : with_parts(type, std::move(parts));
}

}  // namespace

bool is_same(const Type& a, const Type& b) {
  if (a.kind() != b.kind() || a.parts() != b.parts() || a.name() != b.name()) return false;
  if (a.kind() == Kind::object) return a.declared() == b.declared();
  for (std::size_t i = 0; i < a.parts(); ++i) {
    if (!is_same(a.part(i), b.part(i))) return false;
  }
  return true;
}

bool is_same_or_less(const Type& a, const Type& b) {
  if (a.is_dyn() || a.kind() == Kind::parameter) return true;
  if (b.is_dyn() || b.kind() == Kind::parameter) return false;
  if (a.kind() != b.kind()) return false;
  if (a.kind() == Kind::type) return true;
  if (!has_parts(a)) return is_same(a, b);
  for (std::size_t i = 0; i < a.parts(); ++i) {
    if (!is_same_or_less(a.part(i), b.part(i))) return false;
  }
  return true;
}

Type Unifier::fresh() { return Type::parameter("_var" + std::to_string(next_++)); }

Type Unifier::instantiate(const Type& type, std::map<std::string, Type>& names) {
  if (type.kind() == Kind::parameter) {
    const auto [found, added] = names.try_emplace(type.name());
    if (added) found->second = fresh();
    return found->second;
  }
  if (!has_parts(type)) return type;
  return changed(type, [&](const Type& part) { return instantiate(part, names); });
}

const Type& Unifier::known(const Type& type) const {
  const Type* at = &type;
  while (at->kind() == Kind::parameter) {
    const auto found = known_.find(at->name());
    if (found == known_.end()) break;
    at = &found->second;
  }
  return *at;
}

Type Unifier::resolve(const Type& type, bool to_dyn) const {
  const auto& at = known(type);
  if (at.kind() == Kind::parameter) return to_dyn ? Type() : at;
  if (!has_parts(at)) return at;
  return changed(at, [&](const Type& part) { return resolve(part, to_dyn); });
}

bool Unifier::occurs(const std::string& name, const Type& in) const {
  const auto& at = known(in);
  if (at.kind() == Kind::parameter) return at.name() == name;
  for (std::size_t i = 0; i < at.parts(); ++i) {
    if (occurs(name, at.part(i))) return true;
  }
  return false;
}

bool Unifier::bind(const std::string& name, const Type& type) {
  if (occurs(name, type)) return false;
  learn(name, type);
  return true;
}

void Unifier::learn(const std::string& name, const Type& type) {
  const auto [found, added] = known_.try_emplace(name, type);
  learnt_.emplace_back(name, added ? std::nullopt : std::optional(found->second));
  found->second = type;
}

void Unifier::forget_down_to(std::size_t size) {
  for (; learnt_.size() > size; learnt_.pop_back()) {
    auto& [name, before] = learnt_.back();
    if (before) {
      known_[name] = std::move(*before);
    } else {
      known_.erase(name);
    }
  }
}

bool Unifier::assign(const Type& to, const Type& from) {
  if (to.kind() == Kind::parameter || from.kind() == Kind::parameter) {
    const bool to_is_parameter = to.kind() == Kind::parameter;
    const auto& parameter = to_is_parameter ? to : from;
    const auto& other = to_is_parameter ? from : to;
    const auto& have = known(parameter);
    const auto& given = known(other);
    if (have.kind() == Kind::parameter) {
      if (given.kind() == Kind::parameter && given.name() == have.name()) return true;
      return bind(have.name(), given);
    }
    if (given.kind() == Kind::parameter) return bind(given.name(), have);
    if (!assign(have, given)) return false;
    // What was learnt becomes as general as what was seen.
    if (is_same_or_less(given, have) && !is_same_or_less(have, given)) learn(parameter.name(), given);
    return true;
  }
  if (to.is_dyn() || from.is_dyn()) return true;
  if (to.kind() == Kind::null) return may_be_null(from);
  if (from.kind() == Kind::null) return may_be_null(to);
  if (to.kind() != from.kind()) return false;
  if (to.kind() == Kind::type) return true;
  if (!has_parts(to)) return is_same(to, from);
  for (std::size_t i = 0; i < to.parts(); ++i) {
    if (!assign(to.part(i), from.part(i))) return false;
  }
  return true;
}

bool Unifier::assignable(const Type& to, const Type& from) {
  const auto before = learnt_.size();
  if (assign(to, from)) return true;
  forget_down_to(before);
  return false;
}

bool Unifier::assignable(const std::vector<Type>& to, const std::vector<Type>& from) {
  if (to.size() != from.size()) return false;
  const auto before = learnt_.size();
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (assign(to[i], from[i])) continue;
    forget_down_to(before);
    return false;
  }
  return true;
}

}  // namespace slipway::expr::cel
