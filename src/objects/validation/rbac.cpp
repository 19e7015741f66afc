// kubernetes pkg/apis/rbac/validation.

#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::string_view group_name = "rbac.authorization.k8s.io";

void validate_rules(At rules, bool namespaced) {
  for (const At rule : rules.elements()) {
    if (rule["verbs"].empty()) rule["verbs"].required("verbs must contain at least one value");
    const At urls = rule["nonResourceURLs"];
    if (!urls.empty()) {
      if (namespaced) urls.invalid("namespaced rules cannot apply to non-resource URLs");
      if (!rule["apiGroups"].empty() || !rule["resources"].empty() || !rule["resourceNames"].empty()) {
        urls.invalid("rules cannot apply to both regular resources and non-resource URLs");
      }
      continue;
    }
    if (rule["apiGroups"].empty()) rule["apiGroups"].required("resource rules must supply at least one api group");
    if (rule["resources"].empty()) rule["resources"].required("resource rules must supply at least one resource");
  }
}

void validate_aggregation(At rule) {
  if (!rule) return;
  const At selectors = rule["clusterRoleSelectors"];
  if (selectors.empty()) {
    selectors.required("at least one clusterRoleSelector required if aggregationRule is non-nil");
  }
  for (const At selector : selectors.elements()) {
    if (!validate_label_selector(selector)) selector.invalid(nullptr, "invalid label selector.");
  }
}

void validate_subject(At subject, bool namespaced) {
  const At name = subject["name"];
  const At group = subject["apiGroup"];
  const std::string_view kind = subject["kind"].text();
  name.must_be_given();
  if (kind == "ServiceAccount") {
    if (!name.text().empty()) name.must_be(dns1123_subdomain);
    if (!group.text().empty()) group.must_be_one_of({""});
    if (!namespaced) subject["namespace"].must_be_given();
  } else if (kind == "User" || kind == "Group") {
    group.must_be_one_of({group_name});
  } else {
    subject["kind"].must_be_one_of({"ServiceAccount", "User", "Group"});
  }
}

void validate_binding(At object, bool namespaced) {
  validate_metadata(object["metadata"], namespaced, path_segment_name);
  const At role = object["roleRef"];
  role["apiGroup"].must_be_one_of({group_name});
  if (namespaced) {
    role["kind"].must_be_one_of({"Role", "ClusterRole"});
  } else {
    role["kind"].must_be_one_of({"ClusterRole"});
  }
  if (const At name = role["name"]; name.must_be_given()) name.must_be(path_segment_name);
  for (const At subject : object["subjects"].elements()) validate_subject(subject, namespaced);
}

void validate_binding_update(At object, At old, bool namespaced) {
  validate_binding(object, namespaced);
  validate_metadata_update(object["metadata"], old["metadata"]);
  const At role = object["roleRef"];
  if (role.is_same_as(old["roleRef"])) return;
  role.invalid_as("{\"APIGroup\":" + shown(doc::Value(role["apiGroup"].text())) +
                      ",\"Kind\":" + shown(doc::Value(role["kind"].text())) +
                      ",\"Name\":" + shown(doc::Value(role["name"].text())) + "}",
                  "cannot change roleRef");
}

}  // namespace

void validate_role(At object) {
  validate_metadata(object["metadata"], true, path_segment_name);
  validate_rules(object["rules"], true);
}

void validate_role_update(At object, At old) {
  validate_role(object);
  validate_metadata_update(object["metadata"], old["metadata"]);
}

void validate_cluster_role(At object) {
  validate_metadata(object["metadata"], false, path_segment_name);
  validate_rules(object["rules"], false);
  validate_aggregation(object["aggregationRule"]);
}

void validate_cluster_role_update(At object, At old) {
  validate_cluster_role(object);
  validate_metadata_update(object["metadata"], old["metadata"]);
}

void validate_role_binding(At object) { validate_binding(object, true); }
void validate_role_binding_update(At object, At old) { validate_binding_update(object, old, true); }
void validate_cluster_role_binding(At object) { validate_binding(object, false); }
void validate_cluster_role_binding_update(At object, At old) { validate_binding_update(object, old, false); }

}  // namespace slipway::objects::validation
