#pragma once
// Rules of the kinds that run no Pods themselves. Inside of validation; kinds.cpp says which rule is whose.

#include "objects/validation/at.hpp"

namespace slipway::objects::validation {

// What Ingresses, EndpointSlices and Services may point to: no loopback, link-local or unspecified address.
void validate_endpoint_ip(At ip);
// status.loadBalancer.ingress of Services and Ingresses.
void validate_load_balancer_ingress(At ingress);

void validate_service(At object);
void validate_service_update(At object, At old);
void validate_service_status(At object, At old);
void validate_endpoints(At object);
void validate_endpoints_update(At object, At old);
void validate_endpoint_slice(At object);
void validate_endpoint_slice_update(At object, At old);

void validate_config_map(At object);
void validate_config_map_update(At object, At old);
void validate_secret(At object);
void validate_secret_update(At object, At old);
void validate_service_account(At object);
void validate_service_account_update(At object, At old);

void validate_namespace(At object);
void validate_namespace_update(At object, At old);
void validate_namespace_status(At object, At old);
void validate_node(At object);
void validate_node_update(At object, At old);
void validate_core_event(At object);  // v1
void validate_core_event_update(At object, At old);
void validate_event(At object);  // events.k8s.io/v1
void validate_event_update(At object, At old);
void validate_lease(At object);
void validate_lease_update(At object, At old);
void validate_priority_class(At object);
void validate_priority_class_update(At object, At old);

void validate_resource_quota(At object);
void validate_resource_quota_update(At object, At old);
void validate_resource_quota_status(At object, At old);
void validate_limit_range(At object);
void validate_limit_range_update(At object, At old);

void validate_claim(At object);
void validate_claim_update(At object, At old);
void validate_claim_status(At object, At old);
void validate_volume(At object);
void validate_volume_update(At object, At old);
void validate_volume_status(At object, At old);
void validate_storage_class(At object);
void validate_storage_class_update(At object, At old);

void validate_csi_driver(At object);
void validate_csi_driver_update(At object, At old);
void validate_csi_node(At object);
void validate_csi_node_update(At object, At old);
void validate_csi_capacity(At object);
void validate_csi_capacity_update(At object, At old);
void validate_volume_attachment(At object);
void validate_volume_attachment_update(At object, At old);
void validate_attributes_class(At object);
void validate_attributes_class_update(At object, At old);
void validate_runtime_class(At object);
void validate_runtime_class_update(At object, At old);

// resource.k8s.io: names, requests and what may not change. CEL expressions are not compiled.
void validate_device_class(At object);
void validate_device_class_update(At object, At old);
void validate_resource_claim(At object);
void validate_resource_claim_update(At object, At old);
void validate_claim_template(At object);
void validate_claim_template_update(At object, At old);
void validate_resource_slice(At object);
void validate_resource_slice_update(At object, At old);

void validate_flow_schema(At object);
void validate_flow_schema_update(At object, At old);
void validate_flow_schema_status(At object, At old);
void validate_priority_level(At object);
void validate_priority_level_update(At object, At old);
void validate_priority_level_status(At object, At old);

void validate_api_service(At object);
void validate_api_service_update(At object, At old);
void validate_api_service_status(At object, At old);

void validate_autoscaler(At object);  // v2
void validate_autoscaler_update(At object, At old);
void validate_autoscaler_v1(At object);
void validate_autoscaler_v1_update(At object, At old);
void validate_autoscaler_status(At object, At old);
void validate_disruption_budget(At object);
void validate_disruption_budget_update(At object, At old);
void validate_disruption_budget_status(At object, At old);

void validate_role(At object);
void validate_role_update(At object, At old);
void validate_cluster_role(At object);
void validate_cluster_role_update(At object, At old);
void validate_role_binding(At object);
void validate_role_binding_update(At object, At old);
void validate_cluster_role_binding(At object);
void validate_cluster_role_binding_update(At object, At old);

void validate_network_policy(At object);
void validate_network_policy_update(At object, At old);
void validate_ingress(At object);
void validate_ingress_update(At object, At old);
void validate_ingress_status(At object, At old);
void validate_ingress_class(At object);
void validate_ingress_class_update(At object, At old);

void validate_validating_webhooks(At object);
void validate_validating_webhooks_update(At object, At old);
void validate_mutating_webhooks(At object);
void validate_mutating_webhooks_update(At object, At old);
void validate_admission_policy(At object);
void validate_admission_policy_update(At object, At old);
void validate_admission_policy_binding(At object);
void validate_admission_policy_binding_update(At object, At old);

}  // namespace slipway::objects::validation
