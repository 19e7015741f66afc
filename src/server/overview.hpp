#pragma once
// The page's state (docs/internals/api.md, "Overview") from what the rooms say. Pure.

#include <map>
#include <string>
#include <vector>

#include "core/events.hpp"
#include "objects/object.hpp"

namespace slipway::server {

// What the page shows of a registered version.
struct VersionSummary {
  std::string model, version, commit, author, subject, weights, run;
  Time created{};
  std::map<std::string, double> metrics;
};
// A workflow run that was started for a commit.
struct RunSummary {
  std::string id, name, commit, phase, message;
  std::string steps;  // "lint, register, dev"
  Time started{};
};

struct OverviewInputs {
  Time now{};
  doc::Value platform;                   // {version, data, parts: [...]}
  std::vector<VersionSummary> versions;  // newest first
  std::vector<RunSummary> runs;
  std::vector<objects::Object> environments, promotions, rollouts, analysis_runs, llm_deployments, slos;
  doc::Value traffic;  // the array of slo's traffic view
  std::vector<core::Event> timeline;
};

doc::Value render_overview(const OverviewInputs& inputs);
doc::Value render_event(const core::Event& event);

}  // namespace slipway::server
