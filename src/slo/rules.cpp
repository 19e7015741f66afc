#include "slo/rules.hpp"

#include <charconv>
#include <set>

#include "core/doc.hpp"
#include "core/text.hpp"
#include "slo/budget.hpp"

namespace slipway::slo {
namespace {
using core::doc::Array;
using core::doc::Object;
using core::doc::Value;

std::string number(double value) {
  char text[32];
  const auto [end, status] = std::to_chars(text, text + sizeof text, value);
  return status == std::errc{} ? std::string(text, end) : "0";
}

Object labels_of(const Objective& objective) {
  return Object{{"sloth_id", Value(objective.id)},
                {"sloth_service", Value(objective.service)},
                {"sloth_slo", Value(objective.name)}};
}
std::string selector_of(const Objective& objective) {
  return "{sloth_id=\"" + objective.id + "\", sloth_service=\"" + objective.service + "\", sloth_slo=\"" +
         objective.name + "\"}";
}
Value recording(const std::string& name, const std::string& expression, Object labels) {
  return Value(Object{{"record", Value(name)}, {"expr", Value(expression)}, {"labels", Value(std::move(labels))}});
}
Value group(const std::string& name, Array rules) {
  return Value(Object{{"name", Value(name)}, {"rules", Value(std::move(rules))}});
}

std::string ratio_record(core::Duration range) { return "slo:sli_error:ratio_rate" + promql_duration(range); }

Value sli_recordings(const Objective& objective) {
  std::set<core::Duration> windows{std::chrono::minutes(5), objective.window};
  for (const auto& alert : burn_alerts(objective.window)) {
    windows.insert(alert.short_window);
    windows.insert(alert.long_window);
  }
  Array rules;
  for (const auto window : windows) {
    Object labels = labels_of(objective);
    labels.set("sloth_window", Value(promql_duration(window)));
    rules.push_back(recording(ratio_record(window), objective.error_ratio_over(window), std::move(labels)));
  }
  return group("sloth-slo-sli-recordings-" + objective.id, std::move(rules));
}

Value meta_recordings(const Objective& objective) {
  const std::string selector = selector_of(objective);
  const std::string by_budget =
      "\n/ on(sloth_id, sloth_slo, sloth_service) group_left\nslo:error_budget:ratio" + selector;
  const double days = std::chrono::duration<double>(objective.window).count() / 86400;
  Array rules;
  rules.push_back(recording("slo:objective:ratio", "vector(" + number(objective.target) + ")", labels_of(objective)));
  rules.push_back(
      recording("slo:error_budget:ratio", "vector(1-" + number(objective.target) + ")", labels_of(objective)));
  rules.push_back(recording("slo:time_period:days", "vector(" + number(days) + ")", labels_of(objective)));
  rules.push_back(recording("slo:current_burn_rate:ratio", ratio_record(std::chrono::minutes(5)) + selector + by_budget,
                            labels_of(objective)));
  rules.push_back(recording("slo:period_burn_rate:ratio", ratio_record(objective.window) + selector + by_budget,
                            labels_of(objective)));
  rules.push_back(recording("slo:period_error_budget_remaining:ratio", "1 - slo:period_burn_rate:ratio" + selector,
                            labels_of(objective)));
  Object info = labels_of(objective);
  info.set("sloth_mode", Value("slipway"));
  info.set("sloth_spec", Value("openslo/v1"));
  info.set("sloth_objective", Value(number(objective.target * 100)));
  rules.push_back(recording("sloth_slo_info", "vector(1)", std::move(info)));
  return group("sloth-slo-meta-recordings-" + objective.id, std::move(rules));
}

std::string alert_expression(const Objective& objective, bool is_page) {
  const std::string selector = selector_of(objective);
  std::string text;
  for (const auto& alert : burn_alerts(objective.window)) {
    if (alert.is_page != is_page) continue;
    const std::string limit =
        selector + " > (" + number(alert.factor) + " * " + number(1 - objective.target) + ")) without (sloth_window)";
    text += (text.empty() ? "" : "\nor\n") + ("(\n    max(" + ratio_record(alert.short_window) + limit +
                                              "\n    and\n    max(" + ratio_record(alert.long_window) + limit + "\n)");
  }
  return text;
}

Value alert_of(const Objective& objective, bool is_page) {
  const std::string severity = is_page ? "page" : "ticket";
  std::string name;  // "support-availability" is SupportAvailabilityHighBurnRate
  bool starts_word = true;
  for (const char c : objective.id) {
    const bool is_letter = core::is_alphanumeric(c);
    if (is_letter) name += starts_word && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    starts_word = !is_letter;
  }
  return Value(Object{
      {"alert", Value(name + (is_page ? "HighBurnRate" : "BurnRate"))},
      {"expr", Value(alert_expression(objective, is_page))},
      {"labels", Value(Object{{"sloth_severity", Value(severity)}})},
      {"annotations",
       Value(Object{
           {"title",
            Value("(" + severity +
                  ") {{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is too fast.")},
           {"summary",
            Value("{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is over expected.")}})}});
}
}  // namespace

std::string render_rules(const std::vector<Objective>& objectives) {
  Array groups;
  for (const auto& objective : objectives) {
    groups.push_back(sli_recordings(objective));
    groups.push_back(meta_recordings(objective));
    groups.push_back(
        group("sloth-slo-alerts-" + objective.id, {alert_of(objective, true), alert_of(objective, false)}));
  }
  return core::doc::render_yaml(Value(Object{{"groups", Value(std::move(groups))}}));
}

}  // namespace slipway::slo
