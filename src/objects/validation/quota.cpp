// kubernetes pkg/apis/core/validation: ResourceQuota and LimitRange.

#include <algorithm>
#include <cstdio>

#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"
#include "objects/validation/pod_parts.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::string_view scopes[] = {
    "Terminating",           "NotTerminating",           "BestEffort", "NotBestEffort", "PriorityClass",
    "VolumeAttributesClass", "CrossNamespacePodAffinity"};
constexpr std::string_view pod_resources[] = {"pods",          "cpu",          "memory",         "limits.cpu",
                                              "limits.memory", "requests.cpu", "requests.memory"};

template <class List>
bool is_among(const List& list, std::string_view text) {
  return std::ranges::find(list, text) != std::end(list);
}

bool scope_fits(std::string_view scope, std::string_view resource) {
  if (scope == "BestEffort") return resource == "pods";
  if (scope == "VolumeAttributesClass") return resource == "persistentvolumeclaims" || resource == "requests.storage";
  if (is_among(scopes, scope)) return is_among(pod_resources, resource);
  return true;
}

void validate_quantities(At list) {
  for (const auto& [name, value] : list.members()) {
    const At quantity = list.key(name);
    validate_resource_name(quantity, name);
    if (name.find('/') == std::string::npos && !is_standard_quota_resource(name)) {
      quantity.invalid(doc::Value(name), "must be a standard resource for quota");
    }
    validate_resource_quantity(quantity, name);
  }
}

void validate_fit(At spec, At place, std::string_view scope) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : spec["hard"].members()) names.push_back(name);
  for (const std::string_view name : names) {
    if (is_standard_quota_resource(name) && !scope_fits(scope, name)) {
      place.invalid("unsupported scope applied to resource");
    }
  }
}

void validate_no_conflict(At spec, const Names& given) {
  const At place = spec["scopes"];
  if ((given.contains("BestEffort") && given.contains("NotBestEffort")) ||
      (given.contains("Terminating") && given.contains("NotTerminating"))) {
    place.invalid("conflicting scopes");
  }
}

void validate_scopes(At spec) {
  const At list = spec["scopes"];
  Names given;
  for (const At scope : list.elements()) {
    if (!is_among(scopes, scope.text())) list.invalid("unsupported scope");
    validate_fit(spec, list, scope.text());
    given.add(scope.text());
  }
  validate_no_conflict(spec, given);
}

void validate_scope_selector(At spec) {
  const At requirements = spec["scopeSelector"]["matchExpressions"];
  Names given;
  for (const At requirement : requirements.elements()) {
    const std::string_view scope = requirement["scopeName"].text();
    const At operation = requirements["operator"].with(requirement["operator"].value());
    const At values = requirements["values"].with(requirement["values"].value());
    if (!is_among(scopes, scope)) requirements["scopeName"].invalid(doc::Value(scope), "unsupported scope");
    validate_fit(spec, requirements, scope);
    const bool only_exists = scope != "PriorityClass" && scope != "VolumeAttributesClass" && is_among(scopes, scope);
    if (only_exists && operation.text() != "Exists") {
      operation.invalid(
          "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
          "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or "
          "ResourceQuotaScopeCrossNamespacePodAffinity");
    }
    if (operation.text() == "In" || operation.text() == "NotIn") {
      if (values.empty()) {
        values.required("must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
      }
    } else if (operation.text() == "Exists" || operation.text() == "DoesNotExist") {
      if (!values.empty()) {
        values.invalid("must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
      }
    } else {
      operation.invalid("not a valid selector operator");
    }
    given.add(scope);
  }
  validate_no_conflict(spec, given);
}

void validate_quota_spec(At spec) {
  validate_quantities(spec["hard"]);
  validate_scopes(spec);
  validate_scope_selector(spec);
}

std::string text_of(const doc::Value& quantity) { return quantity.string_or(""); }

// The five lists of one limit, for one resource.
void validate_limit_of(At limit, const std::string& name) {
  const At min = limit["min"].key(name);
  const At max = limit["max"].key(name);
  const bool is_pod = limit["type"].text() == "Pod";
  static const doc::Value none;
  At ordinary = limit["default"].key(name);
  At asked = limit["defaultRequest"].key(name);
  if (is_pod) {
    ordinary = ordinary.with(none);
    asked = asked.with(none);
  }
  const At ratio = limit["maxLimitRequestRatio"].key(name);
  const auto must_order = [](At low, At high, At place, const doc::Value& shown_value, std::string_view low_name,
                             std::string_view high_name, std::string_view relation) {
    if (!low || !high || low.quantity() <= high.quantity()) return;
    std::string text(low_name);
    text.append(" value ").append(text_of(low.value())).append(" is greater than ").append(high_name);
    text.append(relation).append(text_of(high.value()));
    place.invalid(shown_value, text);
  };
  must_order(min, max, min, min.value(), "min", "max", " value ");
  must_order(min, asked, asked, asked.value(), "min", "default request", " value ");
  must_order(asked, max, asked, asked.value(), "default request", "max", " value ");
  must_order(asked, ordinary, asked, asked.value(), "default request", "default limit", " value ");
  must_order(min, ordinary, ordinary, min.value(), "min", "default", " value ");
  must_order(ordinary, max, ordinary, max.value(), "default", "max", " value ");
  if (ratio && ratio.quantity().milli() < 1000) ratio.invalid("ratio " + text_of(ratio.value()) + " is less than 1");
  if (ratio && min && max && min.quantity().milli() != 0) {
    const double most = static_cast<double>(max.quantity().milli()) / static_cast<double>(min.quantity().milli());
    if (static_cast<double>(ratio.quantity().milli()) / 1000 > most) {
      char number[64];
      std::snprintf(number, sizeof number, "%f", most);
      ratio.invalid("ratio " + text_of(ratio.value()) + " is greater than max/min = " + number);
    }
  }
  if (is_extended_resource(name) && ordinary && asked && !(ordinary.quantity() == asked.quantity())) {
    asked.invalid("default value " + text_of(ordinary.value()) + " must equal to defaultRequest value " +
                  text_of(asked.value()) + " in " + name);
  }
}

void validate_limit_name(At limit, At place, std::string_view name) {
  validate_resource_name(place, name);
  const std::string_view type = limit["type"].text();
  if (type != "Pod" && type != "Container") return;
  if (name.find('/') != std::string_view::npos) return;
  if (name != "cpu" && name != "memory" && name != "ephemeral-storage" && !name.starts_with("hugepages-")) {
    place.invalid(doc::Value(name), "must be a standard resource for containers");
  }
}

void validate_limits(At limits) {
  Names types;
  for (const At limit : limits.elements()) {
    const At type = limit["type"];
    const std::string_view text = type.text();
    if (type.must_be(qualified_name) && text.find('/') == std::string_view::npos && text != "Pod" &&
        text != "Container" && text != "PersistentVolumeClaim") {
      type.invalid("must be a standard limit type or fully qualified");
    }
    if (!types.add(text)) type.duplicate();
    Names names;
    for (const std::string_view list : {"max", "min", "default", "defaultRequest", "maxLimitRequestRatio"}) {
      const At quantities = limit[list];
      if (text == "Pod" && list.starts_with("default")) {
        if (!quantities.empty()) quantities.forbidden("may not be specified when `type` is 'Pod'");
        continue;
      }
      if (list == "maxLimitRequestRatio" && text == "PersistentVolumeClaim" && !limit["min"].key("storage") &&
          !limit["max"].key("storage")) {
        limit["limits"].required("either minimum or maximum storage value is required, but neither was provided");
      }
      for (const auto& [name, value] : quantities.members()) {
        validate_limit_name(limit, quantities.key(name), name);
        names.add(name);
      }
    }
    for (const std::string_view name : names.all()) validate_limit_of(limit, std::string(name));
  }
}

}  // namespace

void validate_resource_quota(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_quota_spec(object["spec"]);
  validate_quantities(object["status"]["hard"]);
  validate_quantities(object["status"]["used"]);
}

void validate_resource_quota_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_quota_spec(object["spec"]);
  const At now = object["spec"]["scopes"];
  const At before = old["spec"]["scopes"];
  Names given;
  Names expected;
  for (const At scope : now.elements()) given.add(scope.text());
  for (const At scope : before.elements()) expected.add(scope.text());
  const bool are_same =
      given.size() == expected.size() &&
      std::ranges::all_of(given.all(), [&](std::string_view scope) { return expected.contains(scope); });
  if (!are_same) now.invalid(std::string(immutable_sentence));
}

void validate_resource_quota_status(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_quantities(object["status"]["hard"]);
  validate_quantities(object["status"]["used"]);
}

void validate_limit_range(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_limits(object["spec"]["limits"]);
}

void validate_limit_range_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_limit_range(object);
}

}  // namespace slipway::objects::validation
