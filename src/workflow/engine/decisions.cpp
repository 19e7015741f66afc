// What the engine decides: each is an event that is committed before anything comes of it.

#include <algorithm>
#include <cmath>

#include "core/digest.hpp"
#include "workflow/engine/runner.hpp"

namespace slipway::workflow {

Event Runner::event(Event::Type type, const Run& run, ir::Index step) const {
  Event made;
  made.type = type;
  made.at = world_.clock.now();
  made.step = run.graph.steps[step].key;
  return made;
}

Event Runner::finished(const Run& run, ir::Index step, Phase phase, std::string message) const {
  auto made = event(Event::Type::step_finished, run, step);
  made.phase = made.outcome = phase;
  made.message = std::move(message);
  const bool bad = phase == Phase::failed || phase == Phase::error;
  if (bad && run.graph.steps[step].continue_on_error) made.phase = Phase::succeeded;
  return made;
}

std::optional<Event> Runner::consider(Run& run, ir::Index index, int& free_slots) {
  const auto& step = run.graph.steps[index];
  const auto& state = run.state.steps[index];
  if (run.state.cancelling) return finished(run, index, Phase::cancelled, "the run was cancelled");
  if (state.not_before > world_.clock.now()) return std::nullopt;
  if (state.attempt == 0) {
    if (step.trigger == ir::Trigger::all_succeeded) {
      for (const auto needed : step.needs) {
        const auto phase = run.state.steps[needed].phase;
        if (phase != Phase::succeeded) {
          return finished(run, index, Phase::skipped,
                          "\"" + run.graph.steps[needed].key + "\" " +
                              (phase == Phase::skipped ? "was skipped" : "did not succeed"));
        }
      }
    }
    auto holds = run.dialect().condition(run.context(), index);
    if (!holds) return finished(run, index, Phase::failed, holds.error().one_line());
    if (!*holds) {
      return finished(run, index, Phase::skipped,
                      step.condition_text.empty() ? "something before it did not succeed"
                                                  : "its condition does not hold: " + step.condition_text);
    }
  }
  auto started = event(Event::Type::step_started, run, index);
  started.attempt = state.attempt + 1;
  if (step.is_group()) return started;

  if (const auto key = run.dialect().cache_key(run.context(), index); !key.is_null()) {
    const auto cached = journal_.find_cached(core::Digest::of(core::doc::render_json_canonical(key)).hex());
    if (cached && *cached) {
      bool there = true;
      const auto& artifacts = (*cached)->outputs["artifacts"];
      if (artifacts.is_object()) {
        for (const auto& [name, artifact] : artifacts.as_object()) {
          // Metrics are often nothing but metadata.
          if (!artifact["digest"].string_or("").empty())
            there = there && world_.files.exists(artifact["uri"].string_or(""));
        }
      }
      if (there) {
        auto done = finished(run, index, Phase::succeeded, "taken from run " + (*cached)->run);
        done.cached = true;
        done.outputs = (*cached)->outputs;
        return done;
      }
    }
  }
  if (free_slots <= 0) return std::nullopt;
  free_slots--;
  return started;
}

std::optional<Event> Runner::close(Run& run, ir::Index group) {
  auto phase = outcome_of_children(run.graph, run.state, group);
  std::string message;
  for (const auto child : run.graph.steps[group].children) {
    const auto& state = run.state.steps[child];
    if (state.phase != phase || phase == Phase::succeeded) continue;
    message = "\"" + run.graph.steps[child].key + "\" " +
              (state.message.empty() ? "did not succeed" : "did not succeed: " + state.message);
    // The innermost reason is the one that helps.
    if (run.graph.steps[child].is_group()) message = state.message;
    break;
  }
  auto outputs = run.dialect().close(run.context(), group);
  if (!outputs && phase == Phase::succeeded) {
    phase = Phase::failed;
    message = "its outputs cannot be made: " + outputs.error().one_line();
  }
  auto done = finished(run, group, phase, std::move(message));
  if (outputs) done.outputs = std::move(*outputs);
  return done;
}

Event Runner::finish(Run& run) {
  const auto& root = run.state.steps[ir::root];
  auto done = event(Event::Type::run_finished, run, ir::root);
  done.phase = root.phase;
  done.message = root.message;
  return done;
}

std::vector<Event> Runner::timeouts(Run& run) {
  std::vector<Event> events;
  const auto now = world_.clock.now();
  for (const auto index : run.state.active) {
    if (!run.state.steps[index].stopping.empty() || run.state.cancelling) continue;
    if (run.storing.contains(index)) continue;  // it is done; we are not
    for (auto at = index; at != ir::nowhere; at = run.graph.steps[at].parent) {
      const auto& state = run.state.steps[at];
      const auto begin = at == index ? std::optional(state.attempt_started) : state.started;
      const auto timeout = run.graph.steps[at].timeout;
      if (timeout.count() == 0 || !begin || now < *begin + timeout) continue;
      auto stopping = event(Event::Type::step_stopping, run, index);
      stopping.message = (at == index ? std::string("it") : "\"" + run.graph.steps[at].key + "\"") +
                         " was not done after " + core::render_go_duration(timeout);
      events.push_back(std::move(stopping));
      break;
    }
  }
  return events;
}

Event Runner::lost(Run& run, ir::Index step, const std::string& message) {
  if (run.state.steps[step].lost >= options_.infrastructure_retries) return finished(run, step, Phase::error, message);
  auto retried = event(Event::Type::step_retried, run, step);
  retried.lost = true;
  retried.message = message;
  return retried;
}

Event Runner::failed(Run& run, ir::Index step, const std::string& message, core::doc::Value outputs) {
  const auto& retry = run.graph.steps[step].retry;
  const int failures = run.state.steps[step].failed;
  if (failures < retry.limit) {
    auto retried = event(Event::Type::step_retried, run, step);
    retried.message = message;
    const auto wait = static_cast<double>(retry.backoff.count()) * std::pow(retry.factor, failures);
    retried.not_before =
        retried.at + std::min(core::Duration(static_cast<std::int64_t>(std::min(wait, 1e15))), retry.longest);
    return retried;
  }
  auto done = finished(run, step, Phase::failed, message);
  done.outputs = std::move(outputs);
  return done;
}

}  // namespace slipway::workflow
