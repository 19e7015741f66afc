#include "objects/validation/validate.hpp"

#include <unordered_set>

#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"
#include "objects/validation/pod.hpp"
#include "objects/validation/workloads.hpp"

namespace slipway::objects::validation {

namespace {

using OnCreate = void (*)(At object);
using OnUpdate = void (*)(At object, At old);

struct Rules {
  std::string_view group;
  std::string_view kind;
  OnCreate create;
  OnUpdate update;
  OnUpdate status = nullptr;  // null: metadata alone
  std::string_view version = "v1";
};

void validate_template_object(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_pod_template(object["template"]);
}

void validate_template_object_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_template_object(object);
}

constexpr std::string_view rbac = "rbac.authorization.k8s.io";
constexpr std::string_view admission = "admissionregistration.k8s.io";
constexpr std::string_view networking = "networking.k8s.io";
constexpr std::string_view storage = "storage.k8s.io";
constexpr std::string_view devices = "resource.k8s.io";
constexpr std::string_view flow_control = "flowcontrol.apiserver.k8s.io";

constexpr Rules all_rules[] = {
    {"", "Pod", validate_pod, validate_pod_update, validate_pod_status},
    {"", "PodTemplate", validate_template_object, validate_template_object_update},
    {"", "Service", validate_service, validate_service_update, validate_service_status},
    {"", "Endpoints", validate_endpoints, validate_endpoints_update},
    {"", "ConfigMap", validate_config_map, validate_config_map_update},
    {"", "Secret", validate_secret, validate_secret_update},
    {"", "ServiceAccount", validate_service_account, validate_service_account_update},
    {"", "Namespace", validate_namespace, validate_namespace_update, validate_namespace_status},
    {"", "Node", validate_node, validate_node_update, validate_node_update},
    {"", "Event", validate_core_event, validate_core_event_update},
    {"", "ResourceQuota", validate_resource_quota, validate_resource_quota_update, validate_resource_quota_status},
    {"", "LimitRange", validate_limit_range, validate_limit_range_update},
    {"", "PersistentVolumeClaim", validate_claim, validate_claim_update, validate_claim_status},
    {"", "PersistentVolume", validate_volume, validate_volume_update, validate_volume_status},
    {"", "ReplicationController", validate_replication_controller, validate_replication_controller_update,
     validate_replica_set_status},
    {"apps", "Deployment", validate_deployment, validate_deployment_update, validate_deployment_status},
    {"apps", "ReplicaSet", validate_replica_set, validate_replica_set_update, validate_replica_set_status},
    {"apps", "StatefulSet", validate_stateful_set, validate_stateful_set_update, validate_stateful_set_status},
    {"apps", "DaemonSet", validate_daemon_set, validate_daemon_set_update, validate_daemon_set_status},
    {"apps", "ControllerRevision", validate_controller_revision, validate_controller_revision_update},
    {"batch", "Job", validate_job, validate_job_update, validate_job_status},
    {"batch", "CronJob", validate_cron_job, validate_cron_job_update, validate_cron_job_status},
    {"autoscaling", "HorizontalPodAutoscaler", validate_autoscaler, validate_autoscaler_update,
     validate_autoscaler_status, "v2"},
    {"autoscaling", "HorizontalPodAutoscaler", validate_autoscaler_v1, validate_autoscaler_v1_update,
     validate_autoscaler_status},
    {"policy", "PodDisruptionBudget", validate_disruption_budget, validate_disruption_budget_update,
     validate_disruption_budget_status},
    {"events.k8s.io", "Event", validate_event, validate_event_update},
    {"coordination.k8s.io", "Lease", validate_lease, validate_lease_update},
    {"discovery.k8s.io", "EndpointSlice", validate_endpoint_slice, validate_endpoint_slice_update},
    {networking, "IngressClass", validate_ingress_class, validate_ingress_class_update},
    {networking, "Ingress", validate_ingress, validate_ingress_update, validate_ingress_status},
    {networking, "NetworkPolicy", validate_network_policy, validate_network_policy_update},
    {storage, "StorageClass", validate_storage_class, validate_storage_class_update},
    {storage, "CSIDriver", validate_csi_driver, validate_csi_driver_update},
    {storage, "CSINode", validate_csi_node, validate_csi_node_update},
    {storage, "CSIStorageCapacity", validate_csi_capacity, validate_csi_capacity_update},
    {storage, "VolumeAttachment", validate_volume_attachment, validate_volume_attachment_update,
     validate_volume_attachment_update},
    {storage, "VolumeAttributesClass", validate_attributes_class, validate_attributes_class_update},
    {"node.k8s.io", "RuntimeClass", validate_runtime_class, validate_runtime_class_update},
    {devices, "DeviceClass", validate_device_class, validate_device_class_update},
    {devices, "ResourceClaim", validate_resource_claim, validate_resource_claim_update},
    {devices, "ResourceClaimTemplate", validate_claim_template, validate_claim_template_update},
    {devices, "ResourceSlice", validate_resource_slice, validate_resource_slice_update},
    {flow_control, "FlowSchema", validate_flow_schema, validate_flow_schema_update, validate_flow_schema_status},
    {flow_control, "PriorityLevelConfiguration", validate_priority_level, validate_priority_level_update,
     validate_priority_level_status},
    {"apiregistration.k8s.io", "APIService", validate_api_service, validate_api_service_update,
     validate_api_service_status},
    {"scheduling.k8s.io", "PriorityClass", validate_priority_class, validate_priority_class_update},
    {rbac, "Role", validate_role, validate_role_update},
    {rbac, "RoleBinding", validate_role_binding, validate_role_binding_update},
    {rbac, "ClusterRole", validate_cluster_role, validate_cluster_role_update},
    {rbac, "ClusterRoleBinding", validate_cluster_role_binding, validate_cluster_role_binding_update},
    {admission, "ValidatingWebhookConfiguration", validate_validating_webhooks, validate_validating_webhooks_update},
    {admission, "MutatingWebhookConfiguration", validate_mutating_webhooks, validate_mutating_webhooks_update},
    {admission, "ValidatingAdmissionPolicy", validate_admission_policy, validate_admission_policy_update},
    {admission, "ValidatingAdmissionPolicyBinding", validate_admission_policy_binding,
     validate_admission_policy_binding_update},
};

const Rules* find_rules(const schema::Resource& resource) {
  if (resource.is_custom()) return nullptr;
  for (const Rules& rules : all_rules) {
    if (rules.kind == resource.kind && rules.group == resource.group && rules.version == resource.version) {
      return &rules;
    }
  }
  return nullptr;
}

// The same rule may stand on two ways to a field.
Problems each_once(Report& report) {
  Problems once;
  std::unordered_set<std::string> said;
  for (Problem& problem : report.problems) {
    if (said.insert(problem.message()).second) once.push_back(std::move(problem));
  }
  return once;
}

}  // namespace

Problems validate_create(const schema::Resource& resource, const doc::Value& object) {
  const Rules* rules = find_rules(resource);
  if (rules == nullptr) return {};
  Report report;
  rules->create(At(object, report));
  return each_once(report);
}

Problems validate_update(const schema::Resource& resource, const doc::Value& object, const doc::Value& old) {
  const Rules* rules = find_rules(resource);
  if (rules == nullptr) return {};
  Report report;
  rules->update(At(object, report), At(old, report));
  return each_once(report);
}

Problems validate_status_update(const schema::Resource& resource, const doc::Value& object, const doc::Value& old) {
  const Rules* rules = find_rules(resource);
  if (rules == nullptr) return {};
  Report report;
  const At now(object, report);
  const At before(old, report);
  if (rules->status != nullptr) {
    rules->status(now, before);
  } else {
    validate_metadata_update(now["metadata"], before["metadata"]);
  }
  return each_once(report);
}

Problems validate_pod_resize(const doc::Value& object, const doc::Value& old) {
  Report report;
  validate_pod_resize(At(object, report), At(old, report));
  return each_once(report);
}

Problems validate_ephemeral_containers_update(const doc::Value& object, const doc::Value& old) {
  Report report;
  validate_ephemeral_containers_update(At(object, report), At(old, report));
  return each_once(report);
}

Result<> refuse_invalid(const schema::Resource& resource, const doc::Value& object, const Problems& problems) {
  if (problems.empty()) return {};
  return fail(invalid_error(resource.group, resource.kind, object["metadata"]["name"].string_or(""), problems));
}

}  // namespace slipway::objects::validation
