// HorizontalPodAutoscalers, shown in their v2 form, and Scale.

#include "objects/conversion/convert.hpp"
#include "objects/schema/builtin.hpp"
#include "objects/table/cells.hpp"
#include "objects/table/printer.hpp"

namespace slipway::objects::table {
namespace {

using doc::Value;

std::string or_unknown(const Value& quantity) { return text_or(quantity, "<unknown>"); }
std::string percent(const Value& value, const char* absent) { return value.is_null() ? absent : text(value) + "%"; }

// Of one metric of the spec and the status at the same place, whose type must be the same to count.
std::string metric_text(const Value& spec, const Value& status) {
  const std::string type = text(spec["type"]);
  const char* key = type == "External"            ? "external"
                    : type == "Pods"              ? "pods"
                    : type == "Object"            ? "object"
                    : type == "Resource"          ? "resource"
                    : type == "ContainerResource" ? "containerResource"
                                                  : nullptr;
  if (key == nullptr) return "<unknown type>";
  const Value& target = spec[key]["target"];
  const Value& current = status[key]["current"];
  const bool has_status = !status[key].is_null();
  if (type == "Resource" || type == "ContainerResource") {
    const std::string name = text(spec[key]["name"]) + ": ";
    if (!target["averageValue"].is_null()) {
      return name + (has_status ? quantity(current["averageValue"]) : "<unknown>") + "/" +
             quantity(target["averageValue"]);
    }
    return name + percent(current["averageUtilization"], "<unknown>") + "/" +
           percent(target["averageUtilization"], "<auto>");
  }
  if (type == "Pods") {
    return (has_status ? quantity(current["averageValue"]) : "<unknown>") + "/" + quantity(target["averageValue"]);
  }
  if (!target["averageValue"].is_null())
    return or_unknown(current["averageValue"]) + "/" + quantity(target["averageValue"]) + " (avg)";
  return (has_status ? quantity(current["value"]) : "<unknown>") + "/" + quantity(target["value"]);
}

std::string targets(const Value& v2) {
  constexpr std::size_t shown_at_most = 2;
  const auto& metrics = elements(v2["spec"]["metrics"]);
  if (metrics.empty()) return "<none>";
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < metrics.size() && i < shown_at_most; ++i)
    shown.push_back(metric_text(metrics[i], v2["status"]["currentMetrics"][i]));
  std::string out = joined(shown, ", ");
  if (metrics.size() > shown_at_most) out += " + " + std::to_string(metrics.size() - shown_at_most) + " more...";
  return out;
}

doc::Array autoscaler(const Value& object, Time now) {
  static const auto* v1 = schema::builtin().find("autoscaling", "v1", "HorizontalPodAutoscaler");
  static const auto* v2 = schema::builtin().find("autoscaling", "v2", "HorizontalPodAutoscaler");
  if (v1 != nullptr && v2 != nullptr && text(object["apiVersion"]) == "autoscaling/v1") {
    if (const auto modern = conversion::convert(object, *v1, *v2)) return autoscaler(*modern, now);
  }
  const Value& spec = object["spec"];
  return {name_of(object),
          text(spec["scaleTargetRef"]["kind"]) + "/" + text(spec["scaleTargetRef"]["name"]),
          targets(object),
          text_or(spec["minReplicas"], "<unset>"),
          count(spec["maxReplicas"]),
          count(object["status"]["currentReplicas"]),
          age_of(object, now)};
}

doc::Array scale(const Value& object, Time now) {
  return {name_of(object), count(object["spec"]["replicas"]), count(object["status"]["replicas"]), age_of(object, now)};
}

}  // namespace

std::vector<Printer> autoscaler_printers() {
  Column plain_name = name_column();
  plain_name.format.clear();
  return {
      {"autoscaling",
       "HorizontalPodAutoscaler",
       {name_column(), column("Reference", "string", "The object that is scaled."),
        column("Targets", "string", "What is measured, and what it should be."),
        column("MinPods", "string", "The fewest pods it goes down to."),
        column("MaxPods", "string", "The most pods it goes up to."),
        column("Replicas", "string", "How many pods there are."), age_column()},
       autoscaler},
      {"autoscaling",
       "Scale",
       {plain_name, column("Desired", "integer", "How many pods are wanted."),
        column("Available", "integer", "How many pods there are."), age_column()},
       scale},
  };
}

}  // namespace slipway::objects::table
