#include "pods/scheduling/fit.hpp"

#include <algorithm>
#include <optional>

#include "core/number.hpp"

namespace slipway::pods::scheduling {
namespace {

using objects::Object;

template <class Predicate>
bool any_of(const doc::Value& list, Predicate predicate) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (predicate(list[i])) return true;
  }
  return false;
}

bool holds_value(const doc::Value& values, const std::string& wanted) {
  return any_of(values, [&](const doc::Value& value) { return value.string_or("") == wanted; });
}

// One of matchExpressions; `value` is the label's, nullopt when the node has none of that key.
bool satisfies(const doc::Value& requirement, const std::optional<std::string>& value) {
  const std::string op = requirement["operator"].string_or("");
  const doc::Value& values = requirement["values"];
  if (op == "Exists") return value.has_value();
  if (op == "DoesNotExist") return !value;
  if (op == "In") return value && holds_value(values, *value);
  if (op == "NotIn") return !value || !holds_value(values, *value);
  if (!value || values.size() != 1) return false;
  const auto have = core::parse_number<std::int64_t>(*value);
  const auto bound = core::parse_number<std::int64_t>(values[0].string_or(""));
  if (!have || !bound) return false;
  return op == "Gt" ? *have > *bound : op == "Lt" && *have < *bound;
}

std::optional<std::string> label_of(const Object& node, const std::string& key) {
  const doc::Value& label = node.document()["metadata"]["labels"][key];
  return label.is_string() ? std::optional(label.string_or("")) : std::nullopt;
}

}  // namespace

bool is_selected(const Object& pod, const Object& node) {
  const doc::Value& selector = pod.spec()["nodeSelector"];
  if (selector.is_object()) {
    for (const auto& [key, value] : selector.as_object()) {
      if (label_of(node, key) != value.string_or("")) return false;
    }
  }
  const doc::Value& terms =
      pod.spec()["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
  if (!terms.is_array()) return true;
  return any_of(terms, [&](const doc::Value& term) { return matches_term(term, node); });
}

bool is_kept_away(const Object& pod, const Object& node, bool even_when_running) {
  return any_of(node.spec()["taints"], [&](const doc::Value& taint) {
    const std::string effect = taint["effect"].string_or("");
    const bool counts = effect == "NoExecute" || (effect == "NoSchedule" && !even_when_running);
    return counts && !tolerates(pod.spec()["tolerations"], taint);
  });
}

bool names_scheduler(const Object& pod, std::string_view scheduler) {
  const std::string named = pod.spec()["schedulerName"].string_or("");
  return named == scheduler || (scheduler.empty() && named == "default-scheduler");
}

bool is_ours(const Object& pod, std::string_view scheduler) {
  return pod.spec()["schedulingGates"].size() == 0 && names_scheduler(pod, scheduler);
}

bool matches_term(const doc::Value& term, const Object& node) {
  const doc::Value& labels = term["matchExpressions"];
  const doc::Value& fields = term["matchFields"];
  if (labels.size() == 0 && fields.size() == 0) return false;
  const bool fails = any_of(labels,
                            [&](const doc::Value& requirement) {
                              return !satisfies(requirement, label_of(node, requirement["key"].string_or("")));
                            }) ||
                     any_of(fields, [&](const doc::Value& requirement) {
                       // metadata.name is the only field there is.
                       return !satisfies(requirement, node.name().name);
                     });
  return !fails;
}

bool tolerates(const doc::Value& tolerations, const doc::Value& taint) {
  return any_of(tolerations, [&](const doc::Value& toleration) {
    const std::string effect = toleration["effect"].string_or("");
    if (!effect.empty() && effect != taint["effect"].string_or("")) return false;
    const std::string key = toleration["key"].string_or("");
    if (!key.empty() && key != taint["key"].string_or("")) return false;
    if (toleration["operator"].string_or("Equal") == "Exists") return true;
    return !key.empty() && toleration["value"].string_or("") == taint["value"].string_or("");
  });
}

namespace {

std::int64_t amount_of(const Resources& resources, const std::string& name) {
  const auto found = resources.find(name);
  return found == resources.end() ? 0 : found->second;
}

// Of cpu, memory and disk a node that does not say how much it has has enough; of what is not every machine's, none.
bool is_counted(const Resources& allocatable, const std::string& name) {
  const bool is_every_machines = name == "cpu" || name == "memory" || name == "ephemeral-storage";
  return !is_every_machines || allocatable.contains(name);
}

constexpr std::int64_t one = 1000;
constexpr std::string_view too_many = "Too many pods";
constexpr std::string_view insufficient = "Insufficient ";

Misfit misfit_of_resources(const Object& pod, const Object& node, const std::vector<Resident>& residents) {
  const Resources allocatable = allocatable_of(node);
  Resources used;
  for (const auto& resident : residents) {
    for (const auto& [name, amount] : resident.requests) used[name] += amount;
  }
  Misfit result;
  const bool has_limit = allocatable.contains("pods");
  if (has_limit && static_cast<std::int64_t>(residents.size() + 1) * one > amount_of(allocatable, "pods"))
    result.reasons.emplace_back(too_many);
  for (const auto& [name, amount] : requests_of(pod)) {
    if (!is_counted(allocatable, name) || amount <= amount_of(allocatable, name) - amount_of(used, name)) continue;
    result.reasons.push_back(std::string(insufficient) + name);
    result.is_for_good = result.is_for_good || amount > amount_of(allocatable, name);
  }
  return result;
}

bool is_any(const std::string& address) { return address.empty() || address == "0.0.0.0"; }

bool has_free_ports(const Object& pod, const std::vector<Resident>& residents) {
  const Resident wanted = resident_of(pod);
  for (const auto& resident : residents) {
    for (const auto& taken : resident.ports) {
      for (const auto& port : wanted.ports) {
        const bool meet = is_any(port.address) || is_any(taken.address) || port.address == taken.address;
        if (meet && port.port == taken.port && port.protocol == taken.protocol) return false;
      }
    }
  }
  return true;
}

// Is a Pod of that namespace with those labels meant by this term of a Pod of namespace `own`?
bool is_meant(const doc::Value& term, const std::string& own, const std::string& ns,
              const std::map<std::string, std::string>& labels, const NamespaceLabels& labels_of) {
  const doc::Value& listed = term["namespaces"];
  const doc::Value& selected = term["namespaceSelector"];
  bool is_there = holds_value(listed, ns);
  if (listed.size() == 0 && selected.is_null()) is_there = ns == own;
  if (!is_there && !selected.is_null()) {
    const auto selector = objects::LabelSelector::from_value(selected);
    is_there = selector && (selector->empty() || selector->matches(labels_of(ns)));
  }
  if (!is_there || term["labelSelector"].is_null()) return false;
  const auto selector = objects::LabelSelector::from_value(term["labelSelector"]);
  return selector && selector->matches(labels);
}

// On one node, everybody on it is in the same place, whatever the key of the topology: as long as the node has it.
std::string misfit_of_neighbours(const Object& pod, const Object& node, const std::vector<Resident>& residents,
                                 const NamespaceLabels& labels_of) {
  constexpr const char* required = "requiredDuringSchedulingIgnoredDuringExecution";
  const std::string ns = pod.name().ns;
  const auto labels = pod.labels();
  const auto has_key = [&](const doc::Value& term) {
    return label_of(node, term["topologyKey"].string_or("")).has_value();
  };
  const auto means_resident = [&](const doc::Value& term) {
    return std::ranges::any_of(residents, [&](const Resident& resident) {
      return is_meant(term, ns, resident.name.ns, resident.labels, labels_of);
    });
  };
  const doc::Value& near = pod.spec()["affinity"]["podAffinity"][required];
  const auto means_itself = [&](const doc::Value& term) { return is_meant(term, ns, ns, labels, labels_of); };
  const bool is_lonely = any_of(near, [&](const doc::Value& term) { return !has_key(term) || !means_resident(term); });
  // The first of a group that wants to be together begins it.
  const bool is_first = !any_of(
      near, [&](const doc::Value& term) { return !has_key(term) || means_resident(term) || !means_itself(term); });
  if (is_lonely && !is_first) return "node(s) didn't match pod affinity rules";
  const doc::Value& apart = pod.spec()["affinity"]["podAntiAffinity"][required];
  if (any_of(apart, [&](const doc::Value& term) { return has_key(term) && means_resident(term); }))
    return "node(s) didn't match pod anti-affinity rules";
  const bool is_shunned = std::ranges::any_of(residents, [&](const Resident& resident) {
    return any_of(resident.anti_affinity, [&](const doc::Value& term) {
      return has_key(term) && is_meant(term, resident.name.ns, ns, labels, labels_of);
    });
  });
  return is_shunned ? "node(s) didn't satisfy existing pods anti-affinity rules" : "";
}

// What the node says of itself.
std::string misfit_of_node(const Object& pod, const Object& node) {
  static const doc::Value cordon = doc::Object{{"key", "node.kubernetes.io/unschedulable"}, {"effect", "NoSchedule"}};
  if (node.spec()["unschedulable"].bool_or(false) && !tolerates(pod.spec()["tolerations"], cordon))
    return "node(s) were unschedulable";
  if (is_kept_away(pod, node)) return "node(s) had untolerated taint(s)";
  if (!is_selected(pod, node)) return "node(s) didn't match Pod's node affinity/selector";
  return "";
}

// Over one node Pods are spread evenly, however many they are.
bool has_spread_keys(const Object& pod, const Object& node) {
  return !any_of(pod.spec()["topologySpreadConstraints"], [&](const doc::Value& constraint) {
    return constraint["whenUnsatisfiable"].string_or("DoNotSchedule") == "DoNotSchedule" &&
           !label_of(node, constraint["topologyKey"].string_or(""));
  });
}

}  // namespace

Resident resident_of(const Object& pod) {
  Resident resident;
  resident.name = pod.name();
  resident.uid = pod.uid();
  resident.labels = pod.labels();
  resident.requests = requests_of(pod);
  const doc::Value& containers = pod.spec()["containers"];
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const doc::Value& ports = containers[i]["ports"];
    for (std::size_t k = 0; k < ports.size(); ++k) {
      if (ports[k]["hostPort"].int_or(0) == 0) continue;
      resident.ports.push_back(
          {ports[k]["hostIP"].string_or(""), ports[k]["protocol"].string_or("TCP"), ports[k]["hostPort"].int_or(0)});
    }
  }
  resident.anti_affinity = pod.spec()["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
  resident.priority = pod.spec()["priority"].int_or(0);
  resident.created = pod.created().value_or(Time{});
  resident.is_ending = pod.is_being_deleted();
  return resident;
}

Misfit misfit(const Object& pod, const Object& node, const std::vector<Resident>& residents,
              const NamespaceLabels& labels_of) {
  if (const auto why = misfit_of_node(pod, node); !why.empty()) return {{why}, true};
  if (!has_free_ports(pod, residents)) return {{"node(s) didn't have free ports for the requested pod ports"}, false};
  if (auto resources = misfit_of_resources(pod, node, residents); !resources.fits()) return resources;
  if (!has_spread_keys(pod, node))
    return {{"node(s) didn't match pod topology spread constraints (missing required label)"}, true};
  const auto why = misfit_of_neighbours(pod, node, residents, labels_of);
  if (why.empty()) return {};
  return {{why}, why == "node(s) didn't match pod affinity rules"};
}

Budget budget_of(const Object& object) {
  Budget budget;
  budget.ns = object.name().ns;
  if (auto selector = objects::LabelSelector::from_value(object.spec()["selector"])) budget.selector = *selector;
  budget.allowed = object.status()["disruptionsAllowed"].int_or(0);
  if (const doc::Value& disrupted = object.status()["disruptedPods"]; disrupted.is_object()) {
    for (const auto& [pod, when] : disrupted.as_object()) budget.disrupted.push_back(pod);
  }
  return budget;
}

Room::Room(const Object& node, const std::vector<Resident>& residents) : allocatable_(allocatable_of(node)) {
  for (const auto& resident : residents) take(resident.requests);
}

bool Room::has(const Resources& requests) const {
  const auto fits = [this](const std::string& name, std::int64_t amount) {
    return !is_counted(allocatable_, name) || amount <= amount_of(allocatable_, name) - amount_of(used_, name);
  };
  if (allocatable_.contains("pods") && !fits("pods", one)) return false;
  return std::ranges::all_of(requests, [&](const auto& request) { return fits(request.first, request.second); });
}

void Room::take(const Resources& requests) {
  used_["pods"] += one;
  for (const auto& [name, amount] : requests) used_[name] += amount;
}

void Room::give(const Resources& requests) {
  used_["pods"] -= one;
  for (const auto& [name, amount] : requests) used_[name] -= amount;
}

bool lacks_room_only(const Misfit& misfit) {
  return !misfit.is_for_good && std::ranges::all_of(misfit.reasons, [](const std::string& reason) {
    return reason == too_many || reason.starts_with(insufficient);
  });
}

namespace {

// Charges every budget that selects it; whether one of them has nothing left.
bool is_protected(const Resident& resident, std::vector<Budget>& budgets) {
  bool is_over = false;
  for (auto& budget : budgets) {
    const bool is_meant = budget.ns == resident.name.ns && !resident.labels.empty() && !budget.selector.empty() &&
                          budget.selector.matches(resident.labels);
    if (!is_meant || std::ranges::find(budget.disrupted, resident.name.name) != budget.disrupted.end()) continue;
    is_over = --budget.allowed < 0 || is_over;
  }
  return is_over;
}

}  // namespace

std::vector<Resident> victims_for(const Object& pod, const Object& node, const std::vector<Resident>& residents,
                                  const NamespaceLabels& labels_of, std::vector<Budget> budgets) {
  const auto priority = pod.spec()["priority"].int_or(0);
  std::vector<Resident> others, candidates;
  for (const auto& resident : residents) (resident.priority < priority ? candidates : others).push_back(resident);
  if (candidates.empty() || !misfit(pod, node, others, labels_of).fits()) return {};
  // The most important, and of these the oldest, may stay first.
  std::ranges::sort(candidates, [](const Resident& a, const Resident& b) {
    return a.priority != b.priority ? a.priority > b.priority : a.created < b.created;
  });
  std::vector<Resident> shielded, open, victims;
  for (const auto& candidate : candidates) (is_protected(candidate, budgets) ? shielded : open).push_back(candidate);
  for (const auto* group : {&shielded, &open}) {
    for (const auto& candidate : *group) {
      others.push_back(candidate);
      if (misfit(pod, node, others, labels_of).fits()) continue;
      others.pop_back();
      victims.push_back(candidate);
    }
  }
  return victims;
}

}  // namespace slipway::pods::scheduling
