#pragma once
// Policy: all Roles, ClusterRoles and their bindings as they are at one moment, and what they allow whom. A value,
// immutable once filled; pure. Not for where they are kept (authorizer.hpp).

#include <map>
#include <string>
#include <vector>

#include "objects/object.hpp"
#include "objects/rbac/rules.hpp"

namespace slipway::objects::rbac {

inline constexpr std::string_view group_name = "rbac.authorization.k8s.io";

struct RoleReference {
  bool is_cluster = true;
  std::string name;
  bool operator==(const RoleReference&) const = default;
};
RoleReference role_reference_of(const doc::Value& binding);

class Policy {
 public:
  void add_role(const Object& role);
  void add_cluster_role(const Object& role);
  void add_binding(const Object& binding);  // a RoleBinding
  void add_cluster_binding(const Object& binding);

  bool is_allowed(const Attributes& wanted) const;
  // What that user may do in a namespace, cluster-wide rules included; without one: cluster-wide alone.
  // Also what could not be found on the way, in words.
  struct Held {
    Rules rules;
    std::vector<std::string> problems;
  };
  Held rules_for(const api::Caller& user, const std::string& ns) const;
  // nullptr when there is none.
  const Rules* find_rules(const RoleReference& reference, const std::string& ns) const;

 private:
  struct Subject {
    std::string kind, name, ns;
    bool is(const api::Caller& user) const;
  };
  struct Binding {
    RoleReference role;
    std::vector<Subject> subjects;
    bool is_for(const api::Caller& user) const;
  };
  static Binding read_binding(const Object& binding);
  template <class Visit>
  void visit(const api::Caller& user, const std::string& ns, const Visit& visitor) const;

  std::map<std::string, Rules, std::less<>> cluster_roles_;
  std::map<Name, Rules> roles_;
  std::vector<Binding> cluster_bindings_;
  std::map<std::string, std::vector<Binding>, std::less<>> bindings_;  // by namespace
};

}  // namespace slipway::objects::rbac
