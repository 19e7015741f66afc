#pragma once
// Which writes a policy or a webhook is asked about: rules, selectors; and the request as both see it. Pure.

#include <map>

#include "objects/api/admission.hpp"

namespace slipway::objects::admission {

std::string_view name_of(api::Operation operation);  // "CREATE"

// One RuleWithOperations, or NamedRuleWithOperations.
bool matches_rule(const doc::Value& rule, const api::Review& review);
bool matches_any_rule(const doc::Value& rules, const api::Review& review);

// namespaceSelector and objectSelector of `spec`. `namespace_object`: of the review's namespace; null when unknown.
bool matches_selectors(const doc::Value& spec, const api::Review& review, const doc::Value& namespace_object);

// What decides over admission is not itself subject to it, so that it can always be mended.
bool is_exempt(const api::Review& review);

// The `request` of an AdmissionReview, without the objects.
doc::Value request_of(const api::Review& review, std::string_view uid);

}  // namespace slipway::objects::admission
