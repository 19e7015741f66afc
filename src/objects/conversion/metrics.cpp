#include "objects/conversion/metrics.hpp"

#include "core/text.hpp"

namespace slipway::objects::conversion {
namespace {

using doc::Value;

// Nothing is written for what is absent.
void put(doc::Object& to, const char* key, const Value& value) {
  if (!value.is_null()) to.set(key, value);
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

// An element of spec.metrics has what is wanted, one of status.currentMetrics what was measured; the annotations put
// that word before the name of every amount: "targetValue", "currentValue".
struct Side {
  std::string_view word;   // the member of the v2 form that holds the amounts
  bool has_types = false;  // of amounts, which v2 names and the annotation does not
  bool has_zeros = false;  // an amount that Go's struct always has, where the other may lack it
  std::string name(std::string_view amount) const { return std::string(word).append(amount); }
};
constexpr Side wanted{.word = "target", .has_types = true};
constexpr Side measured{.word = "current", .has_zeros = true};

void put_amount(doc::Object& to, const Side& side, std::string_view amount, const Value& value) {
  if (!value.is_null() || side.has_zeros) to.set(side.name(amount), or_zero(value));
}

struct Amounts {
  const Value& value = nothing();
  const Value& average = nothing();
  const Value& utilization = nothing();
};

void put_amounts(doc::Object& to, const Side& side, const char* type, const Amounts& amounts) {
  doc::Object out;
  if (side.has_types) out.set("type", type);
  put(out, "value", amounts.value);
  put(out, "averageValue", amounts.average);
  put(out, "averageUtilization", amounts.utilization);
  to.set(side.word, std::move(out));
}

Value annotated_from_v2(const Value& metric, const Side& side) {
  doc::Object out;
  out.set("type", metric["type"].string_or(""));
  if (const Value& object = metric["object"]; object.is_object()) {
    doc::Object to;
    to.set("target", reference(object["describedObject"]));
    to.set("metricName", object["metric"]["name"].string_or(""));
    to.set(side.name("Value"), or_zero(object[side.word]["value"]));
    put(to, "selector", ordered_selector(object["metric"]["selector"]));
    put(to, "averageValue", object[side.word]["averageValue"]);
    out.set("object", std::move(to));
  }
  if (const Value& pods = metric["pods"]; pods.is_object()) {
    doc::Object to;
    to.set("metricName", pods["metric"]["name"].string_or(""));
    to.set(side.name("AverageValue"), or_zero(pods[side.word]["averageValue"]));
    put(to, "selector", ordered_selector(pods["metric"]["selector"]));
    out.set("pods", std::move(to));
  }
  for (const std::string_view kind : {"resource", "containerResource"}) {
    const Value& resource = metric[kind];
    if (!resource.is_object()) continue;
    const Value& amounts = resource[side.word];
    doc::Object to;
    to.set("name", resource["name"].string_or(""));
    if (const Value& utilization = amounts["averageUtilization"]; !utilization.is_null())
      to.set(side.name("AverageUtilization"), utilization);
    put_amount(to, side, "AverageValue", amounts["averageValue"]);
    if (kind == "containerResource") to.set("container", resource["container"].string_or(""));
    out.set(kind, std::move(to));
  }
  if (const Value& external = metric["external"]; external.is_object()) {
    const Value& amounts = external[side.word];
    doc::Object to;
    to.set("metricName", external["metric"]["name"].string_or(""));
    put(to, "metricSelector", ordered_selector(external["metric"]["selector"]));
    put_amount(to, side, "Value", amounts["value"]);
    if (const Value& average = amounts["averageValue"]; !average.is_null()) to.set(side.name("AverageValue"), average);
    out.set("external", std::move(to));
  }
  return out;
}

// What was measured is never missing.
const Value& amount_of(const Value& metric, const Side& side, std::string_view amount) {
  const Value& found = metric[side.name(amount)];
  return side.has_zeros ? or_zero(found) : found;
}

Value v2_from_annotated(const Value& metric, const Side& side) {
  doc::Object out;
  out.set("type", metric["type"].string_or(""));
  if (const Value& object = metric["object"]; object.is_object()) {
    const Value& average = object["averageValue"];
    doc::Object to;
    // In the order of Go's structs, which is another for what is wanted.
    if (side.has_types) to.set("describedObject", reference(object["target"]));
    if (!side.has_types) to.set("metric", metric_identifier(object["metricName"], object["selector"]));
    put_amounts(to, side, average.is_null() ? "Value" : "AverageValue",
                {.value = or_zero(object[side.name("Value")]), .average = average});
    if (side.has_types) to.set("metric", metric_identifier(object["metricName"], object["selector"]));
    if (!side.has_types) to.set("describedObject", reference(object["target"]));
    out.set("object", std::move(to));
  }
  if (const Value& pods = metric["pods"]; pods.is_object()) {
    doc::Object to;
    to.set("metric", metric_identifier(pods["metricName"], pods["selector"]));
    put_amounts(to, side, "AverageValue", {.average = or_zero(pods[side.name("AverageValue")])});
    out.set("pods", std::move(to));
  }
  for (const std::string_view kind : {"resource", "containerResource"}) {
    const Value& resource = metric[kind];
    if (!resource.is_object()) continue;
    const Value& utilization = resource[side.name("AverageUtilization")];
    doc::Object to;
    to.set("name", resource["name"].string_or(""));
    put_amounts(to, side, utilization.is_null() ? "AverageValue" : "Utilization",
                {.average = amount_of(resource, side, "AverageValue"), .utilization = utilization});
    if (kind == "containerResource") to.set("container", resource["container"].string_or(""));
    out.set(kind, std::move(to));
  }
  if (const Value& external = metric["external"]; external.is_object()) {
    const Value& value = amount_of(external, side, "Value");
    doc::Object to;
    to.set("metric", metric_identifier(external["metricName"], external["metricSelector"]));
    put_amounts(to, side, value.is_null() ? "AverageValue" : "Value",
                {.value = value, .average = external[side.name("AverageValue")]});
    out.set("external", std::move(to));
  }
  return out;
}

constexpr const char* rule_names[] = {"stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance"};
constexpr const char* policy_names[] = {"type", "value", "periodSeconds"};

}  // namespace

Value annotated_metric_from_v2(const Value& metric) { return annotated_from_v2(metric, wanted); }
Value annotated_status_from_v2(const Value& status) { return annotated_from_v2(status, measured); }
Value metric_v2_from_annotated(const Value& metric) { return v2_from_annotated(metric, wanted); }
Value status_v2_from_annotated(const Value& status) { return v2_from_annotated(status, measured); }

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
