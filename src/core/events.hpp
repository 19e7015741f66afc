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
};

}  // namespace slipway::core
