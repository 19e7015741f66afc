#pragma once
// EventSink: where every room records what happened and who did it. team/ keeps it (hash-chained, durable);
// `slipway demo`, the timeline page and `slipway history` show it.

#include <string>
#include <vector>

#include "core/time.hpp"

namespace slipway::core {

struct Event {
  std::uint64_t sequence = 0;  // set by the sink
  Time time{};                 // set by the sink
  std::string actor;           // "ada@example.com", or "slipway/rollout-controller"
  std::string action;          // verb in the past: "pushed", "approved", "weight-set", "rolled-back"
  std::string object;          // "Rollout production/support-assistant"
  std::string digest;          // "sha256:..." where one is concerned
  std::string detail;          // one sentence for people
  double seconds = -1;         // how long it took, when that means something; -1 otherwise
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  // Durable on return. Called on the control loop only.
  virtual void record(Event event) = 0;

  // Brackets one write of the database on this thread: the event and the write become durable together, or neither
  // does. Use recorded_with(). A sink without a database records when the write has succeeded.
  virtual void begin_joined(Event event) { joined_ = std::move(event); }
  virtual void end_joined(bool succeeded) {
    if (succeeded) record(std::move(joined_));
  }

 private:
  Event joined_;
};

// `write` does one write of the database and returns a Result: what somebody asked for and is told "ok" about is on
// record from the same instant. A write that finds nothing to change records nothing.
template <class Write>
auto recorded_with(EventSink& events, Event event, Write write) {
  events.begin_joined(std::move(event));
  auto result = write();
  events.end_joined(result.has_value());
  return result;
}

}  // namespace slipway::core
