// kubernetes pkg/quota/v1/evaluator/core.

#include "objects/admission/usage.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace slipway::objects::admission {
namespace {

using core::Quantity;

constexpr std::string_view storage_class_infix = ".storageclass.storage.k8s.io/";
constexpr std::array must_be_said{"cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory"};

Quantity number(std::int64_t count) { return Quantity::from_milli(count * 1000); }

const doc::Array& elements(const doc::Value& list) {
  static const doc::Array none;
  return list.is_array() ? list.as_array() : none;
}

bool is_plain(std::string_view name) {
  return name == "cpu" || name == "memory" || name == "ephemeral-storage" || name.starts_with("hugepages-");
}

// "nvidia.com/gpu"
bool is_extended(std::string_view name) {
  return name.find('/') != std::string_view::npos && name.find("kubernetes.io/") == std::string_view::npos;
}

void add_compute(ResourceList& usage, const ResourceList& requests, const ResourceList& limits) {
  for (const auto& [name, quantity] : requests) {
    if (is_plain(name)) usage[name] = quantity;
    if (is_plain(name) || is_extended(name)) usage["requests." + name] = quantity;
  }
  for (const auto& [name, quantity] : limits) {
    if (is_plain(name)) usage["limits." + name] = quantity;
  }
}

bool is_over(const doc::Value& pod) {
  const auto phase = pod["status"]["phase"].string_or("");
  return phase == "Succeeded" || phase == "Failed";
}

void add_pod(ResourceList& usage, const doc::Value& pod) {
  if (is_over(pod)) return;
  usage["pods"] = number(1);
  add_compute(usage, validation::pod_requests(pod["spec"]), validation::pod_limits(pod["spec"]));
}

void add_service(ResourceList& usage, const doc::Value& service) {
  const auto& spec = service["spec"];
  const auto type = spec["type"].string_or("");
  const auto ports = static_cast<std::int64_t>(spec["ports"].size());
  const bool balances = type == "LoadBalancer";
  usage["services.loadbalancers"] = number(balances ? 1 : 0);
  const bool has_node_ports = type == "NodePort" || (balances && spec["allocateLoadBalancerNodePorts"].bool_or(true));
  usage["services.nodeports"] = number(has_node_ports ? ports : 0);
}

void add_claim(ResourceList& usage, const doc::Value& claim) {
  const auto& spec = claim["spec"];
  const auto of_class = spec["storageClassName"].string_or("");
  const auto prefix = of_class + std::string(storage_class_infix);
  if (!of_class.empty()) usage[prefix + "persistentvolumeclaims"] = number(1);
  const auto requests = validation::resource_list(spec["resources"]["requests"]);
  const auto storage = requests.find("storage");
  if (storage == requests.end()) return;
  usage["requests.storage"] = storage->second;
  if (!of_class.empty()) usage[prefix + "requests.storage"] = storage->second;
}

bool is_in(const std::string& scope, const doc::Value& pod) {
  const auto& spec = pod["spec"];
  const bool ends = spec["activeDeadlineSeconds"].int_or(-1) >= 0;
  const bool best_effort = validation::quality_of_service(spec) == "BestEffort";
  if (scope == "Terminating") return ends;
  if (scope == "NotTerminating") return !ends;
  if (scope == "BestEffort") return best_effort;
  if (scope == "NotBestEffort") return !best_effort;
  if (scope == "PriorityClass") return !spec["priorityClassName"].string_or("").empty();
  if (scope != "CrossNamespacePodAffinity") return false;
  for (const auto* kind : {"podAffinity", "podAntiAffinity"}) {
    const auto& affinity = spec["affinity"][kind];
    const auto crosses = [](const doc::Value& term) {
      return term["namespaces"].size() > 0 || term["namespaceSelector"].is_object();
    };
    for (const auto& term : elements(affinity["requiredDuringSchedulingIgnoredDuringExecution"])) {
      if (crosses(term)) return true;
    }
    for (const auto& term : elements(affinity["preferredDuringSchedulingIgnoredDuringExecution"])) {
      if (crosses(term["podAffinityTerm"])) return true;
    }
  }
  return false;
}

bool fits(const doc::Value& requirement, const doc::Value& pod) {
  const auto scope = requirement["scopeName"].string_or("");
  const auto how = requirement["operator"].string_or("");
  if (scope != "PriorityClass" || how == "Exists") return is_in(scope, pod);
  if (how == "DoesNotExist") return !is_in(scope, pod);
  const auto name = pod["spec"]["priorityClassName"].string_or("");
  const bool listed = std::ranges::any_of(elements(requirement["values"]),
                                          [&](const doc::Value& value) { return value.string_or("") == name; });
  return how == "NotIn" ? !listed : listed && !name.empty();
}

}  // namespace

ResourceList usage_of(const schema::Resource& resource, const doc::Value& object) {
  ResourceList usage;
  const auto qualified = resource.group.empty() ? resource.plural : resource.plural + "." + resource.group;
  usage["count/" + qualified] = number(1);
  if (!resource.group.empty()) return usage;
  if (resource.kind == "Pod") {
    add_pod(usage, object);
    return usage;
  }
  usage[resource.plural] = number(1);
  if (resource.kind == "Service") add_service(usage, object);
  if (resource.kind == "PersistentVolumeClaim") add_claim(usage, object);
  return usage;
}

bool is_in_scope(const doc::Value& spec, const schema::Resource& resource, const doc::Value& object) {
  const auto& scopes = elements(spec["scopes"]);
  const auto& requirements = elements(spec["scopeSelector"]["matchExpressions"]);
  if (scopes.empty() && requirements.empty()) return true;
  if (!resource.group.empty() || resource.kind != "Pod") return false;
  return std::ranges::all_of(scopes, [&](const doc::Value& scope) { return is_in(scope.string_or(""), object); }) &&
         std::ranges::all_of(requirements, [&](const doc::Value& wanted) { return fits(wanted, object); });
}

std::vector<std::string> unspecified(const doc::Value& pod_spec, const ResourceList& hard) {
  std::vector<std::string> sentences;
  for (const std::string entry : must_be_said) {
    if (!hard.contains(entry)) continue;
    std::set<std::string> names;
    for (const auto* list : {"containers", "initContainers"}) {
      for (const auto& container : elements(pod_spec[list])) {
        ResourceList said;
        const auto& resources = container["resources"];
        add_compute(said, validation::resource_list(resources["requests"]),
                    validation::resource_list(resources["limits"]));
        if (!said.contains(entry)) names.insert(container["name"].string_or(""));
      }
    }
    if (names.empty()) continue;
    std::string all;
    for (const auto& name : names) all += (all.empty() ? "" : ",") + name;
    sentences.push_back(entry + " for: " + all);
  }
  return sentences;
}

Counted counted_by(std::string_view entry) {
  constexpr std::string_view count = "count/";
  if (entry.starts_with(count)) {
    entry.remove_prefix(count.size());
    const auto dot = std::min(entry.find('.'), entry.size());
    return {std::string(entry.substr(std::min(dot + 1, entry.size()))), std::string(entry.substr(0, dot))};
  }
  if (entry.starts_with("services.")) return {"", "services"};
  if (entry == "requests.storage" || entry.find(storage_class_infix) != std::string_view::npos)
    return {"", "persistentvolumeclaims"};
  for (const std::string_view plural :
       {"configmaps", "persistentvolumeclaims", "replicationcontrollers", "resourcequotas", "secrets", "services"}) {
    if (entry == plural) return {"", std::string(plural)};
  }
  return {"", "pods"};
}

std::string render(const ResourceList& list) {
  std::string text;
  for (const auto& [name, quantity] : list) text += (text.empty() ? "" : ",") + name + "=" + quantity.render();
  return text;
}

}  // namespace slipway::objects::admission
