#include "objects/rbac/policy.hpp"

#include <algorithm>

namespace slipway::objects::rbac {

RoleReference role_reference_of(const doc::Value& binding) {
  const auto& reference = binding["roleRef"];
  return {reference["kind"].string_or("") == "ClusterRole", reference["name"].string_or("")};
}

bool Policy::Subject::is(const api::Caller& user) const {
  if (kind == "User") return user.name == name;
  if (kind == "Group") return user.is_in(name);
  if (kind != "ServiceAccount" || ns.empty()) return false;
  const auto account = api::account_name_of(user.name);
  return account.name == name && account.ns == ns;
}

bool Policy::Binding::is_for(const api::Caller& user) const {
  return std::ranges::any_of(subjects, [&](const Subject& subject) { return subject.is(user); });
}

Policy::Binding Policy::read_binding(const Object& binding) {
  Binding read{role_reference_of(binding.document()), {}};
  const auto& subjects = binding.document()["subjects"];
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    Subject subject{subjects[i]["kind"].string_or(""), subjects[i]["name"].string_or(""),
                    subjects[i]["namespace"].string_or("")};
    // A RoleBinding's own namespace is meant where none is said.
    if (subject.ns.empty()) subject.ns = binding.name().ns;
    read.subjects.push_back(std::move(subject));
  }
  return read;
}

void Policy::add_role(const Object& role) { roles_[role.name()] = rules_from(role.document()["rules"]); }
void Policy::add_cluster_role(const Object& role) {
  cluster_roles_[role.name().name] = rules_from(role.document()["rules"]);
}
void Policy::add_binding(const Object& binding) { bindings_[binding.name().ns].push_back(read_binding(binding)); }
void Policy::add_cluster_binding(const Object& binding) { cluster_bindings_.push_back(read_binding(binding)); }

const Rules* Policy::find_rules(const RoleReference& reference, const std::string& ns) const {
  if (reference.is_cluster) {
    const auto found = cluster_roles_.find(reference.name);
    return found == cluster_roles_.end() ? nullptr : &found->second;
  }
  const auto found = roles_.find(Name{ns, reference.name});
  return found == roles_.end() ? nullptr : &found->second;
}

// `visitor` gets the rules, or null and the role that is not there; it says whether to go on.
template <class Visit>
void Policy::visit(const api::Caller& user, const std::string& ns, const Visit& visitor) const {
  for (const auto& binding : cluster_bindings_) {
    if (binding.is_for(user) && !visitor(find_rules(binding.role, {}), binding.role)) return;
  }
  const auto here = bindings_.find(ns);
  if (ns.empty() || here == bindings_.end()) return;
  for (const auto& binding : here->second) {
    if (binding.is_for(user) && !visitor(find_rules(binding.role, ns), binding.role)) return;
  }
}

bool Policy::is_allowed(const Attributes& wanted) const {
  bool allowed = false;
  visit(wanted.user, wanted.ns, [&](const Rules* rules, const RoleReference&) {
    allowed = rules != nullptr && allows(*rules, wanted);
    return !allowed;
  });
  return allowed;
}

Policy::Held Policy::rules_for(const api::Caller& user, const std::string& ns) const {
  Held held;
  visit(user, ns, [&](const Rules* rules, const RoleReference& role) {
    if (rules != nullptr) {
      held.rules.insert(held.rules.end(), rules->begin(), rules->end());
    } else {
      held.problems.push_back(std::string(role.is_cluster ? "clusterrole." : "role.") + std::string(group_name) +
                              " \"" + role.name + "\" not found");
    }
    return true;
  });
  return held;
}

}  // namespace slipway::objects::rbac
