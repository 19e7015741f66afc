// kubernetes pkg/apis/admissionregistration/validation. Whether an expression compiles is for who compiles it.

#include <algorithm>

#include "core/text.hpp"
#include "objects/validation/admission_parts.hpp"
#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"

namespace slipway::objects::validation {

namespace {

bool contains(At list, std::string_view text) {
  for (const At element : list.elements()) {
    if (element.text() == text) return true;
  }
  return false;
}

void refuse_more_than_all(At list, const char* sentence) {
  if (list.size() > 1 && contains(list, "*")) list.invalid(sentence);
}

void validate_resources(At resources) {
  if (resources.empty()) resources.required();
  Names with_all_subresources;
  Names of_all_resources;
  bool has_plain = false;
  for (const At resource : resources.elements()) {
    const std::string_view text = resource.text();
    const std::size_t slash = text.find('/');
    if (text.empty()) {
      resource.required();
      continue;
    }
    if (slash == std::string_view::npos) {
      has_plain = text != "*";
      continue;
    }
    const std::string_view name = text.substr(0, slash);
    const std::string_view sub = text.substr(slash + 1);
    const std::string shown_text(text);
    if (with_all_subresources.contains(name)) {
      resource.invalid("if '" + std::string(name) + "/*' is present, must not specify " + shown_text);
    }
    if (of_all_resources.contains(sub)) {
      resource.invalid("if '*/" + std::string(sub) + "' is present, must not specify " + shown_text);
    }
    if (sub == "*") with_all_subresources.add(name);
    if (name == "*") of_all_resources.add(sub);
  }
  if (resources.size() > 1 && contains(resources, "*/*")) {
    resources.invalid("if '*/*' is present, must not specify other resources");
  }
  if (contains(resources, "*") && has_plain) {
    resources.invalid("if '*' is present, must not specify other resources without subresources");
  }
}

void validate_review_versions(At versions) {
  if (versions.empty()) return versions.required("must specify one of v1, v1beta1");
  Names seen;
  for (const At version : versions.elements()) {
    if (!seen.add(version.text())) {
      version.invalid("duplicate version");
    } else {
      version.must_be(dns1035_label);
    }
  }
  if (!contains(versions, "v1") && !contains(versions, "v1beta1")) {
    versions.invalid("must include at least one of v1, v1beta1");
  }
}

void validate_url(At url) {
  constexpr const char* form = "; desired format: https://host[/path]";
  std::string_view rest = url.text();
  const std::size_t colon = rest.find("://");
  const std::string_view scheme = colon == std::string_view::npos ? "" : rest.substr(0, colon);
  if (scheme != "https") {
    url.invalid(doc::Value(scheme), std::string("'https' is the only allowed URL scheme") + form);
  }
  rest = colon == std::string_view::npos ? "" : rest.substr(colon + 3);
  std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
  const std::size_t at = host.rfind('@');
  const std::string_view user = at == std::string_view::npos ? "" : host.substr(0, at);
  if (at != std::string_view::npos) host.remove_prefix(at + 1);
  if (host.empty()) url.invalid("", std::string("host must be specified") + form);
  if (!user.empty()) url.invalid(doc::Value(user), "user information is not permitted in the URL");
  const std::size_t hash = rest.find('#');
  const std::size_t question = rest.substr(0, hash).find('?');
  if (hash != std::string_view::npos && hash + 1 < rest.size()) {
    url.invalid(doc::Value(rest.substr(hash + 1)), "fragments are not permitted in the URL");
  }
  if (question != std::string_view::npos && question + 1 < rest.substr(0, hash).size()) {
    const std::string_view query = rest.substr(0, hash).substr(question + 1);
    url.invalid(doc::Value(query), "query parameters are not permitted in the URL");
  }
}

void validate_hook_service(At service) {
  service["name"].must_be_given();
  service["namespace"].must_be_given();
  if (const At port = service["port"]; port && !port_number(port.number()).empty()) {
    port.invalid("port is not valid: " + port_number(port.number()).front());
  }
  const At path = service["path"];
  const std::string_view text = path.text();
  if (text.empty() || text == "/") return;
  if (text == "//") return path.invalid("segment[0] may not be empty");
  if (!text.starts_with('/')) path.invalid("must start with a '/'");
  std::string_view rest = text.substr(1);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  for (int segment = 0;; ++segment) {
    const std::size_t slash = rest.find('/');
    const std::string_view step = rest.substr(0, slash);
    const std::string place = "segment[" + std::to_string(segment) + "]";
    if (step.empty()) {
      path.invalid(place + " may not be empty");
    } else {
      for (const std::string& complaint : dns1123_subdomain(step)) path.invalid(place + ": " + complaint);
    }
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
}

void validate_hook_name(At name) {
  if (!name.must_be_given()) return;
  std::string all;
  for (const std::string& complaint : dns1123_subdomain(name.text())) all += (all.empty() ? "" : ",") + complaint;
  if (!all.empty()) return name.invalid(all);
  if (std::ranges::count(name.text(), '.') < 2) {
    name.invalid("should be a domain with at least three segments separated by dots");
  }
}

void validate_hooks(At object, bool are_mutating) {
  validate_metadata(object["metadata"], false, dns1123_subdomain);
  Names names;
  for (const At hook : object["webhooks"].elements()) {
    validate_hook_name(hook["name"]);
    for (const At rule : hook["rules"].elements()) validate_rule(rule);
    if (const At policy = hook["failurePolicy"]) policy.must_be_one_of({"Fail", "Ignore"});
    if (const At policy = hook["matchPolicy"]) policy.must_be_one_of({"Equivalent", "Exact"});
    if (const At effects = hook["sideEffects"]) {
      effects.must_be_one_of({"None", "NoneOnDryRun"});
    } else {
      effects.required("must specify one of None, NoneOnDryRun");
    }
    if (const At timeout = hook["timeoutSeconds"]; timeout && (timeout.number() < 1 || timeout.number() > 30)) {
      timeout.invalid("the timeout value must be between 1 and 30 seconds");
    }
    validate_label_selector(hook["namespaceSelector"]);
    validate_label_selector(hook["objectSelector"]);
    if (const At policy = hook["reinvocationPolicy"]; are_mutating && policy) {
      policy.must_be_one_of({"IfNeeded", "Never"});
    }
    const At client = hook["clientConfig"];
    if (client["url"].exists() == client["service"].exists()) {
      client.required("exactly one of url or service is required");
    } else if (client["url"]) {
      validate_url(client["url"]);
    } else {
      validate_hook_service(client["service"]);
    }
    validate_match_conditions(hook["matchConditions"]);
    validate_review_versions(hook["admissionReviewVersions"]);
    const At name = hook["name"];
    if (!name.text().empty() && !names.add(name.text())) name.duplicate();
  }
}

}  // namespace

bool is_blank(std::string_view text) { return core::trimmed(text, " \t\r\n\v\f").empty(); }

void validate_rule(At rule) {
  const At operations = rule["operations"];
  if (operations.empty()) operations.required();
  refuse_more_than_all(operations, "if '*' is present, must not specify other operations");
  for (const At operation : operations.elements()) {
    operation.must_be_one_of({"*", "CONNECT", "CREATE", "DELETE", "UPDATE"});
  }
  const At groups = rule["apiGroups"];
  const At versions = rule["apiVersions"];
  if (groups.empty()) groups.required();
  refuse_more_than_all(groups, "if '*' is present, must not specify other API groups");
  if (versions.empty()) versions.required();
  refuse_more_than_all(versions, "if '*' is present, must not specify other API versions");
  for (const At version : versions.elements()) version.must_be_given();
  validate_resources(rule["resources"]);
  if (const At scope = rule["scope"]) scope.must_be_one_of({"*", "Cluster", "Namespaced"});
}

void validate_match_conditions(At conditions) {
  if (conditions.size() > 64) conditions.too_many(64);
  Names names;
  for (const At condition : conditions.elements()) {
    if (is_blank(condition["expression"].text())) condition["expression"].required();
    const At name = condition["name"];
    if (!name.must_be_given()) continue;
    name.must_be(qualified_name);
    if (!names.add(name.text())) name.duplicate();
  }
}

void validate_validating_webhooks(At object) { validate_hooks(object, false); }
void validate_mutating_webhooks(At object) { validate_hooks(object, true); }

void validate_validating_webhooks_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_hooks(object, false);
}

void validate_mutating_webhooks_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_hooks(object, true);
}

}  // namespace slipway::objects::validation
