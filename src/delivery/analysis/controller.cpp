#include "delivery/analysis/controller.hpp"

#include <set>

#include "core/log.hpp"
#include "delivery/analysis/measurement.hpp"
#include "objects/kinds.hpp"

namespace slipway::delivery::analysis {
namespace {
using core::doc::Array;
using core::doc::Value;
using objects::Name;
using objects::Object;
using objects::Outcome;
namespace kinds = objects::kinds;

std::vector<MetricState> metric_states(const Spec& spec, const Value& status) {
  std::vector<MetricState> states;
  for (const auto& metric : spec.metrics) {
    MetricState state;
    state.name = metric.name;
    const Array none;
    for (const auto& raw : status["metricResults"].is_array() ? status["metricResults"].as_array() : none) {
      if (raw["name"].string_or("") == metric.name) state = state_from_status(raw);
    }
    states.push_back(std::move(state));
  }
  return states;
}

void write_states(Value& status, const std::vector<MetricState>& states, core::Time now) {
  Array results;
  for (const auto& state : states) results.push_back(status_from_state(state));
  const RunPhase phase = run_phase(states);
  status.set_path("phase", Value(name_of(phase.phase)));
  status.set_path("message", Value(phase.message));
  status.set_path("metricResults", Value(std::move(results)));
  if (is_terminal(phase.phase)) status.set_path("completedAt", Value(core::render_rfc3339_micro(now)));
}
}  // namespace

struct AnalysisController::State {
  core::World& world;
  objects::Store& store;
  core::EventSink& events;
  MetricQuery& metrics;
  core::Duration no_data_timeout;
  std::unique_ptr<objects::Controller> controller;
  std::set<std::pair<Name, std::string>> under_way;  // run and metric

  void record(const Object& run, const std::string& action, const std::string& detail) {
    core::Event event;
    event.actor = "slipway/analysis-controller";
    event.action = action;
    event.object = run.text();
    event.detail = detail;
    events.record(std::move(event));
  }

  Result<> refuse(const Name& name, const Error& error) {
    TRY(modify_status(store, kinds::analysis_run, name, [&](Object& run) {
      run.status().set_path("phase", Value("Error"));
      run.status().set_path("message", Value(error.one_line()));
      run.status().set_path("completedAt", Value(core::render_rfc3339_micro(world.clock.now())));
      return true;
    }));
    return {};
  }

  // Writes what `change` makes of the metrics' states; a run that has ended meanwhile stays as it is.
  Result<> change_states(
      const Name& name,
      const std::function<void(const Spec&, std::vector<MetricState>&, core::Time started_at)>& change) {
    bool ended_now = false;
    auto written = modify_status(store, kinds::analysis_run, name, [&](Object& run) {
      ended_now = false;
      if (is_terminal(phase_from(run.status()["phase"].string_or("")))) return false;
      auto spec = parse_spec(run, no_data_timeout);
      auto started_at = core::parse_rfc3339(run.status()["startedAt"].string_or(""));
      if (!spec || !started_at) return false;
      auto states = metric_states(*spec, run.status());
      change(*spec, states, *started_at);
      write_states(run.status(), states, world.clock.now());
      ended_now = is_terminal(phase_from(run.status()["phase"].string_or("")));
      return true;
    });
    if (!written) {
      if (written.error().code == Code::not_found) return {};
      return fail(std::move(written).error());
    }
    if (ended_now) {
      const std::string message = written->status()["message"].string_or("");
      record(*written, "analysis-ended",
             written->status()["phase"].string_or("") + (message.empty() ? "" : ": " + message));
    }
    return {};
  }

  void answer(const Name& name, const std::string& metric_name, core::Time asked_at, const Result<Value>& body) {
    under_way.erase({name, metric_name});
    auto written = change_states(name, [&](const Spec& spec, std::vector<MetricState>& states, core::Time started_at) {
      for (std::size_t i = 0; i < spec.metrics.size(); ++i) {
        const Metric& metric = spec.metrics[i];
        if (metric.name != metric_name || is_terminal(states[i].phase)) continue;
        Measurement measurement = judge(metric, body, asked_at, world.clock.now());
        states[i] = add(metric, std::move(states[i]), std::move(measurement), spec.no_data_timeout, started_at);
      }
    });
    if (!written)
      log::warn("delivery", "a measurement was not stored",
                {{"run", name.text()}, {"error", written.error().one_line()}});
    controller->enqueue(name);
  }
};

AnalysisController::AnalysisController(core::World& world, objects::Store& store, core::EventSink& events,
                                       MetricQuery& metrics, core::Duration no_data_timeout)
    : state_(std::make_shared<State>(world, store, events, metrics, no_data_timeout)) {}
AnalysisController::~AnalysisController() = default;

Result<> AnalysisController::start() {
  state_->controller =
      std::make_unique<objects::Controller>(state_->world, state_->store, "analysis-controller", *this);
  state_->controller->reconciles(kinds::analysis_run);
  return state_->controller->start();
}

Result<Outcome> AnalysisController::reconcile(const Name& name) {
  TRY_ASSIGN(auto found, state_->store.find(kinds::analysis_run, name));
  if (!found || found->is_being_deleted()) return Outcome{};
  const Object& run = *found;
  if (is_terminal(phase_from(run.status()["phase"].string_or("")))) return Outcome{};
  auto spec = parse_spec(run, state_->no_data_timeout);
  if (!spec) {
    TRY(state_->refuse(name, spec.error()));
    return Outcome{};
  }
  const core::Time now = state_->world.clock.now();
  auto started_at = core::parse_rfc3339(run.status()["startedAt"].string_or(""));
  if (!started_at) {
    TRY(modify_status(state_->store, kinds::analysis_run, name, [&](Object& object) {
      object.status().set_path("phase", Value("Running"));
      object.status().set_path("startedAt", Value(core::render_rfc3339_micro(now)));
      return true;
    }));
    return Outcome{core::Duration(0)};
  }
  if (spec->terminate) {
    TRY(state_->change_states(name, [](const Spec&, std::vector<MetricState>& states, core::Time) {
      for (auto& state : states) state = stop(std::move(state));
    }));
    return Outcome{};
  }

  Outcome outcome;
  const auto states = metric_states(*spec, run.status());
  for (std::size_t i = 0; i < states.size(); ++i) {
    const Metric& metric = spec->metrics[i];
    const auto due = next_due(metric, states[i], *started_at);
    if (!due || state_->under_way.contains({name, metric.name})) continue;
    if (*due > now) {
      outcome.again_after = std::min(outcome.again_after.value_or(core::Duration::max()), core::Duration(*due - now));
      continue;
    }
    state_->under_way.insert({name, metric.name});
    std::weak_ptr<State> weak = state_;
    state_->metrics.query(metric.address, metric.query,
                          [weak, name, metric_name = metric.name, now](Result<Value> body) {
                            if (const auto state = weak.lock()) state->answer(name, metric_name, now, body);
                          });
  }
  return outcome;
}

}  // namespace slipway::delivery::analysis
