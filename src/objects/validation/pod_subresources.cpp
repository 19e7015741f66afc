// kubernetes pkg/apis/core/validation: ValidatePodResize, ValidatePodEphemeralContainersUpdate.

#include "objects/validation/metadata.hpp"
#include "objects/validation/pod.hpp"
#include "objects/validation/pod_resources.hpp"

namespace slipway::objects::validation {
namespace {

constexpr std::string_view only_resources = "only cpu and memory resources are mutable";
constexpr std::string_view lists[] = {"initContainers", "containers"};

bool is_mirror(At pod) { return pod["metadata"]["annotations"].key("kubernetes.io/config.mirror").exists(); }

bool says_resources_as_a_whole(At pod) {
  const At resources = pod["spec"]["resources"];
  return !resources["requests"].empty() || !resources["limits"].empty();
}

bool is_sidecar(At container) { return container["restartPolicy"].text() == "Always"; }

// A node that can resize says what its running containers have.
bool can_node_resize(At pod) {
  for (const At status : pod["status"]["containerStatuses"].elements()) {
    if (status["state"]["running"]) return status["resources"].exists();
  }
  return true;  // nobody can tell yet
}

// False when the rest cannot be compared.
bool validate_same_containers(At containers, At old, std::string_view list) {
  const std::string what(list);
  if (containers.size() != old.size()) {
    containers.forbidden(what + " may not be added or removed on resize");
    return false;
  }
  bool is_same = true;
  for (std::size_t i = 0; i < old.size(); ++i) {
    const At name = containers[i]["name"];
    if (name.is_same_as(old[i]["name"])) continue;
    name.forbidden(what + " may not be renamed or reordered on resize");
    is_same = false;
  }
  return is_same;
}

bool lacks_any(At now, At old) {
  for (const auto& [name, quantity] : old.members()) {
    if (!now.key(name)) return true;
  }
  return false;
}

void validate_nothing_removed(At resources, At old) {
  for (const std::string_view list : {"requests", "limits"}) {
    if (lacks_any(resources[list], old[list])) {
      resources[list].forbidden("resource " + std::string(list) + " cannot be removed");
    }
  }
}

// The container with its cpu and memory as they were: a list that was not there before may come and go with them.
doc::Value without_resizing(doc::Value container, const doc::Value& old) {
  doc::Object resources;
  for (const std::string_view list : {"limits", "requests"}) {
    const auto& before = old["resources"][list];
    if (!before.is_object()) continue;
    doc::Value munged = container["resources"][list];
    if (!munged.is_object()) munged = doc::Object{};
    for (const std::string_view name : {"cpu", "memory"}) {
      munged.as_object().erase(name);
      if (!before[name].is_null()) munged.as_object().set(name, before[name]);
    }
    resources.set(list, std::move(munged));
  }
  container.at_or_insert("resources") = std::move(resources);
  return container;
}

// What `list` has of the old Pod when only cpu and memory are another; complains where more is.
doc::Value resized_back(At spec, At old, std::string_view list) {
  doc::Array containers;
  for (std::size_t i = 0; i < old[list].size(); ++i) {
    const auto& now = spec[list][i].value();
    const auto& before = old[list][i].value();
    const bool of_init = list == "initContainers";
    const bool may_resize = !of_init || is_sidecar(spec[list][i]);
    if (!((may_resize ? without_resizing(now, before) : now) == before)) {
      spec.forbidden(std::string(!may_resize ? "resources for non-sidecar init containers are immutable"
                                 : of_init   ? "only cpu and memory resources for sidecar containers are mutable"
                                             : only_resources));
    }
    containers.push_back(before);
  }
  return containers;
}

}  // namespace

void validate_pod_resize(At pod, At old) {
  const At spec = pod["spec"];
  const At before = old["spec"];
  const auto refuse_whole = [&](std::string_view why) {
    pod.report().problems = {{Reason::forbidden, "", "", std::string(why)}};
  };
  if (says_resources_as_a_whole(old) || says_resources_as_a_whole(pod))
    return refuse_whole("pods with pod-level resources cannot be resized");
  if (is_mirror(old)) return refuse_whole("static pods cannot be resized");
  if (before["os"]["name"].text() == "windows") return refuse_whole("windows pods cannot be resized");
  validate_metadata_update(pod["metadata"], old["metadata"]);
  validate_pod_metadata_and_spec(pod);
  const auto had = old["status"]["qosClass"].text();
  if (!had.empty() && had != quality_of_service(spec.value())) {
    spec.invalid(pod["status"]["qosClass"].value(), "Pod QOS Class may not change as a result of resizing");
  }
  if (!can_node_resize(old)) spec.forbidden("Pod running on node without support for resize");
  bool are_same = validate_same_containers(spec["containers"], before["containers"], "containers");
  are_same = validate_same_containers(spec["initContainers"], before["initContainers"], "initContainers") && are_same;
  if (!are_same) return;
  for (const std::string_view list : lists) {
    for (std::size_t i = 0; i < before[list].size(); ++i) {
      if (list == "initContainers" && !is_sidecar(before[list][i])) continue;
      validate_nothing_removed(spec[list][i]["resources"], before[list][i]["resources"]);
    }
  }
  doc::Value munged = spec.value();
  for (const std::string_view list : {"containers", "initContainers"}) {
    auto containers = resized_back(spec, before, list);
    if (!before[list].empty()) munged.at_or_insert(list) = std::move(containers);
  }
  if (pod.report().problems.empty() && !(munged == before.value())) spec.forbidden(std::string(only_resources));
}

void validate_ephemeral_containers_update(At pod, At old) {
  if (is_mirror(old)) {
    pod.report().problems = {{Reason::forbidden, "", "", "static pods do not support ephemeral containers"}};
    return;
  }
  validate_metadata_update(pod["metadata"], old["metadata"]);
  validate_pod_metadata_and_spec(pod);
  validate_pod_annotation_updates(pod["metadata"]["annotations"], old["metadata"]["annotations"]);
  const At containers = pod["spec"]["ephemeralContainers"];
  for (const At before : old["spec"]["ephemeralContainers"].elements()) {
    const doc::Value* found = nullptr;
    for (const At container : containers.elements()) {
      if (container["name"].is_same_as(before["name"])) found = &container.value();
    }
    const std::string which =
        "existing ephemeral containers \"" + std::string(before["name"].text()) + "\" may not be ";
    if (found == nullptr) {
      containers.forbidden(which + "removed\n");
    } else if (!(*found == before.value())) {
      containers.forbidden(which + "changed\n");
    }
  }
}

}  // namespace slipway::objects::validation
