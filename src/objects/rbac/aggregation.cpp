#include "objects/rbac/aggregation.hpp"

#include <algorithm>

#include "objects/rbac/policy.hpp"

namespace slipway::objects::rbac {
namespace {

constexpr Kind cluster_role{group_name, "v1", "ClusterRole", "clusterroles", false};

bool is_aggregated(const Object& role) { return role.document()["aggregationRule"].is_object(); }

}  // namespace

doc::Array aggregated_rules(const Object& role, const std::vector<Object>& all) {
  doc::Array rules;
  const auto& selectors = role.document()["aggregationRule"]["clusterRoleSelectors"];
  for (std::size_t i = 0; i < selectors.size(); ++i) {
    const auto selector = LabelSelector::from_value(selectors[i]);
    if (!selector) continue;
    for (const auto& other : all) {
      if (other.name() == role.name() || !selector->matches(other.labels())) continue;
      const auto& given = other.document()["rules"];
      for (std::size_t k = 0; k < given.size(); ++k) {
        if (std::ranges::find(rules, given[k]) == rules.end()) rules.push_back(given[k]);
      }
    }
  }
  return rules;
}

AggregationController::AggregationController(core::World& world, Store& store)
    : store_(store), controller_(world, store, "clusterrole-aggregation-controller", *this) {
  controller_.watches(cluster_role, [this](const Object& changed) { return concerned(changed); });
}

std::vector<Name> AggregationController::concerned(const Object& changed) {
  if (is_aggregated(changed)) {
    aggregated_.insert(changed.name());
    return {changed.name()};
  }
  aggregated_.erase(changed.name());
  // Whatever its labels are now: it may have lost the one that it was gathered by.
  return {aggregated_.begin(), aggregated_.end()};
}

Result<> AggregationController::start() { return controller_.start(); }

Result<Outcome> AggregationController::reconcile(const Name& name) {
  TRY_ASSIGN(const auto role, store_.find(cluster_role, name));
  if (!role) aggregated_.erase(name);
  if (!role || !is_aggregated(*role)) return Outcome{};
  TRY_ASSIGN(const auto all, store_.list(cluster_role));
  auto rules = aggregated_rules(*role, all.items);
  if (role->document()["rules"] == doc::Value(rules)) return Outcome{};
  auto changed = *role;
  changed.document().at_or_insert("rules") = std::move(rules);
  TRY(store_.update(std::move(changed)));
  // What aggregates this one in turn: edit is part of admin.
  for (const auto& other : all.items) {
    if (is_aggregated(other) && !(other.name() == name)) controller_.enqueue(other.name());
  }
  return Outcome{};
}

}  // namespace slipway::objects::rbac
