// k8s.io/apimachinery/pkg/api/validation/objectmeta.go, pkg/apis/meta/v1/validation/validation.go.

#include "objects/validation/metadata.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "objects/patch/go_text.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::size_t most_annotation_bytes = 256 * 1024;
constexpr std::string_view owner_order[] = {"apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"};

void validate_owner(At owners, At owner) {
  // The server leaves the index out.
  const auto must_not_be_empty = [&](std::string_view field, std::string_view sentence) {
    const At member = owner[field];
    if (member.text().empty())
      owners[field].with(member.value()).invalid(doc::Value(member.text()), std::string(sentence));
  };
  const std::string_view api_version = owner["apiVersion"].text();
  if (api_version.empty() || api_version.ends_with('/')) {
    owners["apiVersion"].invalid(doc::Value(api_version), "version must not be empty");
  }
  must_not_be_empty("kind", "must not be empty");
  must_not_be_empty("name", "must not be empty");
  must_not_be_empty("uid", "must not be empty");
  if (api_version == "v1" && owner["kind"].text() == "Event") {
    owners.invalid_as(in_order(owner.value(), owner_order), "/v1, Kind=Event is disallowed from being an owner");
  }
}

void validate_owners(At owners) {
  std::string first;
  for (const At owner : owners.elements()) {
    validate_owner(owners, owner);
    if (!owner["controller"].flag()) continue;
    std::string name(owner["kind"].text());
    name.append("/").append(owner["name"].text());
    if (first.empty()) {
      first = name;
      continue;
    }
    std::string list;
    for (const At each : owners.elements()) list += (list.empty() ? "" : ",") + in_order(each.value(), owner_order);
    owners.invalid_as("[" + list + "]",
                      "Only one reference can have Controller set to true. Found \"true\" in references for " + first +
                          " and " + name);
  }
}

void validate_full_finalizer_names(At finalizers) {
  for (const At finalizer : finalizers.elements()) {
    const std::string_view name = finalizer.text();
    if (name.find('/') != std::string_view::npos) continue;
    if (name == "kubernetes" || name == "orphan" || name == "foregroundDeletion") continue;
    finalizer.invalid("name is neither a standard finalizer name nor is it fully qualified");
  }
}

void validate_finalizers(At finalizers) {
  bool orphan = false;
  bool foreground = false;
  for (const At finalizer : finalizers.elements()) {
    finalizers.must_be(qualified_name, finalizer.text());
    orphan = orphan || finalizer.text() == "orphan";
    foreground = foreground || finalizer.text() == "foregroundDeletion";
  }
  if (orphan && foreground) finalizers.invalid("finalizer orphan and foregroundDeletion cannot be both set");
}

void validate_managed_fields(At entries) {
  for (const At entry : entries.elements()) {
    const std::string_view operation = entry["operation"].text();
    if (operation != "Apply" && operation != "Update") {
      entry["operation"].invalid(doc::Value(operation), "must be `Apply` or `Update`");
    }
    const At type = entry["fieldsType"];
    if (type.exists() && type.text() != "FieldsV1") type.invalid("must be `FieldsV1`");
  }
}

void validate_common(At metadata) {
  validate_labels(metadata["labels"]);
  validate_annotations(metadata["annotations"]);
  validate_owners(metadata["ownerReferences"]);
}

}  // namespace

void validate_labels(At labels) {
  for (const auto& [key, value] : labels.members()) {
    labels.must_be(qualified_name, key);
    if (value.is_string()) labels.must_be(label_value, value.as_string());
  }
}

void validate_annotations(At annotations) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : annotations.members()) {
    bytes += key.size() + (value.is_string() ? value.as_string().size() : 0);
    if (qualified_name(key).empty()) continue;
    for (const std::string& complaint : qualified_name(core::in_lower(key))) {
      annotations.invalid(doc::Value(key), complaint);
    }
  }
  if (bytes > most_annotation_bytes) annotations.too_long(most_annotation_bytes);
}

bool validate_label_key(At key) { return key.must_be(qualified_name); }

void validate_requirement(At requirement, const RequirementRules& rules) {
  const std::string_view operation = requirement["operator"].text();
  const At values = requirement["values"];
  if (operation == "In" || operation == "NotIn") {
    if (values.empty()) values.required("must be specified when `operator` is 'In' or 'NotIn'");
  } else if (operation == "Exists" || operation == "DoesNotExist") {
    if (!values.empty()) values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  } else if (rules.orders && (operation == "Gt" || operation == "Lt")) {
    if (values.size() != 1) values.required("must be specified single value when `operator` is 'Lt' or 'Gt'");
  } else {
    requirement["operator"].invalid(doc::Value(operation), "not a valid selector operator");
  }
  validate_label_key(requirement["key"]);
  if (!rules.checks_values) return;
  for (const At value : values.elements()) value.must_be(label_value);
}

bool validate_label_selector(At selector) {
  if (!selector) return true;
  const std::size_t before = selector.report().problems.size();
  validate_labels(selector["matchLabels"]);
  for (const At requirement : selector["matchExpressions"].elements()) validate_requirement(requirement, {});
  return selector.report().problems.size() == before;
}

void validate_metadata(At metadata, bool namespaced, Format name_format, FinalizerNames finalizers) {
  if (const At prefix = metadata["generateName"]; !prefix.text().empty()) {
    for (const std::string& complaint : name_format(without_dash_at_end(prefix.text()))) prefix.invalid(complaint);
  }
  const At name = metadata["name"];
  if (name.must_be_given("name or generateName is required")) name.must_be(name_format);
  const At ns = metadata["namespace"];
  if (namespaced) {
    if (ns.must_be_given()) ns.must_be(dns1123_label);
  } else if (!ns.text().empty()) {
    ns.forbidden("not allowed on this type");
  }
  metadata["generation"].must_not_be_negative();
  validate_common(metadata);
  validate_finalizers(metadata["finalizers"]);
  validate_managed_fields(metadata["managedFields"]);
  if (finalizers == FinalizerNames::full) validate_full_finalizer_names(metadata["finalizers"]);
}

void validate_metadata_update(At metadata, At old, FinalizerNames names) {
  const At finalizers = metadata["finalizers"];
  if (old["deletionTimestamp"]) {
    std::vector<std::string> added;
    const auto& before = old["finalizers"].value();
    for (const At finalizer : finalizers.elements()) {
      if (!before.is_array() || std::ranges::find(before.as_array(), finalizer.value()) == before.as_array().end()) {
        added.emplace_back(finalizer.text());
      }
    }
    std::ranges::sort(added);
    std::string list;
    for (const std::string& one : added) list += (list.empty() ? "" : ", ") + patch::go_quoted(one);
    if (!added.empty()) {
      finalizers.forbidden(
          "no new finalizers can be added if the object is being deleted, found new finalizers []string{" + list + "}");
    }
  }
  if (const At generation = metadata["generation"]; generation && generation.number() < old["generation"].number()) {
    generation.invalid("must not be decremented");
  }
  metadata["name"].must_not_change(old["name"]);
  metadata["namespace"].must_not_change(old["namespace"]);
  for (const std::string_view field : {"uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"}) {
    if (const At given = metadata[field]) given.must_not_change(old[field]);
  }
  validate_common(metadata);
  validate_managed_fields(metadata["managedFields"]);
  if (names == FinalizerNames::full) validate_full_finalizer_names(finalizers);
}

void validate_claim_template_metadata(At metadata) {
  validate_annotations(metadata["annotations"]);
  validate_labels(metadata["labels"]);
  for (const auto& [key, value] : metadata.members()) {
    if (key == "labels" || key == "annotations") continue;
    const bool is_said = !value.is_null() && !(value.is_string() && value.as_string().empty());
    if (is_said) metadata[key].forbidden("cannot be set");
  }
}

bool is_empty_selector(const doc::Value& selector) {
  return selector["matchLabels"].size() == 0 && selector["matchExpressions"].size() == 0;
}

bool selector_matches(const doc::Value& selector, const doc::Value& labels) {
  if (const auto& wanted = selector["matchLabels"]; wanted.is_object()) {
    for (const auto& [key, value] : wanted.as_object()) {
      const doc::Value& given = labels[key];
      if (given.is_null() || !(given == value)) return false;
    }
  }
  const doc::Value& requirements = selector["matchExpressions"];
  for (std::size_t i = 0; requirements.is_array() && i < requirements.size(); ++i) {
    const doc::Value& given = labels[requirements[i]["key"].string_or("")];
    const doc::Value& values = requirements[i]["values"];
    const std::string operation = requirements[i]["operator"].string_or("");
    const bool is_among = values.is_array() && std::ranges::find(values.as_array(), given) != values.as_array().end();
    if (operation == "In" && (given.is_null() || !is_among)) return false;
    if (operation == "NotIn" && !given.is_null() && is_among) return false;
    if (operation == "Exists" && given.is_null()) return false;
    if (operation == "DoesNotExist" && !given.is_null()) return false;
    if (operation != "In" && operation != "NotIn" && operation != "Exists" && operation != "DoesNotExist") return false;
  }
  return true;
}

std::string in_order(const doc::Value& value, std::span<const std::string_view> order) {
  if (!value.is_object()) return shown(value);
  std::string text;
  const auto add = [&text](std::string_view key, const doc::Value& member) {
    text += text.empty() ? "" : ",";
    text.append(patch::go_json(doc::Value(key))).append(":").append(patch::go_json(member));
  };
  for (const std::string_view key : order) {
    if (const doc::Value* member = value.as_object().find(key)) add(key, *member);
  }
  for (const auto& [key, member] : value.as_object()) {
    if (std::ranges::find(order, std::string_view(key)) == order.end()) add(key, member);
  }
  return "{" + text + "}";
}

}  // namespace slipway::objects::validation
