#include "workflow/engine/state.hpp"

namespace slipway::workflow {
namespace {

class Fold {
 public:
  Fold(const ir::Graph& graph, State& state) : graph_(graph), state_(state) {}

  void started(ir::Index index, const Event& event) {
    auto& step = state_.steps[index];
    step.phase = Phase::running;
    step.attempt = event.attempt;
    step.attempt_started = event.at;
    if (!step.started) step.started = event.at;
    step.message.clear();
    state_.ready.erase(index);
    if (!graph_.steps[index].is_group()) {
      state_.active.insert(index);
      return;
    }
    if (step.unfinished == 0) state_.complete.insert(index);
    for (const auto child : graph_.steps[index].children) {
      if (state_.steps[child].unmet == 0) state_.ready.insert(child);
    }
  }

  void retried(ir::Index index, const Event& event) {
    auto& step = state_.steps[index];
    (event.lost ? step.lost : step.failed)++;
    step.phase = Phase::waiting;
    step.not_before = event.not_before;
    step.message = event.message;
    step.stopping.clear();
    state_.active.erase(index);
    state_.ready.insert(index);
  }

  void finished(ir::Index index, const Event& event) {
    auto& step = state_.steps[index];
    step.phase = event.phase;
    step.outcome = event.outcome == Phase::waiting ? event.phase : event.outcome;
    step.message = event.message;
    step.finished = event.at;
    step.cached = event.cached;
    step.outputs = event.outputs;
    step.stopping.clear();
    state_.ready.erase(index);
    state_.active.erase(index);
    state_.complete.erase(index);
    const auto parent = graph_.steps[index].parent;
    if (parent == ir::nowhere) return;
    if (--state_.steps[parent].unfinished == 0) state_.complete.insert(parent);
    for (const auto dependent : graph_.steps[index].dependents) {
      if (--state_.steps[dependent].unmet == 0) state_.ready.insert(dependent);
    }
  }

 private:
  const ir::Graph& graph_;
  State& state_;
};

}  // namespace

State initial_state(const ir::Graph& graph) {
  State state;
  state.steps.resize(graph.steps.size());
  for (ir::Index i = 0; i < graph.steps.size(); i++) {
    state.steps[i].unmet = graph.steps[i].needs.size();
    state.steps[i].unfinished = graph.steps[i].children.size();
  }
  return state;
}

core::Result<> apply(const ir::Graph& graph, State& state, const Event& event) {
  const auto index = event.step.empty() ? ir::root : graph.find(event.step);
  if (index == ir::nowhere)
    return fail(Code::data_loss, "the journal names a step \"" + event.step + "\" that the workflow does not have");
  Fold fold(graph, state);
  switch (event.type) {
    case Event::Type::run_created:
      state.phase = Phase::running;
      state.created = event.at;
      state.ready.insert(ir::root);
      break;
    case Event::Type::step_started:
      fold.started(index, event);
      break;
    case Event::Type::step_retried:
      fold.retried(index, event);
      break;
    case Event::Type::step_stopping:
      state.steps[index].stopping = event.message;
      break;
    case Event::Type::step_finished:
      fold.finished(index, event);
      break;
    case Event::Type::run_cancelling:
      state.cancelling = true;
      break;
    case Event::Type::run_finished:
      state.phase = event.phase;
      state.finished = event.at;
      state.message = event.message;
      break;
  }
  return {};
}

std::vector<Command> due(const State& state) {
  std::vector<Command> commands;
  if (is_finished(state.phase) || state.phase == Phase::waiting) return commands;
  for (const auto index : state.complete) commands.push_back({Command::Kind::close, index});
  for (const auto index : state.ready) commands.push_back({Command::Kind::consider, index});
  for (const auto index : state.active) {
    const bool stop = state.cancelling || !state.steps[index].stopping.empty();
    commands.push_back({stop ? Command::Kind::stop : Command::Kind::execute, index});
  }
  if (is_finished(state.steps[ir::root].phase)) commands.push_back({Command::Kind::finish, ir::root});
  return commands;
}

core::Result<std::vector<Command>> step(const ir::Graph& graph, State& state, const Event& event) {
  TRY(apply(graph, state, event));
  return due(state);
}

Phase outcome_of_children(const ir::Graph& graph, const State& state, ir::Index group) {
  bool error = false;
  bool cancelled = false;
  for (const auto child : graph.steps[group].children) {
    const auto phase = state.steps[child].phase;
    if (phase == Phase::failed) return Phase::failed;
    error = error || phase == Phase::error;
    cancelled = cancelled || phase == Phase::cancelled;
  }
  return error ? Phase::error : cancelled ? Phase::cancelled : Phase::succeeded;
}

}  // namespace slipway::workflow
