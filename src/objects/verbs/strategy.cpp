#include "objects/verbs/strategy.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace slipway::objects::verbs {
namespace {

struct GroupKind {
  std::string_view group, kind;
};

template <std::size_t N>
bool is_one_of(const schema::Resource& resource, const std::array<GroupKind, N>& kinds) {
  return std::ranges::any_of(kinds, [&](const GroupKind& kind) { return resource.is(kind.group, kind.kind); });
}

constexpr std::array with_generation{
    GroupKind{"", "Pod"},
    GroupKind{"", "ReplicationController"},
    GroupKind{"apps", "Deployment"},
    GroupKind{"apps", "ReplicaSet"},
    GroupKind{"apps", "StatefulSet"},
    GroupKind{"apps", "DaemonSet"},
    GroupKind{"batch", "Job"},
    GroupKind{"batch", "CronJob"},
    GroupKind{"policy", "PodDisruptionBudget"},
    GroupKind{"networking.k8s.io", "Ingress"},
    GroupKind{"networking.k8s.io", "IngressClass"},
    GroupKind{"networking.k8s.io", "NetworkPolicy"},
    GroupKind{"discovery.k8s.io", "EndpointSlice"},
    GroupKind{"scheduling.k8s.io", "PriorityClass"},
    GroupKind{"flowcontrol.apiserver.k8s.io", "FlowSchema"},
    GroupKind{"flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"},
    GroupKind{"resource.k8s.io", "DeviceClass"},
    GroupKind{"resource.k8s.io", "ResourceSlice"},
    GroupKind{"apiextensions.k8s.io", "CustomResourceDefinition"},
    GroupKind{"admissionregistration.k8s.io", "ValidatingAdmissionPolicy"},
    GroupKind{"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"},
    GroupKind{"admissionregistration.k8s.io", "MutatingWebhookConfiguration"},
    GroupKind{"admissionregistration.k8s.io", "ValidatingWebhookConfiguration"},
};

constexpr std::array created_by_update{
    GroupKind{"", "Event"},
    GroupKind{"events.k8s.io", "Event"},
    GroupKind{"", "Service"},
    GroupKind{"", "Endpoints"},
    GroupKind{"", "LimitRange"},
    GroupKind{"coordination.k8s.io", "Lease"},
    GroupKind{"node.k8s.io", "RuntimeClass"},
    GroupKind{"rbac.authorization.k8s.io", "Role"},
    GroupKind{"rbac.authorization.k8s.io", "RoleBinding"},
    GroupKind{"rbac.authorization.k8s.io", "ClusterRole"},
    GroupKind{"rbac.authorization.k8s.io", "ClusterRoleBinding"},
};

constexpr std::array updated_by_version_only{
    GroupKind{"apiextensions.k8s.io", "CustomResourceDefinition"},
    GroupKind{"coordination.k8s.io", "Lease"},
    GroupKind{"apiregistration.k8s.io", "APIService"},
    GroupKind{"node.k8s.io", "RuntimeClass"},
    GroupKind{"policy", "PodDisruptionBudget"},
    GroupKind{"storage.k8s.io", "CSIDriver"},
    GroupKind{"storage.k8s.io", "CSINode"},
    GroupKind{"storage.k8s.io", "CSIStorageCapacity"},
    GroupKind{"storage.k8s.io", "VolumeAttachment"},
    GroupKind{"admissionregistration.k8s.io", "ValidatingAdmissionPolicy"},
    GroupKind{"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"},
    GroupKind{"admissionregistration.k8s.io", "MutatingWebhookConfiguration"},
    GroupKind{"admissionregistration.k8s.io", "ValidatingWebhookConfiguration"},
};

constexpr std::array shown_when_deleted{
    GroupKind{"", "Pod"},
    GroupKind{"", "Service"},
    GroupKind{"", "ServiceAccount"},
    GroupKind{"", "PersistentVolumeClaim"},
    GroupKind{"", "PersistentVolume"},
    GroupKind{"", "PodTemplate"},
    GroupKind{"", "ResourceQuota"},
    GroupKind{"storage.k8s.io", "CSIDriver"},
    GroupKind{"storage.k8s.io", "CSINode"},
    GroupKind{"storage.k8s.io", "StorageClass"},
    GroupKind{"storage.k8s.io", "VolumeAttachment"},
    GroupKind{"storage.k8s.io", "VolumeAttributesClass"},
    GroupKind{"resource.k8s.io", "DeviceClass"},
    GroupKind{"resource.k8s.io", "ResourceClaim"},
    GroupKind{"resource.k8s.io", "ResourceClaimTemplate"},
    GroupKind{"resource.k8s.io", "ResourceSlice"},
};

// A Pod is Guaranteed when every container's cpu and memory have equal requests and limits, BestEffort when none says
// anything of them.
std::string_view qos_class_of(const doc::Value& spec) {
  bool any = false;
  bool guaranteed = true;
  for (const auto* list : {"containers", "initContainers"}) {
    if (!spec[list].is_array()) continue;
    for (const auto& container : spec[list].as_array()) {
      for (const auto* resource : {"cpu", "memory"}) {
        const auto request = container["resources"]["requests"][resource].string_or("");
        const auto limit = container["resources"]["limits"][resource].string_or("");
        const auto says = [](const std::string& text) { return !text.empty() && text != "0"; };
        any = any || says(request) || says(limit);
        guaranteed = guaranteed && says(limit) && request == limit;
      }
    }
  }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

void start_job(doc::Value& object) {
  auto& spec = object.at_or_insert("spec");
  if (!spec.is_object() || spec["manualSelector"].bool_or(false)) return;
  const auto uid = object["metadata"]["uid"].string_or("");
  const auto name = object["metadata"]["name"].string_or("");
  auto& labels = spec.at_or_insert("template").at_or_insert("metadata").at_or_insert("labels");
  for (const auto* prefix : {"", "batch.kubernetes.io/"}) {
    labels.at_or_insert(std::string(prefix) + "controller-uid") = uid;
    labels.at_or_insert(std::string(prefix) + "job-name") = name;
  }
  spec.at_or_insert("selector").at_or_insert("matchLabels").at_or_insert("batch.kubernetes.io/controller-uid") = uid;
}

void start_namespace(doc::Value& object) {
  object.set_path("spec.finalizers", doc::Array{"kubernetes"});
  object.set_path("status.phase", "Active");
  object.at_or_insert("metadata").at_or_insert("labels").at_or_insert("kubernetes.io/metadata.name") =
      object["metadata"]["name"].string_or("");
}

}  // namespace

bool has_status_subresource(const schema::Resource& resource) { return resource.find_subresource("status") != nullptr; }

bool tracks_generation(const schema::Resource& resource) {
  return resource.is_custom() || is_one_of(resource, with_generation);
}

bool creates_on_update(const schema::Resource& resource) { return is_one_of(resource, created_by_update); }

bool updates_unconditionally(const schema::Resource& resource) {
  return !resource.is_custom() && !is_one_of(resource, updated_by_version_only);
}

bool returns_deleted(const schema::Resource& resource) { return is_one_of(resource, shown_when_deleted); }

bool orphans_by_default(const schema::Resource& resource) {
  return resource.is("batch", "Job") || resource.is("", "ReplicationController");
}

void start_life(const schema::Resource& resource, doc::Value& object) {
  if (resource.is("", "Pod")) {
    auto& status = object.at_or_insert("status");
    if (!status.is_object()) status = doc::Object{};
    if (status["phase"].is_null()) status.at_or_insert("phase") = "Pending";
    status.at_or_insert("qosClass") = qos_class_of(std::as_const(object)["spec"]);
    if (std::as_const(object)["spec"]["schedulingGates"].size() > 0 && !status["conditions"].is_array()) {
      status.at_or_insert("conditions") =
          doc::Array{doc::Object{{"type", "PodScheduled"},
                                 {"status", "False"},
                                 {"reason", "SchedulingGated"},
                                 {"message", "Scheduling is blocked due to non-empty scheduling gates"}}};
    }
  } else if (resource.is("", "Namespace")) {
    start_namespace(object);
  } else if (resource.is("batch", "Job")) {
    start_job(object);
  } else if (resource.is("", "PersistentVolumeClaim") || resource.is("", "PersistentVolume")) {
    auto& status = object.at_or_insert("status");
    if (!status.is_object()) status = doc::Object{};
    if (status["phase"].is_null()) status.at_or_insert("phase") = "Pending";
  }
}

void carry_on(const schema::Resource& resource, const doc::Value& before, doc::Value& status) {
  if (!resource.is("", "Pod") || !status.is_object()) return;
  const auto& settled = before["qosClass"];
  if (!settled.is_null() && status["qosClass"].string_or("").empty()) status.as_object().set("qosClass", settled);
}

bool declares_otherwise(const schema::Resource& resource, const doc::Value& before, const doc::Value& after) {
  const auto differs = [&](std::string_view key) { return !(before[key] == after[key]); };
  const auto any_key = [&](const doc::Value& one) {
    for (const auto& [key, value] : one.as_object()) {
      if (key == "metadata" || key == "apiVersion" || key == "kind") continue;
      if (key == "status" && has_status_subresource(resource)) continue;
      if (differs(key)) return true;
    }
    return false;
  };
  if (any_key(before) || any_key(after)) return true;
  return resource.is("apps", "Deployment") && !(before["metadata"]["annotations"] == after["metadata"]["annotations"]);
}

Duration grace_of(const schema::Resource& resource, const doc::Value& object, std::optional<Duration> asked) {
  if (!resource.is("", "Pod")) return {};
  const auto phase = object["status"]["phase"].string_or("");
  const auto& mirror = object["metadata"]["annotations"]["kubernetes.io/config.mirror"];
  // Nothing runs, or what runs is no Pod's: nobody needs time to end it.
  if (object["spec"]["nodeName"].string_or("").empty() || phase == "Failed" || phase == "Succeeded") return {};
  if (!mirror.string_or("").empty()) return {};
  if (asked) return *asked;
  return std::chrono::seconds(object["spec"]["terminationGracePeriodSeconds"].int_or(30));
}

}  // namespace slipway::objects::verbs
