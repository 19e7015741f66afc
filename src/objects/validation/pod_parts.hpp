#pragma once
// Rules of the parts of a PodSpec. For pod_spec.cpp and its neighbours.

#include <optional>
#include <unordered_map>

#include "objects/validation/at.hpp"

namespace slipway::objects::validation {

// What the parts of a Pod need to know of the whole.
struct PodView {
  At spec;
  At metadata;          // null in templates
  bool is_pod = false;  // not a template
  Names claims;         // of spec.resourceClaims

  std::optional<std::int64_t> grace_period() const;
  bool host_users() const { return spec["hostUsers"].flag(true); }
  bool host_network() const { return spec["hostNetwork"].flag(); }
};

// Volumes without a problem, by name; block devices need to know which are claims.
struct Volumes {
  struct Volume {
    std::string_view name;
    bool is_claim = false;  // persistentVolumeClaim or ephemeral
  };
  std::unordered_map<std::string_view, Volume> all;
  const Volume* find(std::string_view name) const;
};
Volumes validate_volumes(const PodView& pod);
// Relative, without "..", and not itself beginning with "..".
void validate_relative_path(At path, std::string_view text);
void validate_no_parent_directories(At path, std::string_view text);
void validate_local_path(At path, std::string_view text);

void validate_containers(const PodView& pod, const Volumes& volumes);

void validate_env(At env);
void validate_env_from(At sources);
void validate_object_field(At selector, std::span<const std::string_view> supported);
void validate_resource_field(At selector, bool in_volume);

void validate_probes(const PodView& pod, At container);
void validate_lifecycle(const PodView& pod, At lifecycle);

void validate_pull_policy(At policy);
void validate_pod_security(At spec);
void validate_container_security(At context, bool host_users);

// Requests, limits and claims of a container, or of a whole Pod.
void validate_container_resources(At resources, const Names& claims);
void validate_pod_resources(const PodView& pod);
bool validate_resource_name(At place, std::string_view name);
// Not negative, and whole where the resource is counted.
void validate_resource_quantity(At place, std::string_view resource);
bool is_extended_resource(std::string_view name);
bool is_standard_quota_resource(std::string_view name);

void validate_affinity(At affinity);
void validate_node_selector(At selector, bool checks_values);
void validate_tolerations(At tolerations);
void validate_taint_effect(At effect);
void validate_topology_spread(At constraints);

}  // namespace slipway::objects::validation
