// What pkg/apis/autoscaling/v1/conversion.go of kubernetes does.

#include "objects/conversion/autoscaler.hpp"

#include <optional>

#include "objects/conversion/metrics.hpp"

namespace slipway::objects::conversion {
namespace {

using doc::Value;

constexpr const char* metrics_key = "autoscaling.alpha.kubernetes.io/metrics";
constexpr const char* statuses_key = "autoscaling.alpha.kubernetes.io/current-metrics";
constexpr const char* conditions_key = "autoscaling.alpha.kubernetes.io/conditions";
constexpr const char* behavior_key = "autoscaling.alpha.kubernetes.io/behavior";
constexpr const char* all_keys[] = {metrics_key,
                                    statuses_key,
                                    conditions_key,
                                    behavior_key,
                                    "autoscaling.alpha.kubernetes.io/scale-down-tolerance",
                                    "autoscaling.alpha.kubernetes.io/scale-up-tolerance"};
constexpr int default_cpu_percent = 80;

// As Go's encoding/json writes a struct: in the order given, HTML's signs escaped.
std::string go_text(const Value& value) {
  std::string out;
  for (const char c : doc::render_json(value)) {
    if (c == '<')
      out += "\\u003c";
    else if (c == '>')
      out += "\\u003e";
    else if (c == '&')
      out += "\\u0026";
    else
      out += c;
  }
  return out;
}

void drop_annotations(Value& metadata) {
  if (!metadata.is_object()) return;
  Value* annotations = metadata.as_object().find("annotations");
  if (annotations == nullptr || !annotations->is_object()) return;
  for (const char* key : all_keys) annotations->as_object().erase(key);
  if (annotations->size() == 0) metadata.as_object().erase("annotations");
}

// nullopt: absent, or not what it should be.
std::optional<Value> annotation(const Value& metadata, const char* key, doc::Type type) {
  const Value& text = metadata["annotations"][key];
  if (!text.is_string()) return std::nullopt;
  auto value = doc::parse_json(text.as_string(), key);
  if (!value || value->type() != type) return std::nullopt;
  return std::move(*value);
}

bool is_cpu(const Value& metric) {
  return metric["type"].string_or("") == "Resource" && metric["resource"]["name"].string_or("") == "cpu";
}
bool is_cpu_in_percent(const Value& metric) {
  return is_cpu(metric) && !metric["resource"]["target"]["averageUtilization"].is_null();
}

Value cpu_target(Value percent) {
  return doc::Object{
      {"type", "Resource"},
      {"resource",
       doc::Object{{"name", "cpu"},
                   {"target", doc::Object{{"type", "Utilization"}, {"averageUtilization", std::move(percent)}}}}}};
}

// The members of that name, in that order, as far as they are there.
doc::Object picked(const Value& from, std::initializer_list<const char*> names) {
  doc::Object out;
  for (const char* name : names) {
    if (!from[name].is_null()) out.set(name, from[name]);
  }
  return out;
}

Value condition(const Value& given) {
  doc::Object out;
  out.set("type", given["type"].string_or(""));
  out.set("status", given["status"].string_or(""));
  out.set("lastTransitionTime", given["lastTransitionTime"]);
  for (const char* name : {"reason", "message"}) {
    if (const std::string text = given[name].string_or(""); !text.empty()) out.set(name, text);
  }
  return out;
}

template <class Function>
doc::Array each(const Value& list, Function function) {
  doc::Array out;
  if (list.is_array()) {
    for (const Value& element : list.as_array()) out.push_back(function(element));
  }
  return out;
}

}  // namespace

Value autoscaler_v1_from_v2(Value v2) {
  const Value& spec = v2["spec"];
  const Value& status = v2["status"];
  Value metadata = v2["metadata"];
  drop_annotations(metadata);
  const auto annotate = [&](const char* key, const Value& value) {
    metadata.at_or_insert("annotations").at_or_insert(key) = go_text(value);
  };

  doc::Object new_spec = picked(spec, {"scaleTargetRef", "minReplicas", "maxReplicas"});
  doc::Array others;
  for (const Value& metric : spec["metrics"].is_array() ? spec["metrics"].as_array() : doc::Array()) {
    if (!is_cpu_in_percent(metric))
      others.push_back(annotated_metric_from_v2(metric));
    else if (!new_spec.contains("targetCPUUtilizationPercentage"))
      new_spec.set("targetCPUUtilizationPercentage", metric["resource"]["target"]["averageUtilization"]);
  }
  doc::Object new_status =
      picked(status, {"observedGeneration", "lastScaleTime", "currentReplicas", "desiredReplicas"});
  for (const Value& metric : status["currentMetrics"].is_array() ? status["currentMetrics"].as_array() : doc::Array()) {
    const Value& percent = metric["resource"]["current"]["averageUtilization"];
    if (is_cpu(metric) && !percent.is_null()) new_status.set("currentCPUUtilizationPercentage", percent);
  }

  if (!others.empty()) annotate(metrics_key, others);
  if (status["currentMetrics"].size() > 0)
    annotate(statuses_key, each(status["currentMetrics"], annotated_status_from_v2));
  if (spec["behavior"].is_object()) annotate(behavior_key, annotated_behavior_from_v2(spec["behavior"]));
  if (status["conditions"].size() > 0) annotate(conditions_key, each(status["conditions"], condition));

  v2.at_or_insert("metadata") = std::move(metadata);
  v2.at_or_insert("spec") = std::move(new_spec);
  v2.at_or_insert("status") = std::move(new_status);
  return v2;
}

Value autoscaler_v2_from_v1(Value v1) {
  const Value& spec = v1["spec"];
  const Value& status = v1["status"];
  Value metadata = v1["metadata"];

  doc::Object new_spec = picked(spec, {"scaleTargetRef", "minReplicas", "maxReplicas"});
  doc::Array metrics;
  if (const auto others = annotation(metadata, metrics_key, doc::Type::array))
    metrics = each(*others, metric_v2_from_annotated);
  if (const Value& percent = spec["targetCPUUtilizationPercentage"]; !percent.is_null())
    metrics.push_back(cpu_target(percent));
  if (metrics.empty()) metrics.push_back(cpu_target(default_cpu_percent));
  new_spec.set("metrics", std::move(metrics));
  if (const auto behavior = annotation(metadata, behavior_key, doc::Type::object)) {
    if (Value rules = behavior_v2_from_annotated(*behavior); !rules.is_null())
      new_spec.set("behavior", std::move(rules));
  }

  doc::Object new_status =
      picked(status, {"observedGeneration", "lastScaleTime", "currentReplicas", "desiredReplicas"});
  if (const auto statuses = annotation(metadata, statuses_key, doc::Type::array)) {
    new_status.set("currentMetrics", each(*statuses, status_v2_from_annotated));
  } else if (const Value& percent = status["currentCPUUtilizationPercentage"]; !percent.is_null()) {
    new_status.set(
        "currentMetrics",
        doc::Array{doc::Object{
            {"type", "Resource"},
            {"resource", doc::Object{{"name", "cpu"}, {"current", doc::Object{{"averageUtilization", percent}}}}}}});
  }
  if (const auto conditions = annotation(metadata, conditions_key, doc::Type::array))
    new_status.set("conditions", each(*conditions, condition));

  drop_annotations(metadata);
  v1.at_or_insert("metadata") = std::move(metadata);
  v1.at_or_insert("spec") = std::move(new_spec);
  v1.at_or_insert("status") = std::move(new_status);
  return v1;
}

}  // namespace slipway::objects::conversion
