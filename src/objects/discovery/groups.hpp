#pragma once
// What a catalog serves, sorted as discovery shows it: groups, in them versions, in them resources by name.
// Pure; safe from any thread.

#include <string>
#include <string_view>
#include <vector>

#include "objects/catalog.hpp"

namespace slipway::objects::discovery {

struct GroupVersion {
  std::string group;  // "" for core
  std::string version;
  std::vector<ResourcePtr> resources;  // by plural

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
};

struct Group {
  std::string name;                    // "" for core
  std::vector<GroupVersion> versions;  // never empty; the preferred one first
};

// In the order of the catalog.
std::vector<Group> groups_of(const Catalog& catalog);

// How Kubernetes prefers versions: v2, v1, v2beta1, v1beta2, v1beta1, v1alpha1; then what has no such form, by
// alphabet. True when `a` stands before `b`.
bool is_preferred(std::string_view a, std::string_view b);

}  // namespace slipway::objects::discovery
