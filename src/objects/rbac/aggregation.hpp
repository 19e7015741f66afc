#pragma once
// Keeps the rules of ClusterRoles with an aggregationRule: those of all the roles that their selectors find.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles

#include <set>

#include "objects/controller.hpp"

namespace slipway::objects::rbac {

class AggregationController final : public Reconciler {
 public:
  AggregationController(core::World& world, Store& store);
  Result<> start();
  Result<Outcome> reconcile(const Name& name) override;

 private:
  // Those that `changed` may be gathered by, or itself.
  std::vector<Name> concerned(const Object& changed);
  Store& store_;
  std::set<Name> aggregated_;  // roles that gather others, as far as they were seen; some may be gone
  Controller controller_;
};

// The rules that `role` should have: each once, in order of the roles' names. `all`: every ClusterRole.
doc::Array aggregated_rules(const Object& role, const std::vector<Object>& all);

}  // namespace slipway::objects::rbac
