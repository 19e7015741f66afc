#include "delivery/rollout/spec.hpp"

#include "core/doc.hpp"
#include "core/ids.hpp"

namespace slipway::delivery::rollout {
namespace {
using core::doc::Array;
using core::doc::Decoder;
using core::doc::Value;

const Array& array_of(const Value& value) {
  static const Array none;
  return value.is_array() ? value.as_array() : none;
}

Result<AnalysisArgument> parse_argument(const Value& value, const std::string& path) {
  AnalysisArgument argument;
  Decoder decoder(value, path);
  argument.name = decoder.required_string("name");
  argument.value = decoder.scalar_text("value");
  const Value& from = decoder.object("valueFrom");
  TRY(decoder.finish());
  if (from.is_null()) return argument;
  Decoder source(from, path + ".valueFrom");
  argument.template_hash = source.one_of("podTemplateHashValue", {"Latest", "Stable"}, "");
  argument.field_path = source.object("fieldRef")["fieldPath"].string_or("");
  TRY(source.finish());
  return argument;
}

Result<AnalysisRequest> parse_analysis(const Value& value, const std::string& path, int* starting_step) {
  AnalysisRequest request;
  Decoder decoder(value, path);
  for (const auto& entry : array_of(decoder.array("templates"))) {
    request.templates.push_back(entry["templateName"].string_or(""));
    if (request.templates.back().empty()) decoder.add("templates", "a template needs templateName");
  }
  std::vector<Error> problems;
  for (const auto& entry : array_of(decoder.array("args"))) {
    auto argument = parse_argument(entry, path + ".args");
    if (argument) {
      request.arguments.push_back(std::move(*argument));
    } else {
      decoder.add(std::move(argument).error());
    }
  }
  if (starting_step != nullptr) *starting_step = static_cast<int>(decoder.integer("startingStep", 0, {0, 1000}));
  if (request.templates.empty()) decoder.add("templates", "an analysis names at least one template");
  TRY(decoder.finish());
  return request;
}

Result<Step> parse_step(const Value& value, const std::string& path) {
  Decoder decoder(value, path);
  const bool has_weight = decoder.has("setWeight"), has_pause = decoder.has("pause"),
             has_analysis = decoder.has("analysis");
  const auto percent = decoder.integer("setWeight", 0, {0, 100});
  const Value& pause = decoder.any("pause");
  const Value& analysis = decoder.object("analysis");
  TRY(decoder.finish());
  if (has_weight + has_pause + has_analysis != 1) {
    return fail(Error(Code::invalid_argument, path + " must be one of setWeight, pause and analysis").at(value.mark()));
  }
  if (has_weight) return Step(SetWeight{static_cast<int>(percent)});
  if (has_analysis) {
    TRY_ASSIGN(AnalysisRequest request, parse_analysis(analysis, path + ".analysis", nullptr));
    return Step(std::move(request));
  }
  Pause step;
  if (!pause["duration"].is_null()) {
    Decoder fields(pause, path + ".pause");
    step.duration = fields.duration("duration", core::Duration(0));
    TRY(fields.finish());
  }
  return Step(step);
}

Result<Routing> parse_routing(const Value& value) {
  Routing routing;
  const Value& istio = value["istio"];
  const std::string path = "spec.strategy.canary.trafficRouting.istio";
  if (!istio.is_object()) {
    return fail(Error(Code::invalid_argument, path + " is missing",
                      "name the VirtualService and DestinationRule that split the traffic")
                    .at(value.mark()));
  }
  Decoder decoder(istio, path);
  const Value& service = decoder.object("virtualService");
  const Value& rule = decoder.object("destinationRule");
  TRY(decoder.finish());
  Decoder service_fields(service, path + ".virtualService");
  routing.virtual_service = service_fields.required_string("name");
  routing.routes = service_fields.string_list("routes");
  TRY(service_fields.finish());
  Decoder rule_fields(rule, path + ".destinationRule");
  routing.destination_rule = rule_fields.required_string("name");
  routing.canary_subset = rule_fields.string("canarySubsetName", "canary");
  routing.stable_subset = rule_fields.string("stableSubsetName", "stable");
  TRY(rule_fields.finish());
  return routing;
}

Result<> parse_canary(const Value& value, Spec& spec) {
  Decoder decoder(value, "spec.strategy.canary");
  decoder.ignore("stableService");
  decoder.ignore("canaryService");
  decoder.ignore("maxSurge");
  decoder.ignore("maxUnavailable");
  spec.scale_down_delay = decoder.duration("scaleDownDelaySeconds", spec.scale_down_delay);
  spec.abort_scale_down_delay = decoder.duration("abortScaleDownDelaySeconds", spec.abort_scale_down_delay);
  const Value& traffic = decoder.object("trafficRouting");
  const Value& steps = decoder.array("steps");
  const Value& background = decoder.object("analysis");
  auto routing = parse_routing(traffic);
  if (routing) {
    spec.routing = std::move(*routing);
  } else {
    decoder.add(std::move(routing).error());
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    auto step = parse_step(steps[i], "spec.strategy.canary.steps[" + std::to_string(i) + "]");
    if (step) {
      spec.steps.push_back(std::move(*step));
    } else {
      decoder.add(std::move(step).error());
    }
  }
  if (!background.is_null()) {
    BackgroundAnalysis analysis;
    auto request = parse_analysis(background, "spec.strategy.canary.analysis", &analysis.starting_step);
    if (request) {
      analysis.request = std::move(*request);
      spec.background = std::move(analysis);
    } else {
      decoder.add(std::move(request).error());
    }
  }
  spec.step_hash_text = core::doc::render_json_canonical(steps);
  return decoder.finish();
}
}  // namespace

int Spec::declared_weight(int step) const {
  if (step >= step_count()) return 100;
  for (int i = step; i >= 0; --i) {
    if (const auto* weight = std::get_if<SetWeight>(&steps[static_cast<std::size_t>(i)])) return weight->percent;
  }
  return 0;
}

std::string Spec::steps_hash() const { return core::short_hash(step_hash_text); }

Result<Spec> parse_spec(const objects::Object& rollout) {
  Spec spec;
  Decoder decoder(rollout.spec(), "spec");
  decoder.ignore("replicas");  // the LLMDeployment says how many
  decoder.ignore("selector");
  decoder.ignore("revisionHistoryLimit");
  decoder.ignore("progressDeadlineAbort");
  decoder.ignore("minReadySeconds");
  spec.paused = decoder.boolean("paused", false);
  spec.progress_deadline = decoder.duration("progressDeadlineSeconds", spec.progress_deadline);
  const Value& workload = decoder.object("workloadRef");
  const Value& strategy = decoder.object("strategy");
  Decoder reference(workload, "spec.workloadRef");
  reference.ignore("apiVersion");
  reference.ignore("scaleDown");
  reference.one_of("kind", {"LLMDeployment"}, "LLMDeployment");
  spec.workload = reference.required_string("name");
  if (auto finished = reference.finish(); !finished) decoder.add(std::move(finished).error());
  if (!strategy["canary"].is_object()) {
    decoder.add("strategy", "spec.strategy.canary is missing", "the canary strategy is the one supported today");
  } else if (auto canary = parse_canary(strategy["canary"], spec); !canary) {
    decoder.add(std::move(canary).error());
  }
  TRY(decoder.finish());
  return spec;
}

std::string text_of(const Step& step) {
  if (const auto* weight = std::get_if<SetWeight>(&step)) return std::to_string(weight->percent) + " %";
  if (const auto* pause = std::get_if<Pause>(&step)) {
    return pause->duration ? "pause " + core::render_go_duration(*pause->duration) : "pause until promoted";
  }
  std::string text = "analysis";
  for (const auto& name : std::get<AnalysisRequest>(step).templates) text += " " + name;
  return text;
}

}  // namespace slipway::delivery::rollout
