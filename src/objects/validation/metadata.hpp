#pragma once
// Rules of ObjectMeta, labels, annotations and label selectors, which objects of every kind share.

#include "objects/validation/at.hpp"

namespace slipway::objects::validation {

// Built-in kinds take finalizers that are Kubernetes' own or have a domain and a '/'; CustomResourceDefinitions and
// custom resources take any qualified name.
enum class FinalizerNames { full, qualified };

// `name_format`: of metadata.name, and of generateName but for a '-' at its end.
void validate_metadata(At metadata, bool namespaced, Format name_format,
                       FinalizerNames finalizers = FinalizerNames::full);
// What only the server sets may be left out and must not be changed.
void validate_metadata_update(At metadata, At old, FinalizerNames finalizers = FinalizerNames::full);

void validate_labels(At labels);
void validate_annotations(At annotations);
bool validate_label_key(At key);  // the text of `key`
// One of a selector's matchExpressions.
struct RequirementRules {
  bool orders = false;  // Gt and Lt, which nodes are selected by, too
  bool checks_values = true;
};
void validate_requirement(At requirement, const RequirementRules& rules);
// Of a metav1.LabelSelector; null is fine. Whether all is well.
bool validate_label_selector(At selector);
// Labels and annotations; nothing else may be said in a template's metadata.
void validate_claim_template_metadata(At metadata);
// Whether the selector (null: none) says nothing at all.
bool is_empty_selector(const doc::Value& selector);
// Whether a LabelSelector matches a map of labels. An invalid one matches nothing.
bool selector_matches(const doc::Value& selector, const doc::Value& labels);

// A value as Go's JSON shows a struct: the members in this order, then any other ones.
std::string in_order(const doc::Value& value, std::span<const std::string_view> order);

}  // namespace slipway::objects::validation
