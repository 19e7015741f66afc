// Requests, limits and the names of resources: kubernetes pkg/apis/core/validation, pkg/apis/core/helper.

#include <algorithm>

#include "objects/validation/pod_parts.hpp"
#include "objects/validation/pod_resources.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::string_view quota_resources[] = {"cpu",
                                                "memory",
                                                "ephemeral-storage",
                                                "requests.cpu",
                                                "requests.memory",
                                                "requests.storage",
                                                "requests.ephemeral-storage",
                                                "limits.cpu",
                                                "limits.memory",
                                                "limits.ephemeral-storage",
                                                "pods",
                                                "resourcequotas",
                                                "services",
                                                "replicationcontrollers",
                                                "secrets",
                                                "persistentvolumeclaims",
                                                "configmaps",
                                                "services.nodeports",
                                                "services.loadbalancers"};
constexpr std::string_view counted_resources[] = {
    "pods",       "resourcequotas",         "services",           "replicationcontrollers", "secrets",
    "configmaps", "persistentvolumeclaims", "services.nodeports", "services.loadbalancers"};

bool is_huge_pages(std::string_view name) { return name.starts_with("hugepages-"); }
bool is_standard(std::string_view name) { return name == "storage" || is_standard_quota_resource(name); }
bool is_native(std::string_view name) {
  return name.find('/') == std::string_view::npos || name.find("kubernetes.io/") != std::string_view::npos;
}
bool may_be_overcommitted(std::string_view name) { return is_native(name) && !is_huge_pages(name); }

void validate_container_resource_name(At place, std::string_view name) {
  // What containers ask for most is looked at first.
  if (name == "cpu" || name == "memory") return;
  validate_resource_name(place, name);
  if (name.find('/') == std::string_view::npos) {
    if (name != "ephemeral-storage" && !is_huge_pages(name)) {
      place.invalid(doc::Value(name), "must be a standard resource for containers");
    }
  } else if (!is_native(name) && !is_extended_resource(name)) {
    place.invalid(doc::Value(name), "doesn't follow extended resource name standard");
  }
}

void validate_pod_level_name(At place, std::string_view name) {
  constexpr std::string_view supported[] = {"cpu", "hugepages-", "memory"};
  if (!validate_resource_name(place, name)) return;
  if (name != "cpu" && name != "memory" && !is_huge_pages(name)) place.with(doc::Value(name)).not_supported(supported);
}

void validate_huge_pages(At quantity, std::string_view name) {
  const auto page = core::Quantity::parse(name.substr(std::string_view("hugepages-").size()));
  if (page && page->milli() > 0 && page->milli() % 1000 == 0 && quantity.quantity().value() % page->value() == 0)
    return;
  quantity.invalid(quantity.quantity().render() + " is not positive integer multiple of " + std::string(name));
}

struct Mentioned {
  bool compute = false;
  bool huge_pages = false;
};

template <class ValidateName, class ValidateMore>
void validate_quantities(At list, ValidateName validate_name, ValidateMore validate_more, Mentioned& mentioned) {
  for (const auto& [name, value] : list.members()) {
    const At quantity = list.key(name);
    validate_name(quantity, name);
    validate_resource_quantity(quantity, name);
    validate_more(name);
    mentioned.compute = mentioned.compute || name == "cpu" || name == "memory";
    if (!is_huge_pages(name)) continue;
    mentioned.huge_pages = true;
    validate_huge_pages(quantity, name);
  }
}

void validate_request_against_limit(At requests, At limits, const std::string& name) {
  const At request = requests.key(name);
  const At limit = limits.key(name);
  const bool overcommitted = may_be_overcommitted(name);
  if (!limit) {
    if (!overcommitted) limits.required("Limit must be set for non overcommitable resources");
    return;
  }
  const auto compared = request.quantity() <=> limit.quantity();
  const std::string said = name + " limit of " + limit.value().string_or("");
  if (compared != 0 && !overcommitted) {
    requests.invalid(request.value(), "must be equal to " + said);
  } else if (compared > 0) {
    requests.invalid(request.value(), "must be less than or equal to " + said);
  }
}

void validate_resource_claims(At claims, const Names& known) {
  Names used;
  for (const At claim : claims.elements()) {
    const std::string_view name = claim["name"].text();
    if (name.empty()) {
      claim.required();
      continue;
    }
    if (const At request = claim["request"]; !request.text().empty()) {
      request.must_be(dns1123_label);
    } else if (!used.add(name)) {
      claim.duplicate(doc::Value(name));
    }
    if (known.contains(name)) continue;
    Problem problem = not_found(claim.path(), doc::Value(name));
    problem.detail = "must be one of the names in pod.spec.resourceClaims";
    std::string list;
    for (const std::string_view one : known.all()) list.append(list.empty() ? ": " : ", ").append(one);
    problem.detail += list.empty() ? " which is empty" : list;
    claim.add(std::move(problem));
  }
}

template <class ValidateName>
void validate_requirements(At resources, ValidateName validate_name, const Names& claims) {
  if (resources.empty()) return;
  Mentioned mentioned;
  const At limits = resources["limits"];
  const At requests = resources["requests"];
  validate_quantities(limits, validate_name, [](const std::string&) {}, mentioned);
  const auto validate_limit = [&](const std::string& name) { validate_request_against_limit(requests, limits, name); };
  validate_quantities(requests, validate_name, validate_limit, mentioned);
  if (mentioned.huge_pages && !mentioned.compute) resources.forbidden("HugePages require cpu or memory");
  validate_resource_claims(resources["claims"], claims);
}

}  // namespace

bool is_extended_resource(std::string_view name) {
  return !is_native(name) && !name.starts_with("requests.") && qualified_name("requests." + std::string(name)).empty();
}

bool is_standard_quota_resource(std::string_view name) {
  return std::ranges::find(quota_resources, name) != std::end(quota_resources) || is_huge_pages(name) ||
         name.starts_with("requests.hugepages-");
}

bool validate_resource_name(At place, std::string_view name) {
  if (!place.must_be(qualified_name, name)) return false;
  if (name.find('/') != std::string_view::npos || is_standard(name)) return true;
  place.invalid(doc::Value(name), "must be a standard resource type or fully qualified");
  return false;
}

void validate_resource_quantity(At place, std::string_view resource) {
  const core::Quantity quantity = place.quantity();
  if (quantity.milli() < 0) place.invalid(std::string(negative_sentence));
  const bool is_counted = std::ranges::find(counted_resources, resource) != std::end(counted_resources);
  if (quantity.milli() % 1000 != 0 && (is_counted || is_extended_resource(resource))) {
    place.invalid("must be an integer");
  }
}

void validate_container_resources(At resources, const Names& claims) {
  validate_requirements(resources, validate_container_resource_name, claims);
}

void validate_pod_resources(const PodView& pod) {
  const At resources = pod.spec["resources"];
  if (!resources) return;
  if (pod.spec["os"]["name"].text() == "windows") {
    resources.forbidden("may not be set for a windows pod");
    return;
  }
  if (resources["claims"]) resources["claims"].forbidden("claims may not be set for Resources at pod-level");
  validate_requirements(resources, validate_pod_level_name, pod.claims);
  const ResourceList asked = container_requests(pod.spec.value());
  const At requests = resources["requests"];
  for (const auto& [name, value] : requests.members()) {
    const At request = requests.key(name);
    const auto sum = asked.find(name);
    if (sum != asked.end() && sum->second > request.quantity()) {
      request.invalid("must be greater than or equal to aggregate container requests of " + sum->second.render());
    }
  }
  const At limits = resources["limits"];
  std::size_t index = 0;
  for (const At container : pod.spec["containers"].elements()) {
    const At place = resources["containers"][index++];
    const At given = container["resources"]["limits"];
    for (const auto& [name, value] : given.members()) {
      const At most = limits.key(name);
      if (most && given.key(name).quantity() > most.quantity()) {
        place.key(name)["limits"].invalid(value,
                                          "must be less than or equal to pod limits of " + most.value().string_or(""));
      }
    }
  }
}

}  // namespace slipway::objects::validation
