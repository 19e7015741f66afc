// Nodes, namespaces and what they hold: ConfigMaps, Secrets, ServiceAccounts, Leases, PriorityClasses.

#include <set>

#include "objects/table/cells.hpp"
#include "objects/table/printer.hpp"

namespace slipway::objects::table {
namespace {

using doc::Value;

std::string node_status(const Value& node) {
  const Value& ready = find_by(node["status"]["conditions"], "type", "Ready");
  std::string status = "Unknown";
  if (!ready.is_null()) status = text(ready["status"]) == "True" ? "Ready" : "NotReady";
  if (node["spec"]["unschedulable"].bool_or(false)) status += ",SchedulingDisabled";
  return status;
}

std::string node_roles(const Value& node) {
  constexpr std::string_view prefix = "node-role.kubernetes.io/";
  std::set<std::string> roles;
  if (const Value& labels = node["metadata"]["labels"]; labels.is_object()) {
    for (const auto& [key, value] : labels.as_object()) {
      if (key.starts_with(prefix) && key.size() > prefix.size()) roles.insert(key.substr(prefix.size()));
      if (key == "kubernetes.io/role" && !text(value).empty()) roles.insert(text(value));
    }
  }
  return roles.empty() ? "<none>" : joined({roles.begin(), roles.end()});
}

std::string node_address(const Value& node, const char* type) {
  return text_or(find_by(node["status"]["addresses"], "type", type)["address"], "<none>");
}

doc::Array node(const Value& object, Time now) {
  const Value& info = object["status"]["nodeInfo"];
  const auto known = [&](const char* key) {
    const std::string value = text(info[key]);
    return value.empty() ? "<unknown>" : value;
  };
  return {name_of(object),
          node_status(object),
          node_roles(object),
          age_of(object, now),
          text(info["kubeletVersion"]),
          node_address(object, "InternalIP"),
          node_address(object, "ExternalIP"),
          known("osImage"),
          known("kernelVersion"),
          known("containerRuntimeVersion")};
}

doc::Array name_space(const Value& object, Time now) {
  return {name_of(object), text(object["status"]["phase"]), age_of(object, now)};
}

doc::Array config_map(const Value& object, Time now) {
  return {name_of(object), object["data"].size() + object["binaryData"].size(), age_of(object, now)};
}

doc::Array secret(const Value& object, Time now) {
  return {name_of(object), text(object["type"]), object["data"].size(), age_of(object, now)};
}

doc::Array service_account(const Value& object, Time now) {
  return {name_of(object), object["secrets"].size(), age_of(object, now)};
}

doc::Array lease(const Value& object, Time now) {
  return {name_of(object), text(object["spec"]["holderIdentity"]), age_of(object, now)};
}

doc::Array priority_class(const Value& object, Time now) {
  return {name_of(object), count(object["value"]), object["globalDefault"].bool_or(false), age_of(object, now),
          text(object["preemptionPolicy"])};
}

}  // namespace

std::vector<Printer> cluster_printers() {
  const Column data = column("Data", "string", "How many keys it has.");
  return {
      {"",
       "Node",
       {name_column(), column("Status", "string", "Whether the node takes pods."),
        column("Roles", "string", "What its labels say it is for."), age_column(),
        column("Version", "string", "The version of its kubelet."),
        wide_column("Internal-IP", "Its address inside of the cluster."),
        wide_column("External-IP", "Its address outside of the cluster."),
        wide_column("OS-Image", "Its operating system."), wide_column("Kernel-Version", "The version of its kernel."),
        wide_column("Container-Runtime", "What runs its containers, with the version.")},
       node},
      {"",
       "Namespace",
       {name_column(), column("Status", "string", "Whether it lives or is being deleted."), age_column()},
       name_space},
      {"", "ConfigMap", {name_column(), data, age_column()}, config_map},
      {"", "Secret", {name_column(), column("Type", "string", "What the secret is for."), data, age_column()}, secret},
      {"",
       "ServiceAccount",
       {name_column(), column("Secrets", "string", "How many secrets its pods may use."), age_column()},
       service_account},
      {"coordination.k8s.io",
       "Lease",
       {name_column(), column("Holder", "string", "Who has it now."), age_column()},
       lease},
      {"scheduling.k8s.io",
       "PriorityClass",
       {name_column(), column("Value", "integer", "The priority of its pods; higher goes first."),
        column("Global-Default", "boolean", "Whether pods get it that name none."), age_column(),
        column("PreemptionPolicy", "string", "Whether its pods push out others.")},
       priority_class},
  };
}

}  // namespace slipway::objects::table
