// kubernetes pkg/apis/admissionregistration/validation: ValidatingAdmissionPolicy and its binding. Whether an
// expression compiles is for who compiles it.

#include <algorithm>

#include "core/text.hpp"
#include "objects/validation/admission_parts.hpp"
#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"

namespace slipway::objects::validation {

namespace {

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
