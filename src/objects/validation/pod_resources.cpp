#include "objects/validation/pod_resources.hpp"

#include <algorithm>

namespace slipway::objects::validation {

namespace {

using core::Quantity;

void add(ResourceList& sum, const ResourceList& more) {
  for (const auto& [name, quantity] : more) {
    Quantity& value = sum[name];
    value = value + quantity;
  }
}

void raise_to(ResourceList& most, const ResourceList& other) {
  for (const auto& [name, quantity] : other) {
    const auto [place, is_new] = most.try_emplace(name, quantity);
    if (!is_new && quantity > place->second) place->second = quantity;
  }
}

template <class Visit>
void for_each(const doc::Value& list, Visit visit) {
  if (!list.is_array()) return;
  for (const doc::Value& element : list.as_array()) visit(element);
}

ResourceList of_containers(const doc::Value& spec, std::string_view which) {
  ResourceList together;
  for_each(spec["containers"],
           [&](const doc::Value& container) { add(together, resource_list(container["resources"][which])); });
  ResourceList sidecars;
  ResourceList starting;
  for_each(spec["initContainers"], [&](const doc::Value& container) {
    ResourceList own = resource_list(container["resources"][which]);
    if (container["restartPolicy"].string_or("") == "Always") {
      add(together, own);
      add(sidecars, own);
      raise_to(starting, sidecars);
    } else {
      add(own, sidecars);
      raise_to(starting, own);
    }
  });
  raise_to(together, starting);
  return together;
}

bool is_pod_level(std::string_view name) { return name == "cpu" || name == "memory" || name.starts_with("hugepages-"); }

ResourceList of_pod(const doc::Value& spec, std::string_view which) {
  ResourceList all = of_containers(spec, which);
  for (const auto& [name, quantity] : resource_list(spec["resources"][which])) {
    if (is_pod_level(name)) all[name] = quantity;
  }
  return all;
}

}  // namespace

ResourceList resource_list(const doc::Value& value) {
  ResourceList list;
  if (!value.is_object()) return list;
  for (const auto& [name, text] : value.as_object()) {
    if (const auto quantity = Quantity::parse(text.string_or(""))) list.emplace(name, *quantity);
  }
  return list;
}

ResourceList container_requests(const doc::Value& spec) { return of_containers(spec, "requests"); }

ResourceList pod_requests(const doc::Value& spec) {
  ResourceList all = of_pod(spec, "requests");
  add(all, resource_list(spec["overhead"]));
  return all;
}

ResourceList pod_limits(const doc::Value& spec) {
  ResourceList all = of_pod(spec, "limits");
  for (const auto& [name, quantity] : resource_list(spec["overhead"])) {
    const auto place = all.find(name);
    if (place != all.end()) place->second = place->second + quantity;
  }
  return all;
}

std::string_view quality_of_service(const doc::Value& spec) {
  bool asks_anything = false;
  bool is_guaranteed = true;
  const auto look_at = [&](const doc::Value& resources) {
    const ResourceList requests = resource_list(resources["requests"]);
    const ResourceList limits = resource_list(resources["limits"]);
    for (const char* name : {"cpu", "memory"}) {
      const auto request = requests.find(name);
      const auto limit = limits.find(name);
      const bool has_request = request != requests.end() && request->second.milli() > 0;
      const bool has_limit = limit != limits.end() && limit->second.milli() > 0;
      asks_anything = asks_anything || has_request || has_limit;
      if (!has_limit || (request != requests.end() && !(request->second == limit->second))) is_guaranteed = false;
    }
  };
  if (spec["resources"].size() > 0) {
    look_at(spec["resources"]);
  } else {
    for (const char* list : {"containers", "initContainers"}) {
      for_each(spec[list], [&](const doc::Value& container) { look_at(container["resources"]); });
    }
  }
  if (!asks_anything) return "BestEffort";
  return is_guaranteed ? "Guaranteed" : "Burstable";
}

}  // namespace slipway::objects::validation
