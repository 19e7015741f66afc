#include "objects/rbac/escalation.hpp"

namespace slipway::objects::rbac {
namespace {

std::string quoted(const std::vector<std::string>& texts) {
  std::string list;
  for (const auto& text : texts) list += (list.empty() ? "\"" : " \"") + text + "\"";
  return "[" + list + "]";
}

const Rules& everything() {
  static const Rules all = {{{"*"}, {"*"}, {"*"}, {}, {}}, {{"*"}, {}, {}, {}, {"*"}}};
  return all;
}

}  // namespace

api::Answer<> EscalationCheck::validate(const api::Review& review) {
  if (review.resource->group != group_name || review.operation == api::Operation::remove) return {};
  if (review.user.is_in("system:masters")) return {};
  const auto& kind = review.resource->kind;
  return kind == "Role" || kind == "ClusterRole" ? check_role(review) : check_binding(review);
}

bool EscalationCheck::may(const api::Review& review, const char* verb, const char* resource, const std::string& name) {
  Attributes wanted;
  wanted.user = review.user;
  wanted.verb = verb;
  wanted.group = group_name;
  wanted.version = "v1";
  wanted.resource = resource;
  wanted.ns = review.name.ns;
  wanted.name = name;
  return authorizer_.decide(wanted).allowed;
}

api::Answer<> EscalationCheck::refuse_unheld(const api::Review& review, const Rules& wanted) {
  const auto held = authorizer_.policy().rules_for(review.user, review.name.ns);
  const auto lacking = missing(held.rules, wanted);
  if (lacking.empty()) return {};
  std::string why = "user \"" + review.user.name + "\" (groups=" + quoted(review.user.groups) +
                    ") is attempting to grant RBAC permissions not currently held:\n" + render(lacking);
  if (!held.problems.empty()) {
    why += "; resolution errors: [";
    for (std::size_t i = 0; i < held.problems.size(); ++i) why += (i == 0 ? "" : ", ") + held.problems[i];
    why += "]";
  }
  return api::refuse(api::forbidden(*review.resource, review.name.name, why));
}

api::Answer<> EscalationCheck::check_role(const api::Review& review) {
  const bool is_cluster = review.resource->kind == "ClusterRole";
  if (may(review, "escalate", is_cluster ? "clusterroles" : "roles", review.name.name)) return {};
  const auto& aggregation = review.object["aggregationRule"];
  if (aggregation.is_object() && !(aggregation == review.before["aggregationRule"])) {
    const auto held = authorizer_.policy().rules_for(review.user, {});
    if (!missing(held.rules, everything()).empty()) {
      return api::refuse(api::forbidden(*review.resource, review.name.name,
                                        "must have cluster-admin privileges to use the aggregationRule"));
    }
  }
  if (!review.before.is_null() && review.object["rules"] == review.before["rules"]) return {};
  return refuse_unheld(review, rules_from(review.object["rules"]));
}

api::Answer<> EscalationCheck::check_binding(const api::Review& review) {
  const auto reference = role_reference_of(review.object);
  if (!review.before.is_null() && reference == role_reference_of(review.before) &&
      review.object["subjects"] == review.before["subjects"]) {
    return {};
  }
  if (may(review, "bind", reference.is_cluster ? "clusterroles" : "roles", reference.name)) return {};
  const auto* rules = authorizer_.policy().find_rules(reference, review.name.ns);
  if (rules == nullptr) {
    schema::Resource role;
    role.group = group_name;
    role.plural = reference.is_cluster ? "clusterroles" : "roles";
    return api::refuse(api::not_found(role, reference.name));
  }
  return refuse_unheld(review, Rules(*rules));
}

}  // namespace slipway::objects::rbac
