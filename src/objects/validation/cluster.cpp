// kubernetes pkg/apis/core/validation: Namespace and Node; pkg/apis/coordination, pkg/apis/scheduling.

#include <algorithm>
#include <unordered_set>

#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"
#include "objects/validation/pod_parts.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::string_view taint_order[] = {"Key", "Value", "Effect"};

void validate_taints(At object) {
  const At taints = object["spec"]["taints"];
  // The server reports them at the metadata.
  const At place = object["metadata"]["taints"];
  std::unordered_set<std::string> pairs;
  std::size_t index = 0;
  for (const At taint : taints.elements()) {
    const At at = place[index];
    at["key"].with(taint["key"].value()).must_be(qualified_name, taint["key"].text());
    std::string all;
    for (const std::string& complaint : label_value(taint["value"].text())) all += (all.empty() ? "" : ";") + complaint;
    if (!all.empty()) at["value"].invalid(taint["value"].value(), all);
    const At effect = at["effect"].with(taint["effect"].value());
    if (effect.text().empty()) {
      effect.required();
    } else {
      validate_taint_effect(effect);
    }
    std::string pair(taint["effect"].text());
    pair.append(" ").append(taint["key"].text());
    if (!pairs.insert(std::move(pair)).second) {
      Problem problem = duplicate(at.path(), {});
      problem.bad_value = in_order(doc::Object{{"Key", taint["key"].value()},
                                               {"Value", taint["value"].text()},
                                               {"Effect", taint["effect"].value()},
                                               {"TimeAdded", taint["timeAdded"].value()}},
                                   taint_order);
      problem.detail = "taints must be unique by key and effect pair";
      at.add(std::move(problem));
    }
    ++index;
  }
}

void validate_node_resources(At object) {
  for (const std::string_view list : {"capacity", "allocatable"}) {
    const At quantities = object["status"][list];
    for (const auto& [name, value] : quantities.members()) validate_resource_quantity(quantities[name], name);
  }
}

}  // namespace

void validate_namespace(At object) {
  validate_metadata(object["metadata"], false, dns1123_label);
  const At finalizers = object["spec"]["finalizers"];
  for (const At finalizer : finalizers.elements()) {
    const std::string_view name = finalizer.text();
    finalizers.must_be(qualified_name, name);
    const bool is_known = name == "kubernetes" || name == "orphan" || name == "foregroundDeletion";
    if (!is_known && name.find('/') == std::string_view::npos) {
      finalizers.invalid(finalizer.value(), "name is neither a standard finalizer name nor is it fully qualified");
    }
  }
}

void validate_namespace_update(At object, At old) { validate_metadata_update(object["metadata"], old["metadata"]); }

void validate_namespace_status(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  const bool is_ending = object["metadata"]["deletionTimestamp"].exists() || old["metadata"]["deletionTimestamp"];
  const At phase = object["status"]["phase"];
  const At place = object["status"]["Phase"];
  if (!is_ending && phase.text() != "Active") {
    place.invalid(doc::Value(phase.text()), "may only be 'Active' if `deletionTimestamp` is empty");
  }
  if (is_ending && phase.text() != "Terminating") {
    place.invalid(doc::Value(phase.text()), "may only be 'Terminating' if `deletionTimestamp` is not empty");
  }
}

void validate_node(At object) {
  validate_metadata(object["metadata"], false, dns1123_subdomain);
  validate_taints(object);
  validate_node_resources(object);
  const At ranges = object["spec"]["podCIDRs"];
  int families[7] = {};
  for (const At range : ranges.elements()) {
    range.must_be_cidr();
    ++families[cidr_family(range.text())];
  }
  if (ranges.size() > 2 || families[4] > 1 || families[6] > 1) {
    ranges.invalid("may specify no more than one CIDR for each IP family");
  }
}

void validate_node_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_node_resources(object);
  const At addresses = object["status"]["addresses"];
  std::unordered_set<std::string> seen;
  for (const At address : addresses.elements()) {
    std::string text =
        "{\"Type\":" + shown(address["type"].value()) + ",\"Address\":" + shown(address["address"].value()) + "}";
    if (seen.insert(text).second) continue;
    Problem problem = duplicate(address.path(), {});
    problem.bad_value = std::move(text);
    address.add(std::move(problem));
  }
  const At spec = object["spec"];
  const At before = old["spec"];
  if (!before["podCIDRs"].empty() && !spec["podCIDRs"].is_same_as(before["podCIDRs"])) {
    spec["podCIDRs"].forbidden("node updates may not change podCIDR except from \"\" to valid");
  }
  if (!before["providerID"].text().empty() && !spec["providerID"].is_same_as(before["providerID"])) {
    spec["providerID"].forbidden("node updates may not change providerID except from \"\" to valid");
  }
  validate_taints(object);
}

namespace {

void validate_lease_spec(At spec) {
  if (const At duration = spec["leaseDurationSeconds"]; duration && duration.number() <= 0) {
    duration.invalid("must be greater than 0");
  }
  if (spec["leaseTransitions"].number() < 0) spec["leaseTransitions"].invalid(std::string(negative_sentence));
  const At strategy = spec["strategy"];
  if (strategy) {
    std::size_t slashes = static_cast<std::size_t>(std::ranges::count(strategy.text(), '/'));
    if (strategy.text().empty()) {
      strategy.must_be(qualified_name);
    } else if (slashes == 0) {
      strategy.must_be_one_of({"OldestEmulationVersion"});
    } else {
      strategy.must_be(qualified_name);
    }
  }
  if (!spec["preferredHolder"].text().empty() && strategy.text().empty()) {
    spec["preferredHolder"].forbidden("may only be specified if `strategy` is defined");
  }
}

}  // namespace

void validate_lease(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_lease_spec(object["spec"]);
}

void validate_lease_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_lease_spec(object["spec"]);
}

void validate_priority_class(At object) {
  constexpr std::int64_t highest = 1000000000;
  const At metadata = object["metadata"];
  const At value = object["value"];
  validate_metadata(metadata, false, dns1123_subdomain);
  const std::string_view name = metadata["name"].text();
  if (name.starts_with("system-")) {
    const std::int64_t known = name == "system-node-critical"      ? 2000001000
                               : name == "system-cluster-critical" ? 2000000000
                                                                   : -1;
    std::string why;
    const std::string quoted(name);
    if (known < 0) {
      why = quoted + " is not a known system priority class";
    } else if (value.number() != known) {
      why = "value of " + quoted + " PriorityClass must be " + std::to_string(known);
    } else if (object["globalDefault"].flag()) {
      why = "globalDefault of " + quoted + " PriorityClass must be false";
    }
    if (!why.empty()) {
      metadata["name"].forbidden(
          "priority class names with 'system-' prefix are reserved for system use only. error: " + why);
    }
  } else if (value.number() > highest) {
    value.forbidden("maximum allowed value of a user defined priority is 1000000000");
  }
  if (const At policy = object["preemptionPolicy"]) policy.must_be_given_one_of({"PreemptLowerPriority", "Never"});
}

void validate_priority_class_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  if (object["value"].number() != old["value"].number()) object["value"].forbidden("may not be changed in an update.");
  object["preemptionPolicy"].must_not_change(old["preemptionPolicy"]);
}

}  // namespace slipway::objects::validation
