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

const doc::Value* untolerated_taint(const Object& pod, const Object& node) {
  const doc::Value& taints = node.spec()["taints"];
  for (std::size_t i = 0; i < taints.size(); ++i) {
    const std::string effect = taints[i]["effect"].string_or("");
    if (effect != "NoSchedule" && effect != "NoExecute") continue;
    if (!tolerates(pod.spec()["tolerations"], taints[i])) return &taints[i];
  }
  return nullptr;
}

}  // namespace

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

std::string why_not(const Object& pod, const Object& node) {
  static const doc::Value cordon = doc::Object{{"key", "node.kubernetes.io/unschedulable"}, {"effect", "NoSchedule"}};
  if (node.spec()["unschedulable"].bool_or(false) && !tolerates(pod.spec()["tolerations"], cordon))
    return "node(s) were unschedulable";
  if (const auto* taint = untolerated_taint(pod, node)) {
    return "node(s) had untolerated taint {" + (*taint)["key"].string_or("") + ": " + (*taint)["value"].string_or("") +
           "}";
  }
  if (!is_selected(pod, node)) return "node(s) didn't match Pod's node affinity/selector";
  return "";
}

}  // namespace slipway::pods::scheduling
