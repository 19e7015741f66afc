// Where a Pod may run: affinity, tolerations, spreading.

#include <algorithm>
#include <unordered_map>

#include "objects/validation/metadata.hpp"
#include "objects/validation/pod_parts.hpp"

namespace slipway::objects::validation {

namespace {

void validate_field_requirement(At requirement) {
  const std::string_view operation = requirement["operator"].text();
  const At values = requirement["values"];
  if (operation != "In" && operation != "NotIn") {
    requirement["operator"].invalid(doc::Value(operation), "not a valid selector operator");
  } else if (values.size() != 1) {
    values.required("must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
  }
  if (requirement["key"].text() != "metadata.name") {
    return requirement["key"].invalid("not a valid field selector key");
  }
  for (const At value : values.elements()) value.must_be(dns1123_subdomain);
}

void validate_node_term(At term, bool checks_values) {
  for (const At requirement : term["matchExpressions"].elements()) {
    validate_requirement(requirement, {.orders = true, .checks_values = checks_values});
  }
  for (const At requirement : term["matchFields"].elements()) validate_field_requirement(requirement);
}

void validate_weight(At term) {
  const At weight = term["weight"];
  if (weight.number() < 1 || weight.number() > 100) weight.invalid(weight.number(), "must be in the range 1-100");
}

// matchLabelKeys and mismatchLabelKeys beside a labelSelector.
void validate_label_keys(At holder) {
  const At selector = holder["labelSelector"];
  const At keys = holder["matchLabelKeys"];
  const At mismatch = holder["mismatchLabelKeys"];
  for (const At& list : {keys, mismatch}) {
    if (list.empty()) continue;
    if (!selector) {
      list.forbidden("must not be specified when labelSelector is not set");
      continue;
    }
    for (const At key : list.elements()) validate_label_key(key);
  }
  if (keys.empty()) return;
  const Names key_names = names_in(keys.value(), {});
  Names selected;
  for (const auto& [key, value] : selector["matchLabels"].members()) selected.add(key);
  for (const At expression : selector["matchExpressions"].elements()) {
    const std::string_view key = expression["key"].text();
    if (!selected.add(key) && key_names.contains(key)) {
      const auto& all = key_names.all();
      const auto index = static_cast<std::size_t>(std::ranges::find(all, key) - all.begin());
      holder[index].invalid(doc::Value(key), "exists in both matchLabelKeys and labelSelector");
    }
  }
  const Names others = names_in(mismatch.value(), {});
  for (const At key : keys.elements()) {
    if (others.contains(key.text())) key.invalid("exists in both matchLabelKeys and mismatchLabelKeys");
  }
}

void validate_pod_term(At term) {
  validate_label_selector(term["labelSelector"]);
  validate_label_selector(term["namespaceSelector"]);
  for (const At ns : term["namespaces"].elements()) term["namespace"].must_be(dns1123_label, ns.text());
  validate_label_keys(term);
  const At topology = term["topologyKey"];
  topology.must_be_given("can not be empty");
  topology.must_be(qualified_name);
}

void validate_pod_affinity(At affinity) {
  for (const At term : affinity["requiredDuringSchedulingIgnoredDuringExecution"].elements()) validate_pod_term(term);
  for (const At term : affinity["preferredDuringSchedulingIgnoredDuringExecution"].elements()) {
    validate_weight(term);
    validate_pod_term(term["podAffinityTerm"]);
  }
}

}  // namespace

void validate_node_selector(At selector, bool checks_values) {
  const At terms = selector["nodeSelectorTerms"];
  if (terms.empty()) return terms.required("must have at least one node selector term");
  for (const At term : terms.elements()) validate_node_term(term, checks_values);
}

void validate_affinity(At affinity) {
  if (!affinity) return;
  if (const At node = affinity["nodeAffinity"]) {
    const At needed = node["requiredDuringSchedulingIgnoredDuringExecution"];
    if (needed) validate_node_selector(needed, true);
    for (const At term : node["preferredDuringSchedulingIgnoredDuringExecution"].elements()) {
      validate_weight(term);
      validate_node_term(term["preference"], false);
    }
  }
  if (const At pods = affinity["podAffinity"]) validate_pod_affinity(pods);
  if (const At pods = affinity["podAntiAffinity"]) validate_pod_affinity(pods);
}

void validate_taint_effect(At effect) { effect.must_be_one_of({"NoSchedule", "PreferNoSchedule", "NoExecute"}); }

void validate_tolerations(At tolerations) {
  for (const At toleration : tolerations.elements()) {
    const At key = toleration["key"];
    const At operation = toleration["operator"];
    const At effect = toleration["effect"];
    const std::string_view value = toleration["value"].text();
    if (!key.text().empty()) validate_label_key(key);
    if (key.text().empty() && operation.text() != "Exists") {
      operation.invalid(doc::Value(operation.text()),
                        "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
    }
    if (toleration["tolerationSeconds"] && effect.text() != "NoExecute") {
      effect.invalid(doc::Value(effect.text()), "effect must be 'NoExecute' when `tolerationSeconds` is set");
    }
    if (operation.text().empty() || operation.text() == "Equal") {
      std::string all;
      for (const std::string& complaint : label_value(value)) all += (all.empty() ? "" : ";") + complaint;
      if (!all.empty()) operation.invalid(doc::Value(value), all);
    } else if (operation.text() == "Exists") {
      if (!value.empty()) operation.invalid(doc::Value(value), "value must be empty when `operator` is 'Exists'");
    } else {
      operation.must_be_one_of({"Equal", "Exists"});
    }
    if (!effect.text().empty()) validate_taint_effect(effect);
  }
}

void validate_topology_spread(At constraints) {
  // One that comes again is reported where it stood before.
  std::vector<std::string> pairs;
  std::unordered_map<std::string, int> counts;
  for (const At constraint : constraints.elements()) {
    std::string pair = "{";
    pair.append(constraint["topologyKey"].text()).append(", ");
    pair.append(constraint["whenUnsatisfiable"].text()).append("}");
    ++counts[pair];
    pairs.push_back(std::move(pair));
  }
  std::size_t index = 0;
  for (const At constraint : constraints.elements()) {
    const At topology = constraint["topologyKey"];
    const At action = constraint["whenUnsatisfiable"];
    constraint["maxSkew"].must_be_positive();
    topology.must_be_given("can not be empty");
    action.must_be_one_of({"DoNotSchedule", "ScheduleAnyway"});
    const std::string& pair = pairs[index++];
    if (--counts[pair] > 0) constraint["{topologyKey, whenUnsatisfiable}"].duplicate(doc::Value(pair));
    if (const At domains = constraint["minDomains"]) {
      domains.must_be_positive();
      if (action.text() != "DoNotSchedule") {
        domains.invalid("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not " +
                        std::string(action.text()));
      }
    }
    for (const std::string_view policy : {"nodeAffinityPolicy", "nodeTaintsPolicy"}) {
      if (const At given = constraint[policy]) given.must_be_one_of({"Honor", "Ignore"});
    }
    validate_label_keys(constraint);
    validate_label_selector(constraint["labelSelector"]);
  }
}

}  // namespace slipway::objects::validation
