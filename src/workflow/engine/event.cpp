#include "workflow/engine/event.hpp"

#include <array>

namespace slipway::workflow {
namespace {

using core::doc::Object;
using core::doc::Value;

constexpr std::array<std::string_view, 7> types = {"run_created",   "step_started",   "step_retried", "step_stopping",
                                                   "step_finished", "run_cancelling", "run_finished"};
constexpr std::array<std::string_view, 7> phases = {"Pending", "Running", "Succeeded", "Failed",
                                                    "Error",   "Skipped", "Cancelled"};

}  // namespace

std::string_view name_of(Phase phase) { return phases[static_cast<std::size_t>(phase)]; }

core::Result<Phase> phase_from(std::string_view name) {
  for (std::size_t i = 0; i < phases.size(); i++) {
    if (phases[i] == name) return static_cast<Phase>(i);
  }
  return fail(Code::data_loss, "\"" + std::string(name) + "\" is not a phase");
}

Value to_value(const Event& event) {
  Object object{{"type", types[static_cast<std::size_t>(event.type)]}, {"at", core::render_rfc3339_micro(event.at)}};
  if (!event.step.empty()) object.set("step", event.step);
  if (event.attempt != 0) object.set("attempt", event.attempt);
  if (event.phase != Phase::waiting) object.set("phase", name_of(event.phase));
  if (event.outcome != Phase::waiting) object.set("outcome", name_of(event.outcome));
  if (!event.message.empty()) object.set("message", event.message);
  if (event.lost) object.set("lost", true);
  if (event.cached) object.set("cached", true);
  if (event.not_before != core::Time{}) object.set("notBefore", core::render_rfc3339_micro(event.not_before));
  if (!event.outputs.is_null()) object.set("outputs", event.outputs);
  return Value(std::move(object));
}

core::Result<Event> event_from(const Value& value) {
  Event event;
  const auto type = value["type"].string_or("");
  std::size_t index = 0;
  while (index < types.size() && types[index] != type) index++;
  if (index == types.size())
    return fail(Code::data_loss, "the journal holds an event of the unknown type \"" + type + "\"");
  event.type = static_cast<Event::Type>(index);
  TRY_ASSIGN(event.at, core::parse_rfc3339(value["at"].string_or("")));
  event.step = value["step"].string_or("");
  event.attempt = static_cast<int>(value["attempt"].int_or(0));
  if (value["phase"].is_string()) {
    TRY_ASSIGN(event.phase, phase_from(value["phase"].as_string()));
  }
  if (value["outcome"].is_string()) {
    TRY_ASSIGN(event.outcome, phase_from(value["outcome"].as_string()));
  }
  event.message = value["message"].string_or("");
  event.lost = value["lost"].bool_or(false);
  event.cached = value["cached"].bool_or(false);
  if (value["notBefore"].is_string()) {
    TRY_ASSIGN(event.not_before, core::parse_rfc3339(value["notBefore"].as_string()));
  }
  event.outputs = value["outputs"];
  return event;
}

}  // namespace slipway::workflow
