#include "delivery/analysis/spec.hpp"

#include <set>

#include "core/number.hpp"
#include "core/text.hpp"

namespace slipway::delivery::analysis {
namespace {
using core::doc::Array;
using core::doc::Decoder;
using core::doc::Object;
using core::doc::Value;

Result<std::string> substitute_text(const std::string& text, const Arguments& arguments) {
  std::string out;
  std::size_t at = 0;
  for (;;) {
    const std::size_t open = text.find("{{", at);
    const std::size_t close = open == std::string::npos ? open : text.find("}}", open);
    if (close == std::string::npos) return out + text.substr(at);
    out += text.substr(at, open - at);
    const std::string_view inside = core::trimmed(std::string_view(text).substr(open + 2, close - open - 2));
    if (inside.starts_with("args.")) {
      const auto found = arguments.find(std::string(inside.substr(5)));
      if (found == arguments.end()) {
        return fail(Code::invalid_argument, "argument \"" + std::string(inside.substr(5)) + "\" has no value",
                    "declare it under args, with a value or from the Rollout");
      }
      out += found->second;
    } else {
      out += text.substr(open, close + 2 - open);  // somebody else's braces
    }
    at = close + 2;
  }
}

// Argo writes counts as 3 or "3" (after substitution of an argument).
std::optional<std::int64_t> whole_number(Decoder& decoder, std::string_view key) {
  const std::string text = decoder.scalar_text(key);
  if (text.empty()) return std::nullopt;
  const auto value = core::parse_number<std::int64_t>(text);
  if (!value) decoder.add(key, "expected a whole number, not \"" + text + "\"");
  return value;
}

std::optional<Condition> condition_of(Decoder& decoder, std::string_view key, const std::string& metric) {
  const std::string text = decoder.string(key);
  if (text.empty()) return std::nullopt;
  auto condition = Condition::parse(text, "metric " + metric + ", " + std::string(key));
  if (condition) return std::move(*condition);
  decoder.add(std::move(condition).error());
  return std::nullopt;
}

Result<Metric> parse_metric(const Value& value) {
  Metric metric;
  Decoder decoder(value, "metrics");
  metric.name = decoder.required_string("name");
  metric.interval = decoder.duration("interval", core::Duration{0});
  metric.initial_delay = decoder.duration("initialDelay", core::Duration{0});
  metric.count = whole_number(decoder, "count");
  metric.failure_limit = whole_number(decoder, "failureLimit").value_or(0);
  metric.inconclusive_limit = whole_number(decoder, "inconclusiveLimit").value_or(0);
  metric.consecutive_error_limit = whole_number(decoder, "consecutiveErrorLimit").value_or(4);
  metric.success = condition_of(decoder, "successCondition", metric.name);
  metric.failure = condition_of(decoder, "failureCondition", metric.name);
  const Value& provider = decoder.object("provider");
  TRY(decoder.finish());

  Decoder providers(provider, "metrics." + metric.name + ".provider");
  const Value& prometheus = providers.object("prometheus");
  TRY(providers.finish());
  Decoder source(prometheus, "metrics." + metric.name + ".provider.prometheus");
  metric.address = source.string("address");
  metric.query = source.required_string("query");
  source.ignore("timeout");
  TRY(source.finish());

  // Argo: without an interval one measurement is all; with one and no count it goes on.
  if (metric.count == 0) metric.count.reset();
  if (!metric.count && metric.interval.count() == 0) metric.count = 1;
  if (metric.count.value_or(0) > 1 && metric.interval.count() == 0) {
    return fail(Code::invalid_argument,
                "metric " + metric.name + " has count " + std::to_string(*metric.count) + " but no interval");
  }
  return metric;
}

Result<Arguments> arguments_of(const Value& args) {
  Arguments arguments;
  if (!args.is_array()) return arguments;
  for (const auto& arg : args.as_array()) {
    if (!arg["value"].is_null()) arguments[arg["name"].string_or("")] = arg["value"].string_or("");
  }
  return arguments;
}
}  // namespace

Result<Value> substitute(const Value& value, const Arguments& arguments) {
  Value out = value;
  if (value.is_string()) {
    TRY_ASSIGN(std::string text, substitute_text(value.as_string(), arguments));
    out = Value(std::move(text));
    out.set_mark(value.mark());
  } else if (value.is_array()) {
    for (auto& element : out.as_array()) {
      TRY_ASSIGN(element, substitute(element, arguments));
    }
  } else if (value.is_object()) {
    for (auto& [key, member] : out.as_object()) {
      TRY_ASSIGN(member, substitute(member, arguments));
    }
  }
  return out;
}

Result<Spec> parse_spec(const objects::Object& run, core::Duration no_data_timeout) {
  Spec spec;
  spec.no_data_timeout = no_data_timeout;
  if (const std::string text = run.annotation("slipway.dev/no-data-timeout"); !text.empty()) {
    TRY_ASSIGN(spec.no_data_timeout, core::parse_duration(text));
  }
  TRY_ASSIGN(const Arguments arguments, arguments_of(run.spec()["args"]));
  Decoder decoder(run.spec(), "spec");
  const Value& metrics = decoder.array("metrics");
  spec.terminate = decoder.boolean("terminate", false);
  decoder.ignore("args");
  TRY(decoder.finish());
  if (metrics.size() == 0) return fail(Code::invalid_argument, run.text() + " has no metrics");

  std::vector<Error> problems;
  std::set<std::string> names;
  for (const auto& raw : metrics.as_array()) {
    auto value = substitute(raw, arguments);
    auto metric = value ? parse_metric(*value) : Result<Metric>(fail(value.error()));
    if (!metric) {
      problems.push_back(std::move(metric).error());
    } else if (!names.insert(metric->name).second) {
      problems.push_back(Error(Code::invalid_argument, "two metrics are named \"" + metric->name + "\""));
    } else {
      spec.metrics.push_back(std::move(*metric));
    }
  }
  if (!problems.empty()) return fail(core::join(std::move(problems)));
  return spec;
}

Result<Value> merge_templates(const std::vector<objects::Object>& templates, const Arguments& arguments) {
  Array metrics;
  Array args;
  std::set<std::string> declared;
  for (const auto& entry : templates) {
    for (const auto& arg : entry.spec()["args"].is_array() ? entry.spec()["args"].as_array() : Array{}) {
      const std::string name = arg["name"].string_or("");
      if (!declared.insert(name).second) continue;
      Object filled{{"name", Value(name)}};
      if (const auto given = arguments.find(name); given != arguments.end()) {
        filled.set("value", Value(given->second));
      } else if (!arg["value"].is_null()) {
        filled.set("value", Value(arg["value"].string_or("")));
      } else {
        return fail(Code::invalid_argument, entry.text() + " needs the argument \"" + name + "\"",
                    "give it under the analysis step's args");
      }
      args.emplace_back(std::move(filled));
    }
    for (const auto& metric : entry.spec()["metrics"].is_array() ? entry.spec()["metrics"].as_array() : Array{}) {
      metrics.push_back(metric);
    }
  }
  return Value(Object{{"metrics", Value(std::move(metrics))}, {"args", Value(std::move(args))}});
}

}  // namespace slipway::delivery::analysis
