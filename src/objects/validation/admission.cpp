// kubernetes pkg/apis/admissionregistration/validation. Whether an expression compiles is for who compiles it.

#include <algorithm>

#include "core/text.hpp"
#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"

namespace slipway::objects::validation {

namespace {

bool is_blank(std::string_view text) { return core::trimmed(text, " \t\r\n\v\f").empty(); }

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

void validate_match_resources(At resources) {
  if (!resources) return;
  if (const At policy = resources["matchPolicy"]) {
    policy.must_be_one_of({"Equivalent", "Exact"});
  } else {
    policy.required();
  }
  for (const std::string_view selector : {"namespaceSelector", "objectSelector"}) {
    if (!resources[selector]) resources[selector].required();
    validate_label_selector(resources[selector]);
  }
  for (const std::string_view list : {"resourceRules", "excludeResourceRules"}) {
    for (const At rule : resources[list].elements()) {
      Names names;
      for (const At name : rule["resourceNames"].elements()) {
        name.must_be(path_segment_name);
        if (!names.add(name.text())) name.duplicate();
      }
      validate_rule(rule);
    }
  }
}

void validate_param_kind(At kind) {
  if (!kind) return;
  const At version = kind["apiVersion"];
  if (version.must_be_given()) {
    const std::string_view text = version.text();
    const auto slashes = std::ranges::count(text, '/');
    if (slashes > 1) {
      version.invalid("unexpected GroupVersion string: " + std::string(text));
    } else {
      if (slashes == 1 && text.find('/') > 0) version.must_be(dns1123_subdomain, text.substr(0, text.find('/')));
      const std::string_view number = slashes == 1 ? text.substr(text.find('/') + 1) : text;
      if (number.empty()) {
        version.invalid("version must be specified");
      } else {
        version.must_be(dns1035_label, number);
      }
    }
  }
  const At name = kind["kind"];
  if (!name.must_be_given()) return;
  for (const std::string& complaint : dns1035_label(core::in_lower(name.text()))) {
    name.invalid("may have mixed case, but should otherwise match: " + complaint);
  }
}

void validate_validation(At validation) {
  if (is_blank(validation["expression"].text())) validation["expression"].required("expression is not specified");
  const At expression = validation["messageExpression"];
  if (!expression.text().empty() && is_blank(expression.text())) expression.invalid("must be non-empty if specified");
  const At message = validation["message"];
  const std::string_view text = core::trimmed(message.text(), " \t\r\n");
  if (!message.text().empty() && text.empty()) {
    message.invalid("must be non-empty if specified");
  } else if (text.find_first_of("\r\n") != std::string_view::npos) {
    message.invalid("must not contain line breaks");
  }
  if (const At reason = validation["reason"]) {
    reason.must_be_one_of({"Forbidden", "Invalid", "RequestEntityTooLarge"});
  }
}

void validate_policy_spec(At object) {
  const At spec = object["spec"];
  if (const At policy = spec["failurePolicy"]) {
    policy.must_be_one_of({"Fail", "Ignore"});
  } else {
    policy.required();
  }
  validate_param_kind(spec["paramKind"]);
  const At match = spec["matchConstraints"];
  if (match) {
    validate_match_resources(match);
    if (match["resourceRules"].empty()) match["resourceRules"].required();
  } else {
    match.required();
  }
  validate_match_conditions(spec["matchConditions"]);
  for (const At variable : spec["variables"].elements()) {
    const At name = variable["name"];
    if (is_blank(name.text())) {
      name.required("name is not specified");
    } else if (!c_identifier(name.text()).empty()) {
      name.invalid("must be a valid CEL identifier");
    }
    if (is_blank(variable["expression"].text())) variable["expression"].required("expression is not specified");
  }
  const At validations = spec["validations"];
  const At annotations = spec["auditAnnotations"];
  if (validations.empty() && annotations.empty()) {
    constexpr const char* one = "validations or auditAnnotations must contain at least one item";
    validations.required(one);
    annotations.required(one);
  }
  for (const At validation : validations.elements()) validate_validation(validation);
  if (annotations.size() > 20) annotations.invalid("must not have more than 20 auditAnnotations");
  Names keys;
  for (const At annotation : annotations.elements()) {
    const At key = annotation["key"];
    std::string full(object["metadata"]["name"].text());
    full.append("/").append(key.text());
    key.must_be(qualified_name, full);
    if (is_blank(annotation["valueExpression"].text())) {
      annotation["valueExpression"].required("valueExpression is not specified");
    }
    if (!keys.add(key.text())) key.duplicate();
  }
}

void validate_binding_spec(At spec) {
  if (const At name = spec["policyName"]; name.must_be_given()) name.must_be(dns1123_subdomain);
  if (const At parameter = spec["paramRef"]) {
    const At name = parameter["name"];
    const At selector = parameter["selector"];
    const bool has_name = !name.text().empty();
    if (has_name) name.must_be(path_segment_name);
    if (has_name && selector) name.forbidden("name and selector are mutually exclusive");
    validate_label_selector(selector);
    if (has_name && selector) selector.forbidden("name and selector are mutually exclusive");
    if (!has_name && !selector) parameter.required("one of name or selector must be specified");
    parameter["parameterNotFoundAction"].must_be_given_one_of({"Deny", "Allow"});
  }
  validate_match_resources(spec["matchResources"]);
  const At actions = spec["validationActions"];
  Names seen;
  for (const At action : actions.elements()) {
    action.must_be_one_of({"Audit", "Deny", "Warn"});
    if (!seen.add(action.text())) action.duplicate();
  }
  if (seen.contains("Deny") && seen.contains("Warn")) {
    actions.invalid(
        "must not contain both Deny and Warn (repeating the same validation failure information in the API response "
        "and headers serves no purpose)");
  }
  if (actions.empty()) actions.required("at least one validation action is required");
}

}  // namespace

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

void validate_admission_policy(At object) {
  validate_metadata(object["metadata"], false, dns1123_subdomain);
  validate_policy_spec(object);
}

void validate_admission_policy_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_admission_policy(object);
}

void validate_admission_policy_binding(At object) {
  validate_metadata(object["metadata"], false, dns1123_subdomain);
  validate_binding_spec(object["spec"]);
}

void validate_admission_policy_binding_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_admission_policy_binding(object);
}

}  // namespace slipway::objects::validation
