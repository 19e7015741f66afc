// Who may what comes from kubernetes' own defaults (plugin/pkg/auth/authorizer/rbac/bootstrappolicy), as far as the
// kinds here go.

#include "objects/rbac/bootstrap.hpp"

#include <algorithm>
#include <array>

#include "objects/rbac/aggregation.hpp"
#include "objects/rbac/policy.hpp"

namespace slipway::objects::rbac {
namespace {

constexpr Kind cluster_role{group_name, "v1", "ClusterRole", "clusterroles", false};
constexpr Kind cluster_role_binding{group_name, "v1", "ClusterRoleBinding", "clusterrolebindings", false};

constexpr std::string_view reads = "get list watch";
constexpr std::string_view writes = "create delete deletecollection patch update";
constexpr std::string_view all_verbs = "create delete deletecollection get list patch update watch";

// Lists of words; "-" is the core group.
struct RuleLine {
  std::string_view role, groups, resources, verbs;
};
constexpr RuleLine resource_rules[] = {
    {"cluster-admin", "*", "*", "*"},
    {"system:aggregate-to-admin", "authorization.k8s.io", "localsubjectaccessreviews", "create"},
    {"system:aggregate-to-admin", group_name, "roles rolebindings", all_verbs},
    {"system:aggregate-to-edit", "-", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy",
     reads},
    {"system:aggregate-to-edit", "-", "serviceaccounts", "impersonate"},
    {"system:aggregate-to-edit", "-", "pods pods/attach pods/exec pods/portforward pods/proxy", writes},
    {"system:aggregate-to-edit", "-", "pods/eviction", "create"},
    {"system:aggregate-to-edit", "-",
     "configmaps events persistentvolumeclaims secrets serviceaccounts services services/proxy", writes},
    {"system:aggregate-to-edit", "-", "serviceaccounts/token", "create"},
    {"system:aggregate-to-edit", "apps",
     "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets "
     "statefulsets/scale",
     writes},
    {"system:aggregate-to-edit", "autoscaling", "horizontalpodautoscalers", writes},
    {"system:aggregate-to-edit", "batch", "cronjobs jobs", writes},
    {"system:aggregate-to-edit", "policy", "poddisruptionbudgets", writes},
    {"system:aggregate-to-edit", "networking.k8s.io", "ingresses networkpolicies", writes},
    {"system:aggregate-to-edit", "coordination.k8s.io", "leases", all_verbs},
    {"system:aggregate-to-view", "-",
     "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods serviceaccounts services "
     "services/status",
     reads},
    {"system:aggregate-to-view", "-",
     "bindings events limitranges namespaces/status pods/log pods/status resourcequotas resourcequotas/status", reads},
    {"system:aggregate-to-view", "-", "namespaces", reads},
    {"system:aggregate-to-view", "discovery.k8s.io", "endpointslices", reads},
    {"system:aggregate-to-view", "apps",
     "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets "
     "replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
     reads},
    {"system:aggregate-to-view", "autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status", reads},
    {"system:aggregate-to-view", "batch", "cronjobs cronjobs/status jobs jobs/status", reads},
    {"system:aggregate-to-view", "policy", "poddisruptionbudgets poddisruptionbudgets/status", reads},
    {"system:aggregate-to-view", "networking.k8s.io", "ingresses ingresses/status networkpolicies", reads},
    {"system:aggregate-to-view", "metrics.k8s.io", "pods nodes", reads},
    {"slipway:aggregate-to-edit", "inference.llm-d.io argoproj.io networking.istio.io", "*", writes},
    {"slipway:aggregate-to-view", "inference.llm-d.io argoproj.io networking.istio.io slipway.dev openslo", "*", reads},
    {"system:basic-user", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", "create"},
    {"system:basic-user", "authentication.k8s.io", "selfsubjectreviews", "create"},
    {"system:auth-delegator", "authentication.k8s.io", "tokenreviews", "create"},
    {"system:auth-delegator", "authorization.k8s.io", "subjectaccessreviews", "create"},
    // What everybody in a team may read over HTTP: all but Secrets.
    {"slipway:reader", "-",
     "bindings configmaps endpoints events limitranges namespaces nodes persistentvolumeclaims persistentvolumes pods "
     "pods/log podtemplates replicationcontrollers resourcequotas serviceaccounts services",
     reads},
    {"slipway:reader",
     "admissionregistration.k8s.io apiextensions.k8s.io apps autoscaling batch coordination.k8s.io discovery.k8s.io "
     "events.k8s.io metrics.k8s.io networking.k8s.io policy rbac.authorization.k8s.io scheduling.k8s.io storage.k8s.io "
     "inference.llm-d.io argoproj.io networking.istio.io slipway.dev openslo",
     "*", reads},
};

struct UrlLine {
  std::string_view role, urls, verbs;
};
constexpr UrlLine url_rules[] = {
    {"cluster-admin", "*", "*"},
    {"system:discovery", "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/",
     "get"},
    {"system:monitoring", "/healthz /healthz/* /livez /livez/* /metrics /readyz /readyz/*", "get"},
    {"slipway:reader", "/metrics", "get"},
    {"system:public-info-viewer", "/healthz /livez /readyz /version /version/", "get"},
    {"system:service-account-issuer-discovery",
     "/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/", "get"},
};

constexpr std::string_view aggregate = "rbac.authorization.k8s.io/aggregate-to-";
struct Aggregation {
  std::string_view role;
  std::string_view gathers;   // the label that its parts have; empty: its rules are its own
  std::string_view given_to;  // the label that it has itself
};
constexpr Aggregation aggregations[] = {
    {"admin", "admin", ""},
    {"edit", "edit", "admin"},
    {"view", "view", "edit"},
    {"system:aggregate-to-admin", "", "admin"},
    {"system:aggregate-to-edit", "", "edit"},
    {"system:aggregate-to-view", "", "view"},
    {"slipway:aggregate-to-edit", "", "edit"},
    {"slipway:aggregate-to-view", "", "view"},
};

struct BindingLine {
  std::string_view name, role, groups;
};
constexpr BindingLine bindings[] = {
    {"cluster-admin", "cluster-admin", "system:masters"},
    {"system:basic-user", "system:basic-user", "system:authenticated"},
    {"system:discovery", "system:discovery", "system:authenticated"},
    {"system:monitoring", "system:monitoring", "system:monitoring"},
    {"system:public-info-viewer", "system:public-info-viewer", "system:authenticated system:unauthenticated"},
    {"system:service-account-issuer-discovery", "system:service-account-issuer-discovery", "system:serviceaccounts"},
    {"slipway:platform-engineer", "cluster-admin", "slipway:platform-engineer"},
    {"slipway:reader", "slipway:reader", "slipway:ci slipway:ml-engineer slipway:tech-lead"},
};

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> list;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    list.emplace_back(text.substr(0, end) == "-" ? "" : text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

Object start(const Kind& kind, std::string_view name) {
  auto object = Object::make(kind, {"", std::string(name)});
  object.set_label("kubernetes.io/bootstrapping", "rbac-defaults");
  object.set_annotation("rbac.authorization.kubernetes.io/autoupdate", "true");
  return object;
}

Object& role_named(std::vector<Object>& roles, std::string_view name) {
  const auto found = std::ranges::find_if(roles, [&](const Object& role) { return role.name().name == name; });
  return found != roles.end() ? *found : roles.emplace_back(start(cluster_role, name));
}

void add_rule(Object& role, const Rule& rule) {
  auto& rules = role.document().at_or_insert("rules");
  if (rules.is_null()) rules = doc::Array{};
  rules.as_array().push_back(to_value(rule));
}

}  // namespace

std::vector<Object> default_roles() {
  std::vector<Object> roles;
  for (const auto& line : resource_rules)
    add_rule(role_named(roles, line.role), {words(line.verbs), words(line.groups), words(line.resources), {}, {}});
  for (const auto& line : url_rules)
    add_rule(role_named(roles, line.role), {words(line.verbs), {}, {}, {}, words(line.urls)});
  for (const auto& line : aggregations) {
    auto& role = role_named(roles, line.role);
    if (!line.given_to.empty()) role.set_label(std::string(aggregate) + std::string(line.given_to), "true");
    if (line.gathers.empty()) continue;
    doc::Object label;
    label.append(std::string(aggregate) + std::string(line.gathers), "true");
    doc::Object selector{{"matchLabels", std::move(label)}};
    role.document().set_path("aggregationRule.clusterRoleSelectors", doc::Array{doc::Value(std::move(selector))});
  }
  // As the store lists them: what is gathered is then as the aggregation controller gathers it.
  std::ranges::sort(roles, {}, &Object::name);
  // view is part of edit, and edit of admin.
  for (std::size_t depth = 0; depth < 3; ++depth) {
    for (auto& role : roles) {
      if (role.document()["aggregationRule"].is_object())
        role.document().at_or_insert("rules") = aggregated_rules(role, roles);
    }
  }
  return roles;
}

std::vector<Object> default_bindings() {
  std::vector<Object> made;
  for (const auto& line : bindings) {
    auto& binding = made.emplace_back(start(cluster_role_binding, line.name));
    doc::Array subjects;
    for (const auto& group : words(line.groups)) {
      doc::Object subject{{"kind", "Group"}, {"apiGroup", group_name}, {"name", group}};
      subjects.emplace_back(std::move(subject));
    }
    binding.document().at_or_insert("subjects") = std::move(subjects);
    binding.document().at_or_insert("roleRef") =
        doc::Object{{"apiGroup", group_name}, {"kind", "ClusterRole"}, {"name", line.role}};
  }
  return made;
}

Result<> make_defaults(Store& store) {
  const auto make_absent = [&](const Kind& kind, std::vector<Object> wanted) -> Result<> {
    for (auto& object : wanted) {
      TRY_ASSIGN(const auto found, store.find(kind, object.name()));
      if (!found) TRY(store.create(std::move(object)));
    }
    return {};
  };
  TRY(make_absent(cluster_role, default_roles()));
  return make_absent(cluster_role_binding, default_bindings());
}

}  // namespace slipway::objects::rbac
