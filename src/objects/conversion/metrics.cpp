#include "objects/conversion/metrics.hpp"

#include "core/text.hpp"

namespace slipway::objects::conversion {
namespace {

using doc::Value;

// Nothing is written for what is absent.
void put(doc::Object& to, const char* key, const Value& value) {
  if (!value.is_null()) to.set(key, value);
}
// A quantity that Go's struct always has.
void put_quantity(doc::Object& to, const char* key, const Value& value) {
  to.set(key, value.is_null() ? Value("0") : value);
}

Value reference(const Value& object) {
  doc::Object out;
  out.set("kind", object["kind"].string_or(""));
  out.set("name", object["name"].string_or(""));
  if (const std::string version = object["apiVersion"].string_or(""); !version.empty()) out.set("apiVersion", version);
  return out;
}

Value metric_identifier(const Value& name, const Value& selector) {
  doc::Object out;
  out.set("name", name.string_or(""));
  put(out, "selector", selector);
  return out;
}

// A selector in the order of Go's struct, its labels sorted.
Value ordered_selector(const Value& selector) {
  if (!selector.is_object()) return selector;
  doc::Object out;
  if (const Value& labels = selector["matchLabels"]; labels.size() > 0) {
    std::map<std::string, Value> sorted;
    for (const auto& [key, value] : labels.as_object()) sorted.emplace(key, value);
    doc::Object members;
    for (auto& [key, value] : sorted) members.append(key, std::move(value));
    out.set("matchLabels", std::move(members));
  }
  if (const Value& expressions = selector["matchExpressions"]; expressions.size() > 0) {
    doc::Array list;
    for (const Value& expression : expressions.as_array()) {
      doc::Object term;
      term.set("key", expression["key"].string_or(""));
      term.set("operator", expression["operator"].string_or(""));
      if (expression["values"].size() > 0) term.set("values", expression["values"]);
      list.emplace_back(std::move(term));
    }
    out.set("matchExpressions", std::move(list));
  }
  return out;
}

Value target(const char* type, const Value& value, const Value& average, const Value& utilization) {
  doc::Object out;
  out.set("type", type);
  put(out, "value", value);
  put(out, "averageValue", average);
  put(out, "averageUtilization", utilization);
  return out;
}

Value current(const Value& value, const Value& average, const Value& utilization) {
  doc::Object out;
  put(out, "value", value);
  put(out, "averageValue", average);
  put(out, "averageUtilization", utilization);
  return out;
}

const Value& zero_quantity() {
  static const Value zero("0");
  return zero;
}
const Value& or_zero(const Value& quantity) { return quantity.is_null() ? zero_quantity() : quantity; }

const Value& nothing() {
  static const Value null;
  return null;
}

// "StabilizationWindowSeconds" beside "stabilizationWindowSeconds".
std::string go_name(std::string_view json_name) {
  std::string out(json_name);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

// Go's JSON reads names in any case.
const Value& member(const Value& object, std::string_view name) {
  if (!object.is_object()) return nothing();
  if (const Value* exact = object.as_object().find(name)) return *exact;
  for (const auto& [key, value] : object.as_object()) {
    if (core::equal_ignoring_case(key, name)) return value;
  }
  return nothing();
}

constexpr const char* rule_names[] = {"stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance"};
constexpr const char* policy_names[] = {"type", "value", "periodSeconds"};

}  // namespace

Value annotated_metric_from_v2(const Value& metric) {
  doc::Object out;
  out.set("type", metric["type"].string_or(""));
  if (const Value& object = metric["object"]; object.is_object()) {
    doc::Object to;
    to.set("target", reference(object["describedObject"]));
    to.set("metricName", object["metric"]["name"].string_or(""));
    put_quantity(to, "targetValue", object["target"]["value"]);
    put(to, "selector", ordered_selector(object["metric"]["selector"]));
    put(to, "averageValue", object["target"]["averageValue"]);
    out.set("object", std::move(to));
  }
  if (const Value& pods = metric["pods"]; pods.is_object()) {
    doc::Object to;
    to.set("metricName", pods["metric"]["name"].string_or(""));
    put_quantity(to, "targetAverageValue", pods["target"]["averageValue"]);
    put(to, "selector", ordered_selector(pods["metric"]["selector"]));
    out.set("pods", std::move(to));
  }
  for (const char* kind : {"resource", "containerResource"}) {
    const Value& resource = metric[kind];
    if (!resource.is_object()) continue;
    doc::Object to;
    to.set("name", resource["name"].string_or(""));
    put(to, "targetAverageUtilization", resource["target"]["averageUtilization"]);
    put(to, "targetAverageValue", resource["target"]["averageValue"]);
    if (kind == std::string_view("containerResource")) to.set("container", resource["container"].string_or(""));
    out.set(kind, std::move(to));
  }
  if (const Value& external = metric["external"]; external.is_object()) {
    doc::Object to;
    to.set("metricName", external["metric"]["name"].string_or(""));
    put(to, "metricSelector", ordered_selector(external["metric"]["selector"]));
    put(to, "targetValue", external["target"]["value"]);
    put(to, "targetAverageValue", external["target"]["averageValue"]);
    out.set("external", std::move(to));
  }
  return out;
}

Value metric_v2_from_annotated(const Value& metric) {
  doc::Object out;
  out.set("type", metric["type"].string_or(""));
  if (const Value& object = metric["object"]; object.is_object()) {
    const Value& average = object["averageValue"];
    doc::Object to;
    to.set("describedObject", reference(object["target"]));
    to.set("target",
           target(average.is_null() ? "Value" : "AverageValue", or_zero(object["targetValue"]), average, nothing()));
    to.set("metric", metric_identifier(object["metricName"], object["selector"]));
    out.set("object", std::move(to));
  }
  if (const Value& pods = metric["pods"]; pods.is_object()) {
    doc::Object to;
    to.set("metric", metric_identifier(pods["metricName"], pods["selector"]));
    to.set("target", target("AverageValue", nothing(), or_zero(pods["targetAverageValue"]), nothing()));
    out.set("pods", std::move(to));
  }
  for (const char* kind : {"resource", "containerResource"}) {
    const Value& resource = metric[kind];
    if (!resource.is_object()) continue;
    const Value& utilization = resource["targetAverageUtilization"];
    doc::Object to;
    to.set("name", resource["name"].string_or(""));
    to.set("target", target(utilization.is_null() ? "AverageValue" : "Utilization", nothing(),
                            resource["targetAverageValue"], utilization));
    if (kind == std::string_view("containerResource")) to.set("container", resource["container"].string_or(""));
    out.set(kind, std::move(to));
  }
  if (const Value& external = metric["external"]; external.is_object()) {
    const Value& value = external["targetValue"];
    doc::Object to;
    to.set("metric", metric_identifier(external["metricName"], external["metricSelector"]));
    to.set("target",
           target(value.is_null() ? "AverageValue" : "Value", value, external["targetAverageValue"], nothing()));
    out.set("external", std::move(to));
  }
  return out;
}

Value annotated_status_from_v2(const Value& status) {
  doc::Object out;
  out.set("type", status["type"].string_or(""));
  if (const Value& object = status["object"]; object.is_object()) {
    doc::Object to;
    to.set("target", reference(object["describedObject"]));
    to.set("metricName", object["metric"]["name"].string_or(""));
    put_quantity(to, "currentValue", object["current"]["value"]);
    put(to, "selector", ordered_selector(object["metric"]["selector"]));
    put(to, "averageValue", object["current"]["averageValue"]);
    out.set("object", std::move(to));
  }
  if (const Value& pods = status["pods"]; pods.is_object()) {
    doc::Object to;
    to.set("metricName", pods["metric"]["name"].string_or(""));
    put_quantity(to, "currentAverageValue", pods["current"]["averageValue"]);
    put(to, "selector", ordered_selector(pods["metric"]["selector"]));
    out.set("pods", std::move(to));
  }
  for (const char* kind : {"resource", "containerResource"}) {
    const Value& resource = status[kind];
    if (!resource.is_object()) continue;
    doc::Object to;
    to.set("name", resource["name"].string_or(""));
    put(to, "currentAverageUtilization", resource["current"]["averageUtilization"]);
    put_quantity(to, "currentAverageValue", resource["current"]["averageValue"]);
    if (kind == std::string_view("containerResource")) to.set("container", resource["container"].string_or(""));
    out.set(kind, std::move(to));
  }
  if (const Value& external = status["external"]; external.is_object()) {
    doc::Object to;
    to.set("metricName", external["metric"]["name"].string_or(""));
    put(to, "metricSelector", ordered_selector(external["metric"]["selector"]));
    put_quantity(to, "currentValue", external["current"]["value"]);
    put(to, "currentAverageValue", external["current"]["averageValue"]);
    out.set("external", std::move(to));
  }
  return out;
}

Value status_v2_from_annotated(const Value& status) {
  doc::Object out;
  out.set("type", status["type"].string_or(""));
  if (const Value& object = status["object"]; object.is_object()) {
    doc::Object to;
    to.set("metric", metric_identifier(object["metricName"], object["selector"]));
    to.set("current", current(or_zero(object["currentValue"]), object["averageValue"], nothing()));
    to.set("describedObject", reference(object["target"]));
    out.set("object", std::move(to));
  }
  if (const Value& pods = status["pods"]; pods.is_object()) {
    doc::Object to;
    to.set("metric", metric_identifier(pods["metricName"], pods["selector"]));
    to.set("current", current(nothing(), or_zero(pods["currentAverageValue"]), nothing()));
    out.set("pods", std::move(to));
  }
  for (const char* kind : {"resource", "containerResource"}) {
    const Value& resource = status[kind];
    if (!resource.is_object()) continue;
    doc::Object to;
    to.set("name", resource["name"].string_or(""));
    to.set("current",
           current(nothing(), or_zero(resource["currentAverageValue"]), resource["currentAverageUtilization"]));
    if (kind == std::string_view("containerResource")) to.set("container", resource["container"].string_or(""));
    out.set(kind, std::move(to));
  }
  if (const Value& external = status["external"]; external.is_object()) {
    doc::Object to;
    to.set("metric", metric_identifier(external["metricName"], external["metricSelector"]));
    to.set("current", current(or_zero(external["currentValue"]), external["currentAverageValue"], nothing()));
    out.set("external", std::move(to));
  }
  return out;
}

Value annotated_behavior_from_v2(const Value& behavior) {
  doc::Object out;
  for (const char* direction : {"scaleUp", "scaleDown"}) {
    const Value& rules = behavior[direction];
    if (!rules.is_object()) {
      out.set(go_name(direction), nullptr);
      continue;
    }
    doc::Object to;
    for (const char* name : rule_names) to.set(go_name(name), rules[name]);
    if (rules["policies"].is_array()) {
      doc::Array policies;
      for (const Value& policy : rules["policies"].as_array()) {
        doc::Object one;
        for (const char* name : policy_names) one.set(go_name(name), policy[name]);
        policies.emplace_back(std::move(one));
      }
      to.set("Policies", std::move(policies));
    }
    out.set(go_name(direction), std::move(to));
  }
  return out;
}

Value behavior_v2_from_annotated(const Value& behavior) {
  doc::Object out;
  for (const char* direction : {"scaleUp", "scaleDown"}) {
    const Value& rules = member(behavior, direction);
    if (!rules.is_object()) continue;
    doc::Object to;
    for (const char* name : rule_names) put(to, name, member(rules, name));
    if (const Value& policies = member(rules, "policies"); policies.is_array()) {
      doc::Array list;
      for (const Value& policy : policies.as_array()) {
        doc::Object one;
        for (const char* name : policy_names) put(one, name, member(policy, name));
        list.emplace_back(std::move(one));
      }
      to.set("policies", std::move(list));
    }
    out.set(direction, std::move(to));
  }
  return out.empty() ? Value() : Value(std::move(out));
}

}  // namespace slipway::objects::conversion
