#pragma once
// The state machine of a run: pure, without clock or I/O, so that any prefix of a journal replays to the same state.

#include <set>
#include <vector>

#include "workflow/engine/event.hpp"
#include "workflow/ir/graph.hpp"

namespace slipway::workflow {

struct StepState {
  Phase phase = Phase::waiting;
  Phase outcome = Phase::waiting;
  int attempt = 0;  // of the last start, from 1
  int lost = 0;     // attempts lost by the machine
  int failed = 0;   // attempts failed by their program
  std::optional<core::Time> started, finished;
  core::Time attempt_started{};
  core::Time not_before{};
  std::string stopping;  // why its Pod is being removed; empty: it is not
  std::string message;
  bool cached = false;
  core::doc::Value outputs;
  std::size_t unmet = 0;       // steps it needs that have not finished
  std::size_t unfinished = 0;  // children that have not finished

  bool operator==(const StepState&) const = default;
};

struct State {
  Phase phase = Phase::waiting;
  bool cancelling = false;
  core::Time created{};
  std::optional<core::Time> finished;
  std::string message;
  std::vector<StepState> steps;  // as Graph::steps
  std::set<ir::Index> ready;     // to be started or skipped
  std::set<ir::Index> active;    // leaves that were started and have not finished
  std::set<ir::Index> complete;  // groups whose children have all finished

  bool operator==(const State&) const = default;
};

// What is due in a state. All of it may be done again after a crash.
struct Command {
  enum class Kind : std::uint8_t {
    consider,  // start or skip the step: decide, and commit the decision
    execute,   // the step's Pod must exist
    stop,      // the step's Pod must go
    close,     // the group's children have finished: commit its outcome
    finish,    // the root has finished: commit the run's outcome
  };
  Kind kind;
  ir::Index step = ir::root;
  bool operator==(const Command&) const = default;
};

State initial_state(const ir::Graph& graph);

// Folds one event in. data_loss when it names a step that the graph does not have.
core::Result<> apply(const ir::Graph& graph, State& state, const Event& event);

// Everything that is due, in the order of the graph. Its cost is that of what is going on, not of the whole graph.
std::vector<Command> due(const State& state);

// apply(), then due().
core::Result<std::vector<Command>> step(const ir::Graph& graph, State& state, const Event& event);

// How the finished children of a group make it end: failed before error before cancelled; skipped ones do not count.
Phase outcome_of_children(const ir::Graph& graph, const State& state, ir::Index group);

}  // namespace slipway::workflow
