#pragma once
// What a Rollout declares, read strictly. The canary strategy of Argo Rollouts, as far as docs/internals/kinds.md names
// it.

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/time.hpp"
#include "objects/object.hpp"

namespace slipway::delivery::rollout {

// An argument of an analysis: a value, or one that is read from the Rollout when the analysis starts.
struct AnalysisArgument {
  std::string name;
  std::string value;
  std::string field_path;     // "status.slipway.canaryVersion", "metadata.name", "metadata.labels['app']"
  std::string template_hash;  // "Latest" or "Stable"
};
struct AnalysisRequest {
  std::vector<std::string> templates;
  std::vector<AnalysisArgument> arguments;
};

struct SetWeight {
  int percent = 0;
};
struct Pause {
  std::optional<core::Duration> duration;
};  // none: until somebody promotes
using Step = std::variant<SetWeight, Pause, AnalysisRequest>;

struct Routing {
  std::string virtual_service;
  std::vector<std::string> routes;  // empty: the only route
  std::string destination_rule;
  std::string canary_subset = "canary";
  std::string stable_subset = "stable";
};

struct BackgroundAnalysis {
  AnalysisRequest request;
  int starting_step = 0;
};

struct Spec {
  std::string workload;  // name of an LLMDeployment
  Routing routing;
  std::vector<Step> steps;
  std::optional<BackgroundAnalysis> background;
  core::Duration scale_down_delay = std::chrono::seconds(30);
  core::Duration abort_scale_down_delay = std::chrono::seconds(30);  // 0: an aborted canary stays
  core::Duration progress_deadline = std::chrono::seconds(600);
  bool paused = false;

  // The weight that the steps up to and including `step` declare; 100 past the last.
  int declared_weight(int step) const;
  int step_count() const { return static_cast<int>(steps.size()); }
  std::string steps_hash() const;  // changes when the steps do

  std::string step_hash_text;  // canonical JSON of the steps; see steps_hash()
};

// All problems at once, with positions where the document has them.
Result<Spec> parse_spec(const objects::Object& rollout);
// "10 %", "pause 30s", "pause until promoted", "analysis success-rate": for pages and events.
std::string text_of(const Step& step);

}  // namespace slipway::delivery::rollout
