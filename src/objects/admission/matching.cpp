#include "objects/admission/matching.hpp"

#include <algorithm>

namespace slipway::objects::admission {
namespace {

bool has(const doc::Value& list, std::string_view text, bool star_is_all = true) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto& element = list[i];
    if (!element.is_string()) continue;
    if (element.as_string() == text || (star_is_all && element.as_string() == "*")) return true;
  }
  return false;
}

bool matches_resource(const doc::Value& rule, const api::Review& review) {
  const auto& resources = rule["resources"];
  const auto& plural = review.resource->plural;
  for (std::size_t i = 0; i < resources.size(); ++i) {
    const auto text = resources[i].string_or("");
    const auto slash = text.find('/');
    const auto name = text.substr(0, slash);
    const auto sub = slash == std::string::npos ? "" : text.substr(slash + 1);
    if (name != "*" && name != plural) continue;
    if (sub == "*" || sub == review.subresource) return true;
  }
  return false;
}

bool is_namespace(const api::Review& review) { return review.resource->is("", "Namespace"); }

bool selects(const doc::Value& selector, const doc::Value& object) {
  const auto read = LabelSelector::from_value(selector);
  return read && read->matches(Object(object).labels());
}

// {} and no selector select everything.
bool selects_all(const doc::Value& selector) { return selector.size() == 0; }

// Of what is written: an Eviction's is not the Pod's.
doc::Value kind_value(const api::Review& review) {
  const auto& object = review.object.is_null() ? review.before : review.object;
  const auto version = object["apiVersion"].string_or(review.resource->api_version());
  const auto parts = group_version_of(version);
  return doc::Object{
      {"group", parts.group}, {"version", parts.version}, {"kind", object["kind"].string_or(review.resource->kind)}};
}

doc::Value resource_value(const schema::Resource& resource) {
  return doc::Object{{"group", resource.group}, {"version", resource.version}, {"resource", resource.plural}};
}

}  // namespace

std::string_view name_of(api::Operation operation) {
  switch (operation) {
    case api::Operation::create:
      return "CREATE";
    case api::Operation::update:
      return "UPDATE";
    case api::Operation::remove:
      return "DELETE";
    case api::Operation::connect:
      return "CONNECT";
  }
  return "";
}

bool matches_rule(const doc::Value& rule, const api::Review& review) {
  if (!has(rule["operations"], name_of(review.operation)) || !has(rule["apiGroups"], review.resource->group) ||
      !has(rule["apiVersions"], review.resource->version) || !matches_resource(rule, review)) {
    return false;
  }
  const auto scope = rule["scope"].string_or("*");
  const bool namespaced = review.resource->namespaced;
  if ((scope == "Namespaced" && !namespaced) || (scope == "Cluster" && namespaced)) return false;
  return rule["resourceNames"].size() == 0 || has(rule["resourceNames"], review.name.name, false);
}

bool matches_any_rule(const doc::Value& rules, const api::Review& review) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (matches_rule(rules[i], review)) return true;
  }
  return false;
}

bool matches_selectors(const doc::Value& spec, const api::Review& review, const doc::Value& namespace_object) {
  const auto& of_namespace = spec["namespaceSelector"];
  if (!selects_all(of_namespace)) {
    const auto& own = review.object.is_null() ? review.before : review.object;
    if (is_namespace(review)) {
      if (!selects(of_namespace, own)) return false;
    } else if (review.resource->namespaced && !selects(of_namespace, namespace_object)) {
      return false;
    }
  }
  const auto& of_object = spec["objectSelector"];
  if (selects_all(of_object)) return true;
  return (!review.object.is_null() && selects(of_object, review.object)) ||
         (!review.before.is_null() && selects(of_object, review.before));
}

bool is_exempt(const api::Review& review) {
  if (review.resource->group != "admissionregistration.k8s.io") return false;
  const auto& kind = review.resource->kind;
  return kind == "ValidatingAdmissionPolicy" || kind == "ValidatingAdmissionPolicyBinding" ||
         kind == "ValidatingWebhookConfiguration" || kind == "MutatingWebhookConfiguration";
}

doc::Value request_of(const api::Review& review, std::string_view uid) {
  const auto& resource = *review.resource;
  doc::Object request{{"uid", uid}, {"kind", kind_value(review)}, {"resource", resource_value(resource)}};
  if (!review.subresource.empty()) request.append("subResource", review.subresource);
  request.append("requestKind", kind_value(review));
  request.append("requestResource", resource_value(resource));
  if (!review.subresource.empty()) request.append("requestSubResource", review.subresource);
  request.append("name", review.name.name);
  if (!review.name.ns.empty()) request.append("namespace", review.name.ns);
  if (is_namespace(review)) request.set("namespace", review.name.name);
  request.append("operation", name_of(review.operation));
  request.append("userInfo", review.user.user_info());
  request.append("dryRun", review.dry_run);
  if (!review.options.is_null()) request.append("options", review.options);
  return request;
}

}  // namespace slipway::objects::admission
