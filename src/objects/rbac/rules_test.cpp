#include "objects/rbac/rules.hpp"

#include <doctest/doctest.h>

#include "objects/rbac/bootstrap.hpp"
#include "objects/rbac/policy.hpp"

using namespace slipway;
using namespace slipway::objects;
using namespace slipway::objects::rbac;

namespace {

Rule rule(const char* yaml) { return rules_from(doc::Array{*doc::parse_yaml(yaml, "<rule>")}).front(); }

// "get apps deployments/scale name" or "get /url"
Attributes wanted(const std::string& verb, const std::string& group, const std::string& resource,
                  const std::string& name = {}) {
  Attributes attributes;
  attributes.verb = verb;
  attributes.group = group;
  const auto slash = resource.find('/');
  attributes.resource = resource.substr(0, slash);
  if (slash != std::string::npos) attributes.subresource = resource.substr(slash + 1);
  attributes.name = name;
  return attributes;
}

Attributes wanted_url(const std::string& verb, const std::string& path) {
  Attributes attributes;
  attributes.is_resource = false;
  attributes.verb = verb;
  attributes.path = path;
  return attributes;
}

Object object(const std::string& yaml) { return Object(*doc::parse_yaml(yaml, "<object>")); }

}  // namespace

TEST_CASE("a rule allows exactly the verbs, groups, resources and names that it names") {
  struct Row {
    const char* rule;
    Attributes wanted;
    bool allowed;
  };
  const Row rows[] = {
      {"{verbs: [get], apiGroups: [''], resources: [pods]}", wanted("get", "", "pods"), true},
      {"{verbs: [get], apiGroups: [''], resources: [pods]}", wanted("list", "", "pods"), false},
      {"{verbs: [get], apiGroups: [''], resources: [pods]}", wanted("get", "apps", "pods"), false},
      {"{verbs: [get], apiGroups: [''], resources: [pods]}", wanted("get", "", "pods/log"), false},
      {"{verbs: [get], apiGroups: [''], resources: [pods/log]}", wanted("get", "", "pods/log"), true},
      {"{verbs: [get], apiGroups: [''], resources: [pods/log]}", wanted("get", "", "pods"), false},
      {"{verbs: ['*'], apiGroups: ['*'], resources: ['*']}", wanted("x", "y", "z/w"), true},
      {"{verbs: [patch], apiGroups: ['*'], resources: ['*/scale']}", wanted("patch", "apps", "deployments/scale"),
       true},
      {"{verbs: [patch], apiGroups: ['*'], resources: ['*/scale']}", wanted("patch", "apps", "deployments"), false},
      {"{verbs: [patch], apiGroups: ['*'], resources: ['*/scale']}", wanted("patch", "apps", "deployments/status"),
       false},
      {"{verbs: [get], apiGroups: [''], resources: ['pods/*']}", wanted("get", "", "pods/log"), false},
      {"{verbs: [get], apiGroups: [''], resources: [secrets], resourceNames: [a]}", wanted("get", "", "secrets", "a"),
       true},
      {"{verbs: [get], apiGroups: [''], resources: [secrets], resourceNames: [a]}", wanted("get", "", "secrets", "b"),
       false},
      {"{verbs: [list], apiGroups: [''], resources: [secrets], resourceNames: [a]}", wanted("list", "", "secrets"),
       false},
      {"{verbs: [get], nonResourceURLs: [/healthz]}", wanted_url("get", "/healthz"), true},
      {"{verbs: [get], nonResourceURLs: [/healthz]}", wanted_url("get", "/healthz/etcd"), false},
      {"{verbs: [get], nonResourceURLs: [/healthz/*]}", wanted_url("get", "/healthz/etcd"), true},
      {"{verbs: [get], nonResourceURLs: [/healthz/*]}", wanted_url("get", "/healthz"), false},
      {"{verbs: [get], nonResourceURLs: ['*']}", wanted_url("get", "/any"), true},
      {"{verbs: [get], nonResourceURLs: ['*']}", wanted("get", "", "pods"), false},
      {"{verbs: ['*'], apiGroups: ['*'], resources: ['*']}", wanted_url("get", "/any"), false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    CAPTURE(row.wanted.resource);
    CAPTURE(row.wanted.path);
    CHECK(allows(rule(row.rule), row.wanted) == row.allowed);
  }
}

TEST_CASE("what is given must be held, piece by piece") {
  const Rules held = {rule("{verbs: [get, list], apiGroups: ['', apps], resources: [pods, deployments, '*/status']}"),
                      rule("{verbs: ['*'], apiGroups: [''], resources: [secrets], resourceNames: [a, b]}"),
                      rule("{verbs: [get], nonResourceURLs: [/healthz/*]}")};
  const auto lacking = [&](const char* yaml) { return render(missing(held, {rule(yaml)})); };
  CHECK(lacking("{verbs: [get], apiGroups: [apps, ''], resources: [pods]}").empty());
  CHECK(lacking("{verbs: [get], apiGroups: [''], resources: [pods/status]}").empty());
  CHECK(lacking("{verbs: [delete], apiGroups: [''], resources: [secrets], resourceNames: [b]}").empty());
  CHECK(lacking("{verbs: [get], nonResourceURLs: [/healthz/x, /healthz/*]}").empty());
  CHECK(lacking("{verbs: [get, delete, patch], apiGroups: [''], resources: [pods]}") ==
        R"({APIGroups:[""], Resources:["pods"], Verbs:["delete" "patch"]})");
  CHECK(lacking("{verbs: [get], apiGroups: [''], resources: [secrets]}") ==
        R"({APIGroups:[""], Resources:["secrets"], Verbs:["get"]})");
  CHECK(lacking("{verbs: [get], apiGroups: [''], resources: [secrets], resourceNames: [c]}") ==
        R"({APIGroups:[""], Resources:["secrets"], ResourceNames:["c"], Verbs:["get"]})");
  CHECK(lacking("{verbs: ['*'], apiGroups: ['*'], resources: ['*']}") ==
        R"({APIGroups:["*"], Resources:["*"], Verbs:["*"]})");
  CHECK(lacking("{verbs: [get], nonResourceURLs: ['*']}") == R"({NonResourceURLs:["*"], Verbs:["get"]})");
}

TEST_CASE("bindings give rules to users, groups and service accounts, in a namespace or everywhere") {
  Policy policy;
  policy.add_cluster_role(
      object("{metadata: {name: reader}, rules: [{verbs: [get], apiGroups: [''], resources: [pods]}]}"));
  policy.add_role(object(
      "{metadata: {name: writer, namespace: a}, rules: [{verbs: [create], apiGroups: [''], resources: [pods]}]}"));
  policy.add_cluster_binding(object(
      "{metadata: {name: x}, roleRef: {kind: ClusterRole, name: reader}, subjects: [{kind: Group, name: people}, "
      "{kind: ServiceAccount, name: robot, namespace: a}, {kind: ServiceAccount, name: lost}]}"));
  policy.add_binding(
      object("{metadata: {name: y, namespace: a}, roleRef: {kind: Role, name: writer}, subjects: "
             "[{kind: User, name: ada}, {kind: ServiceAccount, name: robot}]}"));
  policy.add_binding(
      object("{metadata: {name: z, namespace: b}, roleRef: {kind: ClusterRole, name: reader}, subjects: "
             "[{kind: User, name: ben}]}"));
  policy.add_binding(
      object("{metadata: {name: w, namespace: b}, roleRef: {kind: Role, name: nowhere}, subjects: "
             "[{kind: User, name: ben}]}"));
  const auto may = [&](api::Caller user, const char* verb, const char* ns) {
    auto attributes = wanted(verb, "", "pods");
    attributes.user = std::move(user);
    attributes.ns = ns;
    return policy.is_allowed(attributes);
  };
  const api::Caller member{.name = "eve", .uid = {}, .groups = {"people"}, .extra = {}};
  CHECK(may(member, "get", ""));
  CHECK(may(member, "get", "b"));
  CHECK_FALSE(may(member, "create", "a"));
  CHECK(may(api::person("ada", {}), "create", "a"));
  CHECK_FALSE(may(api::person("ada", {}), "create", "b"));
  CHECK_FALSE(may(api::person("ada", {}), "create", ""));
  CHECK(may(api::person("ben", {}), "get", "b"));
  CHECK_FALSE(may(api::person("ben", {}), "get", "a"));
  CHECK(may(api::service_account("a", "robot", ""), "get", ""));
  CHECK(may(api::service_account("a", "robot", ""), "create", "a"));
  CHECK_FALSE(may(api::service_account("b", "robot", ""), "get", "a"));
  CHECK_FALSE(may(api::service_account("a", "lost", ""), "get", "a"));
  CHECK_FALSE(may(api::anonymous(), "get", "a"));
  const auto held = policy.rules_for(api::person("ben", {}), "b");
  CHECK(held.rules.size() == 1);
  CHECK(held.problems == std::vector<std::string>{R"(role.rbac.authorization.k8s.io "nowhere" not found)"});
}

TEST_CASE("the default roles: who may do what in a namespace, and what an aggregated role gathers") {
  const auto roles = default_roles();
  Policy policy;
  for (const auto& role : roles) policy.add_cluster_role(role);
  for (const auto& binding : default_bindings()) policy.add_cluster_binding(binding);
  for (const auto* name : {"admin", "edit", "view"}) {
    policy.add_binding(object("{metadata: {name: " + std::string(name) +
                              ", namespace: n}, roleRef: {kind: ClusterRole, name: " + name +
                              "}, subjects: [{kind: User, name: " + name + "}]}"));
  }
  const auto may = [&](const api::Caller& user, Attributes attributes) {
    attributes.user = user;
    attributes.ns = "n";
    return policy.is_allowed(attributes);
  };
  const auto admin = api::person("admin", {});
  const auto edit = api::person("edit", {});
  const auto view = api::person("view", {});
  CHECK(may(view, wanted("list", "", "pods")));
  CHECK(may(view, wanted("get", "apps", "deployments/scale")));
  CHECK(may(view, wanted("get", "inference.llm-d.io", "llmdeployments")));
  CHECK_FALSE(may(view, wanted("get", "", "secrets")));
  CHECK_FALSE(may(view, wanted("create", "", "pods")));
  CHECK(may(edit, wanted("list", "", "pods")));
  CHECK(may(edit, wanted("get", "", "secrets")));
  CHECK(may(edit, wanted("create", "apps", "deployments")));
  CHECK_FALSE(may(edit, wanted("create", "rbac.authorization.k8s.io", "roles")));
  CHECK(may(admin, wanted("create", "rbac.authorization.k8s.io", "rolebindings")));
  CHECK(may(admin, wanted("create", "apps", "deployments")));
  CHECK_FALSE(may(admin, wanted("create", "rbac.authorization.k8s.io", "clusterroles")));
  CHECK_FALSE(may(admin, wanted("get", "", "nodes")));

  const auto engineer = api::person("ada", {"platform-engineer"});
  CHECK(may(engineer, wanted("delete", "", "nodes")));
  CHECK(may(engineer, wanted_url("get", "/metrics")));
  for (const auto* role : {"ml-engineer", "tech-lead", "ci"}) {
    CAPTURE(role);
    const auto person = api::person("ben", {role});
    CHECK(may(person, wanted("list", "", "pods")));
    CHECK(may(person, wanted("watch", "argoproj.io", "rollouts")));
    CHECK_FALSE(may(person, wanted("get", "", "secrets")));
    CHECK_FALSE(may(person, wanted("create", "", "pods")));
    CHECK_FALSE(may(person, wanted("patch", "argoproj.io", "rollouts")));
  }
  CHECK(may(api::person("new", {}), wanted("create", "authorization.k8s.io", "selfsubjectaccessreviews")));
  CHECK(may(api::person("new", {}), wanted_url("get", "/apis/apps/v1")));
  CHECK_FALSE(may(api::person("new", {}), wanted("list", "", "pods")));
  CHECK(may(api::anonymous(), wanted_url("get", "/version")));
  CHECK_FALSE(may(api::anonymous(), wanted_url("get", "/api")));
}
