// kubernetes pkg/apis/core/validation: ValidatePodCreate, ValidatePodUpdate, ValidatePodStatusUpdate.

#include "objects/validation/pod.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "objects/validation/metadata.hpp"
#include "objects/validation/pod_parts.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::string_view updatable =
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
constexpr const char* padded_image = "must not have leading or trailing whitespace";

bool is_padded(std::string_view text) { return core::trimmed(text, " \t\r\n\v\f") != text; }

bool validate_container_updates(At containers, At old) {
  if (containers.size() != old.size()) {
    containers.forbidden("pod updates may not add or remove containers");
    return false;
  }
  for (const At container : containers.elements()) {
    const At image = container["image"];
    image.must_be_given();
    if (is_padded(image.text())) image.invalid(padded_image);
  }
  return true;
}

// False: nothing more is to be looked at.
bool validate_deadline_update(At deadline, At old) {
  if (!deadline) {
    if (old) deadline.invalid("must not update from a positive integer to nil value");
    return true;
  }
  constexpr std::int64_t largest = 2147483647;
  if (!deadline.must_be_in_range(0, largest)) return false;
  if (!old || old.number() >= deadline.number()) return true;
  deadline.invalid("must be less than or equal to previous value");
  return false;
}

void validate_toleration_updates(At tolerations, At old) {
  for (const At before : old.elements()) {
    doc::Value wanted = before.value();
    const bool is_kept = std::ranges::any_of(
        tolerations.value().is_array() ? tolerations.value().as_array() : doc::Array{}, [&](const doc::Value& now) {
          doc::Value same = now;
          if (same.is_object()) same.as_object().erase("tolerationSeconds");
          if (wanted.is_object()) wanted.as_object().erase("tolerationSeconds");
          return same == wanted;
        });
    if (is_kept) continue;
    return tolerations.forbidden("existing toleration can not be modified except its tolerationSeconds");
  }
  validate_tolerations(tolerations);
}

void validate_gate_updates(At gates, At old) {
  const Names known = names_in(old.value(), "name");
  for (const At gate : gates.elements()) {
    if (known.contains(gate["name"].text())) continue;
    gate["name"].forbidden("only deletion is allowed, but found new scheduling gate '" +
                           std::string(gate["name"].text()) + "'");
  }
}

void copy_member(doc::Object& to, const doc::Object& from, std::string_view field) {
  const doc::Value* value = from.find(field);
  if (value != nullptr) {
    to.set(field, *value);
  } else {
    to.erase(field);
  }
}

void copy_images(doc::Object& to, const doc::Object& from, std::string_view list) {
  doc::Value* containers = to.find(list);
  const doc::Value* before = from.find(list);
  if (containers == nullptr || before == nullptr || containers->size() != before->size()) return;
  for (std::size_t i = 0; i < containers->size(); ++i) {
    doc::Value& container = containers->as_array()[i];
    if (container.is_object() && (*before)[i].is_object()) {
      copy_member(container.as_object(), (*before)[i].as_object(), "image");
    }
  }
}

// A gated Pod waits for its node: what narrows the choice may still be added.
void validate_gated_update(At spec, At old, doc::Object& now) {
  const At selector = spec["nodeSelector"];
  for (const auto& [key, value] : old["nodeSelector"].members()) {
    if (selector.value()[key] == value) continue;
    selector.invalid("only additions to spec.nodeSelector are allowed (no mutations or deletions)");
    break;
  }
  copy_member(now, old.value().as_object(), "nodeSelector");
  const At affinity = spec["affinity"];
  const At before = old["affinity"];
  const At terms = affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
  const At old_terms = before["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
  if (!old_terms.empty() && terms.size() != old_terms.size()) {
    terms.invalid("no additions/deletions to non-empty NodeSelectorTerms list are allowed");
  } else {
    std::size_t index = 0;
    for (const At old_term : old_terms.elements()) {
      const At term = terms[index++];
      bool has_all = true;
      for (const std::string_view list : {"matchExpressions", "matchFields"}) {
        if (old_term[list].empty()) continue;
        for (std::size_t i = 0; i < old_term[list].size(); ++i) {
          has_all = has_all && old_term[list][i].is_same_as(term[list][i]);
        }
      }
      if (!has_all) term.invalid("only additions are allowed (no mutations or deletions)");
    }
  }
  doc::Value munged = affinity.value();
  const doc::Value& node = before["nodeAffinity"].value();
  if (node.is_null()) {
    if (munged.is_object()) munged.as_object().erase("nodeAffinity");
    if (munged.size() == 0 && !before) munged = {};
  } else {
    munged.at_or_insert("nodeAffinity") = node;
  }
  if (munged.is_null()) {
    now.erase("affinity");
  } else {
    now.set("affinity", std::move(munged));
  }
}

// "spec.nodeName", ...: where the two differ, at most a few.
void collect_differences(const doc::Value& now, const doc::Value& old, const std::string& path,
                         std::vector<std::string>& found) {
  if (now == old || found.size() >= 8) return;
  if (now.is_object() && old.is_object()) {
    for (const auto& [key, value] : now.as_object()) collect_differences(value, old[key], path + "." + key, found);
    for (const auto& [key, value] : old.as_object()) {
      if (now.as_object().find(key) == nullptr) collect_differences({}, value, path + "." + key, found);
    }
    return;
  }
  if (now.is_array() && old.is_array() && now.size() == old.size()) {
    for (std::size_t i = 0; i < now.size(); ++i) {
      collect_differences(now[i], old[i], path + "[" + std::to_string(i) + "]", found);
    }
    return;
  }
  found.push_back("  " + path + ": " + shown(old) + " -> " + shown(now));
}

void validate_rest_is_same(At spec, At old) {
  if (spec.is_same_as(old) || !spec.value().is_object() || !old.value().is_object()) return;
  doc::Value munged = spec.value();
  doc::Object& now = munged.as_object();
  const doc::Object& before = old.value().as_object();
  copy_images(now, before, "containers");
  copy_images(now, before, "initContainers");
  for (const std::string_view field : {"activeDeadlineSeconds", "schedulingGates", "tolerations"}) {
    copy_member(now, before, field);
  }
  const At grace = old["terminationGracePeriodSeconds"];
  if (grace.number() < 0 && spec["terminationGracePeriodSeconds"].number() == 1) {
    copy_member(now, before, "terminationGracePeriodSeconds");
  }
  if (!old["schedulingGates"].empty()) validate_gated_update(spec, old, now);
  if (munged == old.value()) return;
  std::vector<std::string> differences;
  collect_differences(munged, old.value(), "spec", differences);
  std::string text(updatable);
  for (const std::string& difference : differences) text += "\n" + difference;
  spec.forbidden(text);
}

bool is_terminated(At status) { return status["state"]["terminated"].exists(); }

void validate_state_transitions(At statuses, At old, At spec, bool are_init) {
  const std::string_view policy = spec["restartPolicy"].text();
  if (policy == "Always") return;
  std::size_t index = 0;
  for (const At before : old.elements()) {
    const At place = statuses[index++];
    if (!is_terminated(before)) continue;
    if (policy == "OnFailure" && before["state"]["terminated"]["exitCode"].number() != 0) continue;
    bool is_sidecar = false;
    if (are_init) {
      for (const At container : spec["initContainers"].elements()) {
        if (!container["name"].is_same_as(before["name"])) continue;
        is_sidecar = container["restartPolicy"].text() == "Always";
        break;
      }
    }
    if (is_sidecar) continue;
    for (const At status : statuses.elements()) {
      if (status["name"].is_same_as(before["name"]) && !is_terminated(status)) {
        place["state"].forbidden("may not be transitioned to non-terminated state");
      }
    }
  }
}

void validate_ips(At ips, At old) {
  const Names known = names_in(old.value(), "ip");
  int families[7] = {};
  for (const At entry : ips.elements()) {
    if (!known.contains(entry["ip"].text())) entry.with(entry["ip"].value()).must_be_ip();
    ++families[ip_family(entry["ip"].text())];
  }
  if (ips.size() > 2 || families[4] > 1 || families[6] > 1) {
    ips.invalid("may specify no more than one IP for each IP family");
  }
}

}  // namespace

void validate_pod_metadata_and_spec(At pod) {
  const At metadata = pod["metadata"];
  const At spec = pod["spec"];
  validate_metadata(metadata, true, dns1123_subdomain);
  validate_pod_spec(spec, metadata, true);
  if (spec["serviceAccountName"].text().empty()) {
    for (const At volume : spec["volumes"].elements()) {
      for (const At source : volume["projected"]["sources"].elements()) {
        if (const At token = source["serviceAccountToken"]) {
          token.forbidden("must not be specified when serviceAccountName is not set");
        }
      }
    }
  }
  for (const std::string_view list : {"containers", "initContainers"}) {
    for (const At container : spec[list].elements()) {
      if (is_padded(container["image"].text())) container["image"].invalid(padded_image);
    }
  }
}

void validate_pod_annotation_updates(At annotations, At old) {
  constexpr std::string_view mirror = "kubernetes.io/config.mirror";
  const At now = annotations.key(mirror);
  const At before = old.key(mirror);
  if (now.is_same_as(before)) return;
  now.forbidden(before ? "may not remove or update mirror pod annotation" : "may not add mirror pod annotation");
}

void validate_pod(At pod) {
  validate_pod_metadata_and_spec(pod);
  const At spec = pod["spec"];
  if (const At containers = spec["ephemeralContainers"]; !containers.empty()) {
    containers.forbidden("cannot be set on create");
  }
  if (!spec["nodeName"].text().empty() && !spec["schedulingGates"].empty()) {
    spec["nodeName"].forbidden("cannot be set until all schedulingGates have been cleared");
  }
}

void validate_pod_update(At pod, At old) {
  const At metadata = pod["metadata"];
  const At spec = pod["spec"];
  const At before = old["spec"];
  validate_metadata_update(metadata, old["metadata"]);
  validate_pod_metadata_and_spec(pod);
  validate_pod_annotation_updates(metadata["annotations"], old["metadata"]["annotations"]);
  for (const std::string_view list : {"containers", "initContainers"}) {
    if (!validate_container_updates(spec[list], before[list])) return;
  }
  if (!validate_deadline_update(spec["activeDeadlineSeconds"], before["activeDeadlineSeconds"])) return;
  validate_toleration_updates(spec["tolerations"], before["tolerations"]);
  validate_gate_updates(spec["schedulingGates"], before["schedulingGates"]);
  validate_rest_is_same(spec, before);
}

void validate_pod_status(At pod, At old) {
  validate_metadata_update(pod["metadata"], old["metadata"]);
  validate_pod_annotation_updates(pod["metadata"]["annotations"], old["metadata"]["annotations"]);
  const At status = pod["status"];
  const At before = old["status"];
  for (const At condition : status["conditions"].elements()) {
    if (condition["observedGeneration"].number() < 0) {
      condition["observedGeneration"].invalid("must be a non-negative integer");
    }
    const std::string_view type = condition["type"].text();
    if (type == "PodScheduled" || type == "Ready" || type == "Initialized") continue;
    condition["Type"].must_be(qualified_name, type);
  }
  if (!pod["spec"]["nodeName"].is_same_as(old["spec"]["nodeName"])) {
    status["nodeName"].forbidden("may not be changed directly");
  }
  const At nominated = status["nominatedNodeName"];
  if (!nominated.text().empty() && !nominated.is_same_as(before["nominatedNodeName"])) {
    nominated.must_be(dns1123_subdomain);
  }
  if (status["observedGeneration"].number() < 0) {
    status["observedGeneration"].invalid("must be a non-negative integer");
  }
  status["qosClass"].must_not_change(before["qosClass"]);
  validate_state_transitions(status["containerStatuses"], before["containerStatuses"], old["spec"], false);
  validate_state_transitions(status["initContainerStatuses"], before["initContainerStatuses"], old["spec"], true);
  validate_ips(status["podIPs"], before["podIPs"]);
  const At host_ips = status["hostIPs"];
  if (!host_ips.empty()) {
    const At first = host_ips[0]["ip"];
    if (!first.is_same_as(status["hostIP"])) first.invalid("must be equal to `hostIP`");
    validate_ips(host_ips, before["hostIPs"]);
  }
}

}  // namespace slipway::objects::validation
