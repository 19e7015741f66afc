#pragma once
// The journal's entries: every decision of the engine, and every observation it acts on. A run's state is the fold of
// its events and nothing else. docs/internals/workflow-journal.md has the format.

#include <string>

#include "workflow/run.hpp"

namespace slipway::workflow {

struct Event {
  enum class Type : std::uint8_t {
    run_created,
    step_started,   // step, attempt: from now on its Pod may exist
    step_retried,   // step, message, lost; waits until not_before
    step_stopping,  // step, message: its Pod is being removed, and why
    step_finished,  // step, phase, outcome, message, outputs, cached
    run_cancelling,
    run_finished,  // phase, message
  };
  Type type = Type::run_created;
  core::Time at{};
  std::string step;
  int attempt = 0;
  Phase phase = Phase::waiting;
  Phase outcome = Phase::waiting;  // before continue-on-error made it a success
  std::string message;
  bool lost = false;  // the attempt was lost by the machine, not failed by its program
  bool cached = false;
  core::Time not_before{};
  core::doc::Value
      outputs;  // {parameters: {}, artifacts: {name: {type, uri, digest, metadata}}, environment: {}, path: []}
};

core::doc::Value to_value(const Event& event);
// data_loss when it is not an event of this format.
core::Result<Event> event_from(const core::doc::Value& value);

}  // namespace slipway::workflow
