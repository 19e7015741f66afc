#include <algorithm>

#include "objects/kinds.hpp"
#include "server/state.hpp"

namespace slipway::server {
namespace {

using State = Platform::State;
constexpr std::size_t shown_entries = 150;
constexpr auto traffic_period = std::chrono::seconds(2);

std::vector<objects::Object> all_of(State& s, const objects::Kind& kind) {
  auto list = s.store->list(kind);
  return list ? std::move(list->items) : std::vector<objects::Object>{};
}

std::vector<VersionSummary> versions_of(State& s) {
  std::vector<VersionSummary> summaries;
  auto records = s.registry->list_versions("");
  if (!records) return summaries;
  std::map<std::string, forge::Push> by_commit;
  if (auto pushes = s.forge->pushes("", 200)) {
    for (forge::Push& push : *pushes) by_commit.emplace(push.after, std::move(push));
  }
  for (const registry::VersionRecord& record : *records) {
    VersionSummary summary{.model = record.model,
                           .version = record.version,
                           .commit = record.commit,
                           .author = record.author,
                           .subject = record.description,
                           .weights = record.weights,
                           .run = record.run,
                           .created = record.created,
                           .metrics = record.metrics};
    if (const auto push = by_commit.find(record.commit); push != by_commit.end()) {
      summary.author = push->second.actor.empty() ? push->second.author : push->second.actor;
      summary.subject = push->second.subject;
    }
    summaries.push_back(std::move(summary));
  }
  std::reverse(summaries.begin(), summaries.end());
  return summaries;
}

std::vector<RunSummary> runs_of(State& s) {
  std::vector<RunSummary> summaries;
  auto runs = s.engine->list(50);
  if (!runs) return summaries;
  for (const workflow::RunView& run : *runs) {
    if (run.commit.empty() || run.event != "push") continue;
    std::string steps;
    for (const workflow::StepView& step : run.steps) {
      if (step.is_group && step.group.empty()) steps += (steps.empty() ? "" : ", ") + step.name;
    }
    summaries.push_back({.id = run.id,
                         .name = run.workflow + " #" + std::to_string(run.number),
                         .commit = run.commit,
                         .phase = std::string(workflow::name_of(run.phase)),
                         .message = run.phase == workflow::Phase::succeeded ? "" : run.message,
                         .steps = std::move(steps),
                         .started = run.created});
  }
  return summaries;
}

// The namespace whose traffic the page shows: where a Rollout is.
std::string watched_namespace(State& s) {
  auto rollouts = s.store->list(objects::kinds::rollout);
  return rollouts && !rollouts->items.empty() ? rollouts->items.front().name().ns : "";
}

void refresh_traffic(State& s) {
  if (s.stopping) return;
  s.traffic_view->refresh(watched_namespace(s), [&s](const Result<std::vector<slo::VersionTraffic>>& traffic) {
    if (traffic) s.traffic = slo::to_value(*traffic);
    s.world().loop.after(traffic_period, [&s] { refresh_traffic(s); });
  });
}

}  // namespace

void start_traffic_view(State& s) {
  s.traffic_view =
      std::make_unique<slo::TrafficView>(*s.prometheus_query, slo::TrafficOptions{.window = std::chrono::minutes(10)});
  refresh_traffic(s);
}

OverviewInputs gather_overview(State& s) {
  namespace kinds = objects::kinds;
  OverviewInputs inputs;
  inputs.now = s.world().clock.now();
  inputs.platform = describe_parts(s);
  inputs.versions = versions_of(s);
  inputs.runs = runs_of(s);
  inputs.environments = all_of(s, kinds::environment);
  inputs.promotions = all_of(s, kinds::promotion);
  inputs.rollouts = all_of(s, kinds::rollout);
  inputs.analysis_runs = all_of(s, kinds::analysis_run);
  inputs.llm_deployments = all_of(s, kinds::llm_deployment);
  inputs.slos = all_of(s, kinds::slo);
  inputs.traffic = s.traffic;
  const std::uint64_t last = s.audit->last_sequence();
  if (auto entries = s.audit->list(last > shown_entries ? last - shown_entries : 0, shown_entries))
    inputs.timeline = std::move(*entries);
  return inputs;
}

}  // namespace slipway::server
