#include "pods/workloads/claims.hpp"

#include <algorithm>

#include "objects/kinds.hpp"
#include "pods/workloads/members.hpp"

namespace slipway::pods::workloads {

using objects::Object;
using objects::OwnerReference;

namespace {

std::string claim_name(const Object& set, const doc::Value& claim_template, int ordinal) {
  return claim_template["metadata"]["name"].string_or("") + "-" + set.name().name + "-" + std::to_string(ordinal);
}

bool is_deleted_when(const Object& set, const char* moment) {
  return set.spec()["persistentVolumeClaimRetentionPolicy"][moment].string_or("Retain") == "Delete";
}

bool names(const OwnerReference& reference, const Object& owner) {
  return reference.kind == owner.kind() && reference.api_version == owner.api_version() &&
         reference.name == owner.name().name;
}

void drop_references(Object& claim, const Object& owner) {
  auto& metadata = claim.document().at_or_insert("metadata");
  auto& references = metadata.at_or_insert("ownerReferences");
  if (references.is_array()) {
    std::erase_if(references.as_array(),
                  [&](const doc::Value& reference) { return reference["uid"].string_or("") == owner.uid(); });
  }
  if (references.size() == 0) metadata.as_object().erase("ownerReferences");
}

}  // namespace

std::vector<Object> claims_of(const Object& set, int ordinal) {
  std::vector<Object> claims;
  const doc::Value& templates = set.spec()["volumeClaimTemplates"];
  for (std::size_t i = 0; i < templates.size(); ++i) {
    Object claim = Object::make(claim_kind, {set.name().ns, claim_name(set, templates[i], ordinal)});
    auto& metadata = claim.document().at_or_insert("metadata");
    for (const char* part : {"labels", "annotations"}) {
      if (const doc::Value& given = templates[i]["metadata"][part]; given.is_object())
        metadata.at_or_insert(part) = given;
    }
    if (const doc::Value& labels = set.spec()["selector"]["matchLabels"]; labels.is_object()) {
      for (const auto& [key, value] : labels.as_object()) claim.set_label(key, value.string_or(""));
    }
    claim.spec() = templates[i]["spec"];
    claims.push_back(std::move(claim));
  }
  return claims;
}

void mount_claims(const Object& set, int ordinal, Object& pod) {
  const doc::Value& templates = set.spec()["volumeClaimTemplates"];
  if (templates.size() == 0) return;
  doc::Array volumes;
  const auto is_claimed = [&](const doc::Value& volume) {
    return std::ranges::any_of(templates.as_array(), [&](const doc::Value& one) {
      return one["metadata"]["name"].string_or("") == volume["name"].string_or("");
    });
  };
  for (const doc::Value& one : templates.as_array()) {
    volumes.push_back(
        doc::Object{{"name", one["metadata"]["name"].string_or("")},
                    {"persistentVolumeClaim", doc::Object{{"claimName", claim_name(set, one, ordinal)}}}});
  }
  const doc::Value& given = std::as_const(pod).spec()["volumes"];
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!is_claimed(given[i])) volumes.push_back(given[i]);
  }
  pod.spec().at_or_insert("volumes") = std::move(volumes);
}

bool settle_owners(const Object& set, const Object& pod, bool is_surplus, Object& claim) {
  const auto references = claim.owners();
  const auto is_former = [&](const OwnerReference& reference) {
    return (names(reference, set) && reference.uid != set.uid()) ||
           (names(reference, pod) && reference.uid != pod.uid());
  };
  if (std::ranges::any_of(references, is_former)) return false;
  const bool with_set = is_deleted_when(set, "whenDeleted");
  const bool with_pod = is_deleted_when(set, "whenScaled");
  const bool is_foreign = std::ranges::any_of(references, [&](const OwnerReference& reference) {
    return reference.controller && reference.uid != set.uid() && reference.uid != pod.uid();
  });
  const doc::Value before = claim.document();
  const bool belongs_to_pod = with_pod && is_surplus && !is_foreign;
  const bool belongs_to_set = with_set && !(with_pod && is_surplus) && !is_foreign;
  if (!belongs_to_pod) drop_references(claim, pod);
  if (!belongs_to_set) drop_references(claim, set);
  if (belongs_to_pod) take_control(pod, claim);
  if (belongs_to_set) take_control(set, claim);
  return !(claim.document() == before);
}

bool goes_with_former(const Object& set, const std::string& pod, const Object& claim) {
  if (!is_deleted_when(set, "whenScaled")) return false;
  const auto references = claim.owners();
  return std::ranges::any_of(references, [&](const OwnerReference& reference) {
    return reference.kind == objects::kinds::pod.kind && reference.name == pod;
  });
}

}  // namespace slipway::pods::workloads
