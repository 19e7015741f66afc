#include "slo/objective.hpp"

#include <array>

namespace slipway::slo {
namespace {
using core::doc::Decoder;
using core::doc::Value;

constexpr std::array<std::string_view, 4> window_spellings{"{{.window}}", "{{ .window }}", "{{.Window}}", "$window"};

bool has_window(const std::string& query) {
  for (const auto spelling : window_spellings) {
    if (query.find(spelling) != std::string::npos) return true;
  }
  return false;
}

std::string over(const std::string& query, core::Duration range) {
  const std::string text = promql_duration(range);
  if (!has_window(query)) return "sum(increase(" + query + "[" + text + "]))";
  std::string out = query;
  for (const auto spelling : window_spellings) {
    for (std::size_t at = out.find(spelling); at != std::string::npos; at = out.find(spelling, at + text.size())) {
      out.replace(at, spelling.size(), text);
    }
  }
  return "(" + out + ")";
}

Result<std::string> parse_query(const Value& value, const std::string& path) {
  Decoder decoder(value, path);
  const Value& source = decoder.object("metricSource");
  TRY(decoder.finish());
  Decoder fields(source, path + ".metricSource");
  fields.one_of("type", {"Prometheus", "prometheus"}, "Prometheus");
  fields.ignore("metricSourceRef");
  const Value& spec = fields.object("spec");
  TRY(fields.finish());
  Decoder spec_fields(spec, path + ".metricSource.spec");
  std::string query = spec_fields.required_string("query");
  while (!query.empty() && (query.back() == '\n' || query.back() == ' ')) query.pop_back();
  if (!has_window(query) && query.find('(') != std::string::npos) {
    spec_fields.add("query", "an expression needs {{.window}} where its range belongs",
                    "write sum(rate(x[{{.window}}])), or only the selector of a counter");
  }
  TRY(spec_fields.finish());
  return query;
}

Result<> parse_ratio(const Value& value, Objective& objective) {
  const std::string path = "spec.indicator.spec.ratioMetric";
  Decoder decoder(value, path);
  const bool is_counter = decoder.boolean("counter", true);
  if (!is_counter) decoder.add("counter", "only counters are supported", "set counter: true and query counters");
  const bool has_good = decoder.has("good"), has_bad = decoder.has("bad");
  const Value& good = decoder.object("good");
  const Value& bad = decoder.object("bad");
  const Value& total = decoder.object("total");
  decoder.ignore("rawType");
  TRY(decoder.finish());
  if (has_good == has_bad)
    return fail(Error(Code::invalid_argument, path + " needs either good or bad").at(value.mark()));
  if (has_good) {
    TRY_ASSIGN(objective.good, parse_query(good, path + ".good"));
  } else {
    TRY_ASSIGN(objective.bad, parse_query(bad, path + ".bad"));
  }
  TRY_ASSIGN(objective.total, parse_query(total, path + ".total"));
  return {};
}

Result<core::Duration> parse_window(const Value& windows) {
  if (windows.size() != 1)
    return fail(Error(Code::invalid_argument, "spec.timeWindow needs exactly one window").at(windows.mark()));
  Decoder decoder(windows[std::size_t{0}], "spec.timeWindow");
  const std::string text = decoder.required_string("duration");
  if (!decoder.boolean("isRolling", true)) decoder.add("isRolling", "only rolling windows are supported");
  TRY(decoder.finish());
  auto duration = core::parse_prometheus_duration(text);
  if (!duration) return fail(std::move(duration).error());
  if (*duration < std::chrono::minutes(1)) return fail(Code::invalid_argument, "spec.timeWindow must be at least 1m");
  return *duration;
}
}  // namespace

std::string promql_duration(core::Duration duration) {
  const auto seconds = std::max<std::int64_t>(1, std::chrono::duration_cast<std::chrono::seconds>(duration).count());
  if (seconds % 86400 == 0) return std::to_string(seconds / 86400) + "d";
  if (seconds % 3600 == 0) return std::to_string(seconds / 3600) + "h";
  if (seconds % 60 == 0) return std::to_string(seconds / 60) + "m";
  return std::to_string(seconds) + "s";
}

std::string Objective::total_over(core::Duration range) const { return over(total, range); }

std::string Objective::bad_over(core::Duration range) const {
  // No bad series at all is none bad, as long as there is a total.
  if (!bad.empty()) return "(" + over(bad, range) + " or 0 * " + over(total, range) + ")";
  return "(" + over(total, range) + " - (" + over(good, range) + " or 0 * " + over(total, range) + "))";
}

std::string Objective::error_ratio_over(core::Duration range) const {
  return bad_over(range) + "\n/\n" + over(total, range);
}

Result<std::vector<Objective>> parse_objectives(const objects::Object& slo) {
  Objective base;
  base.name = slo.name().name;
  Decoder decoder(slo.spec(), "spec");
  base.service = decoder.required_string("service");
  decoder.ignore("description");
  decoder.ignore("indicatorRef");
  decoder.ignore("alertPolicies");
  decoder.one_of("budgetingMethod", {"Occurrences"}, "Occurrences");
  const Value& indicator = decoder.object("indicator");
  const Value& windows = decoder.array("timeWindow");
  const Value& targets = decoder.array("objectives");
  const Value& ratio = indicator["spec"]["ratioMetric"];
  if (!ratio.is_object()) {
    decoder.add("indicator", "spec.indicator.spec.ratioMetric is missing",
                "an inline ratio of good (or bad) to total events is the indicator supported today");
  } else if (auto parsed = parse_ratio(ratio, base); !parsed) {
    decoder.add(std::move(parsed).error());
  }
  auto window = parse_window(windows);
  if (window) {
    base.window = *window;
  } else {
    decoder.add(std::move(window).error());
  }
  std::vector<Objective> objectives;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    Decoder fields(targets[i], "spec.objectives[" + std::to_string(i) + "]");
    Objective objective = base;
    objective.display_name = fields.string("displayName", base.name);
    objective.target = fields.number("target", fields.number("targetPercent", 0) / 100);
    if (!(objective.target > 0 && objective.target < 1))
      fields.add("target", "a target lies between 0 and 1", "write 0.99 for 99 %");
    if (auto finished = fields.finish(); !finished) decoder.add(std::move(finished).error());
    objective.id = base.service + "-" + base.name + (targets.size() > 1 ? "-" + std::to_string(i + 1) : "");
    objectives.push_back(std::move(objective));
  }
  if (objectives.empty()) decoder.add("objectives", "an SLO needs at least one objective");
  TRY(decoder.finish());
  return objectives;
}

}  // namespace slipway::slo
