#pragma once
// The rules of RBAC: what a Role allows, and whether one set of rules holds all that another gives. Pure; safe from any
// thread. https://kubernetes.io/docs/reference/access-authn-authz/rbac/

#include <string>
#include <string_view>
#include <vector>

#include "core/doc.hpp"
#include "objects/api/caller.hpp"

namespace slipway::objects::rbac {

// What somebody wants to do.
struct Attributes {
  api::Caller user;
  std::string verb;  // "get", "list", ..., "deletecollection"; "bind", "escalate", "impersonate"
  bool is_resource = true;
  std::string group, version, resource, subresource, ns, name;
  std::string path;  // of what is no resource: "/version"
};

// PolicyRule.
struct Rule {
  std::vector<std::string> verbs, groups, resources, names, urls;
  bool operator==(const Rule&) const = default;
};
using Rules = std::vector<Rule>;

Rules rules_from(const doc::Value& list);  // `rules` of a Role or ClusterRole; null gives none
doc::Value to_value(const Rule& rule);

bool allows(const Rule& rule, const Attributes& wanted);
bool allows(const Rules& rules, const Attributes& wanted);

// What `wanted` gives and `held` does not, in single pieces; empty: it is all held.
Rules missing(const Rules& held, const Rules& wanted);
// One line for each, as an API server prints them: {APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}; verbs of
// the same resource stand together.
std::string render(const Rules& rules);

}  // namespace slipway::objects::rbac
