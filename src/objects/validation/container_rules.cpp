// Containers, init containers and ephemeral containers.

#include <algorithm>
#include <unordered_set>

#include "core/text.hpp"
#include "objects/validation/pod_parts.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::string_view ephemeral_fields[] = {"name",
                                                 "image",
                                                 "command",
                                                 "args",
                                                 "workingDir",
                                                 "envFrom",
                                                 "env",
                                                 "volumeMounts",
                                                 "volumeDevices",
                                                 "stdin",
                                                 "stdinOnce",
                                                 "tty",
                                                 "terminationMessagePath",
                                                 "terminationMessagePolicy",
                                                 "imagePullPolicy",
                                                 "securityContext",
                                                 "targetContainerName"};

void validate_ports(At ports) {
  Names names;
  for (const At port : ports.elements()) {
    if (const At name = port["name"]; !name.text().empty() && name.must_be(port_name) && !names.add(name.text())) {
      name.duplicate();
    }
    const At number = port["containerPort"];
    if (number.number() == 0) {
      number.required();
    } else {
      number.must_be_port();
    }
    if (const At host = port["hostPort"]; host.number() != 0) host.must_be_port();
    port["protocol"].must_be_given_one_of({"SCTP", "TCP", "UDP"});
  }
}

class HostPorts {
 public:
  void add(At container) {
    for (const At port : container["ports"].elements()) {
      const std::int64_t number = port["hostPort"].number();
      if (number == 0) continue;
      std::string text(port["protocol"].text());
      text.append("/").append(port["hostIP"].text()).append("/").append(std::to_string(number));
      if (!seen_.insert(text).second) port["hostPort"].duplicate(doc::Value(text));
    }
  }

 private:
  std::unordered_set<std::string> seen_;
};

void validate_propagation(At container, At mounts, At mount) {
  const At propagation = mount["mountPropagation"];
  const At place = mounts["mountPropagation"].with(propagation.value());
  if (propagation) {
    place.must_be_one_of({"Bidirectional", "HostToContainer", "None"});
    if (propagation.text() == "Bidirectional" && !container["securityContext"]["privileged"].flag()) {
      place.forbidden("Bidirectional mount propagation is available only to privileged containers");
    }
  }
  const At recursive = mount["recursiveReadOnly"];
  if (!recursive || recursive.text() == "Disabled") return;
  const At read_only = mounts["recursiveReadOnly"].with(recursive.value());
  if (!read_only.must_be_one_of({"Disabled", "Enabled", "IfPossible"})) return;
  if (!mount["readOnly"].flag()) read_only.forbidden("may only be specified when readOnly is true");
  if (propagation && propagation.text() != "None") {
    read_only.forbidden("may only be specified when mountPropagation is None or not specified");
  }
}

void validate_mounts(At container, const Volumes& volumes) {
  const At mounts = container["volumeMounts"];
  const Names device_names = names_in(container["volumeDevices"].value(), "name");
  const Names device_paths = names_in(container["volumeDevices"].value(), "devicePath");
  Names paths;
  for (const At mount : mounts.elements()) {
    const At name = mount["name"];
    const At path = mount["mountPath"];
    name.must_be_given();
    if (volumes.find(name.text()) == nullptr) name.not_found();
    path.must_be_given();
    if (!paths.add(path.text())) path.invalid("must be unique");
    if (device_names.contains(name.text())) name.invalid("must not already exist in volumeDevices");
    if (device_paths.contains(path.text())) path.invalid("must not already exist as a path in volumeDevices");
    // The server leaves the index out here.
    const std::string_view sub_path = mount["subPath"].text();
    const std::string_view expression = mount["subPathExpr"].text();
    if (!sub_path.empty()) validate_relative_path(mounts["subPath"], sub_path);
    if (!expression.empty()) {
      if (!sub_path.empty()) mount["subPathExpr"].invalid("subPathExpr and subPath are mutually exclusive");
      validate_relative_path(mounts["subPathExpr"], expression);
    }
    validate_propagation(container, mounts, mount);
  }
}

void validate_devices(At container, const Volumes& volumes) {
  const At devices = container["volumeDevices"];
  if (devices.empty()) return;
  const Names mount_names = names_in(container["volumeMounts"].value(), "name");
  const Names mount_paths = names_in(container["volumeMounts"].value(), "mountPath");
  Names names;
  Names paths;
  for (const At device : devices.elements()) {
    const At name = device["name"];
    const At path = device["devicePath"];
    const auto* volume = volumes.find(name.text());
    name.must_be_given();
    if (!name.text().empty() && !names.add(name.text())) name.invalid("must be unique");
    if (volume != nullptr && !volume->is_claim) {
      name.invalid("can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
    }
    if (volume == nullptr) name.not_found();
    path.must_be_given();
    if (!paths.add(path.text())) path.invalid("must be unique");
    if (path.text() == ".." || path.text().find("../") != std::string_view::npos || path.text().ends_with("/..")) {
      path.invalid("can not contain backsteps ('..')");
    }
    if (mount_names.contains(name.text())) name.invalid("must not already exist in volumeMounts");
    if (mount_paths.contains(path.text())) path.invalid("must not already exist as a path in volumeMounts");
  }
}

void validate_resize_policy(const PodView& pod, At policies) {
  Names names;
  for (const At policy : policies.elements()) {
    const At resource = policy["resourceName"];
    const At restart = policy["restartPolicy"];
    if (!names.add(resource.text())) policy.duplicate(resource.value());
    policies.with(resource.value()).must_be_given_one_of({"cpu", "memory"});
    policies.with(restart.value()).must_be_given_one_of({"NotRequired", "RestartContainer"});
    if (pod.spec["restartPolicy"].text() == "Never" && restart.text() != "NotRequired") {
      policies.invalid(restart.value(), "must be 'NotRequired' when `restartPolicy` is 'Never'");
    }
  }
}

void validate_common(const PodView& pod, At container, const Volumes& volumes) {
  if (const At name = container["name"]; name.must_be_given()) name.must_be(dns1123_label);
  container["image"].must_be_given();
  container["terminationMessagePolicy"].must_be_given_one_of({"File", "FallbackToLogsOnError"});
  validate_ports(container["ports"]);
  validate_env(container["env"]);
  validate_env_from(container["envFrom"]);
  validate_mounts(container, volumes);
  validate_devices(container, volumes);
  validate_pull_policy(container["imagePullPolicy"]);
  validate_container_resources(container["resources"], pod.claims);
  validate_resize_policy(pod, container["resizePolicy"]);
  validate_container_security(container["securityContext"], pod.host_users());
}

void validate_running(const PodView& pod, At container) {
  if (const At lifecycle = container["lifecycle"]) validate_lifecycle(pod, lifecycle);
  validate_probes(pod, container);
}

void validate_regular(const PodView& pod, const Volumes& volumes) {
  const At containers = pod.spec["containers"];
  if (containers.empty()) return containers.required();
  Names names;
  HostPorts ports;
  for (const At container : containers.elements()) {
    validate_common(pod, container, volumes);
    if (!names.add(container["name"].text())) container["name"].duplicate();
    validate_running(pod, container);
  }
  for (const At container : containers.elements()) ports.add(container);
}

void validate_init(const PodView& pod, const Volumes& volumes) {
  const At containers = pod.spec["initContainers"];
  if (containers.empty()) return;
  Names names;
  for (const At container : pod.spec["containers"].elements()) names.add(container["name"].text());
  for (const At container : containers.elements()) {
    validate_common(pod, container, volumes);
    const At policy = container["restartPolicy"];
    const std::string_view name = container["name"].text();
    if (!name.empty() && !names.add(name)) container["name"].duplicate();
    HostPorts().add(container);
    if (policy.text() == "Always") {
      validate_running(pod, container);
      continue;
    }
    for (const std::string_view field : {"lifecycle", "livenessProbe", "readinessProbe", "startupProbe"}) {
      if (const At member = container[field]) {
        member.forbidden("may not be set for init containers without restartPolicy=Always");
      }
    }
  }
}

void validate_ephemeral(const PodView& pod, const Volumes& volumes) {
  const At containers = pod.spec["ephemeralContainers"];
  if (containers.empty()) return;
  Names others;
  for (const std::string_view list : {"containers", "initContainers"}) {
    for (const At container : pod.spec[list].elements()) others.add(container["name"].text());
  }
  Names names = others;
  constexpr const char* refusal = "cannot be set for an Ephemeral Container";
  for (const At container : containers.elements()) {
    validate_common(pod, container, volumes);
    if (!names.add(container["name"].text())) container["name"].duplicate();
    const At target = container["targetContainerName"];
    if (!target.text().empty() && !others.contains(target.text())) target.not_found();
    for (const auto& [field, value] : container.members()) {
      const bool is_said = !value.is_null() && !(value.is_object() && value.size() == 0);
      if (is_said && std::ranges::find(ephemeral_fields, field) == std::end(ephemeral_fields)) {
        container[field].forbidden(refusal);
      }
    }
    for (const At mount : container["volumeMounts"].elements()) {
      for (const std::string_view field : {"subPath", "subPathExpr"}) {
        if (!mount[field].text().empty()) mount[field].forbidden(refusal);
      }
    }
  }
}

}  // namespace

void validate_pull_policy(At policy) { policy.must_be_given_one_of({"Always", "IfNotPresent", "Never"}); }

void validate_containers(const PodView& pod, const Volumes& volumes) {
  validate_regular(pod, volumes);
  validate_init(pod, volumes);
  validate_ephemeral(pod, volumes);
}

}  // namespace slipway::objects::validation
