#pragma once
// LeaderElection: at most one of several processes leads, agreed on by a Lease in any Store. Who does not hear of a
// renewal for the lease's duration takes over; who cannot renew in time stops before that. Only durations count, each
// measured by its own monotonic clock from what it observed itself: wall clocks may differ as they like, as long as
// clocks run at about the same speed.
// https://kubernetes.io/docs/concepts/architecture/leases/
//
// The loop must get its turn: what leads in a long task does not notice that its time is over. Who acts on the world
// asks is_leading() right before, which reads the clock and not a flag.
//
// Thread: the control loop only.

#include <functional>
#include <memory>
#include <string>

#include "objects/store.hpp"

namespace slipway::objects {

struct LeaderElectionOptions {
  Name lease;            // namespace and name of the Lease
  std::string identity;  // of this process, and of no other: host and a random part
  Duration lease_duration = std::chrono::seconds(15);
  Duration renew_deadline = std::chrono::seconds(10);  // less than lease_duration
  Duration retry_period = std::chrono::seconds(2);     // less than renew_deadline
};

struct LeaderCallbacks {
  std::function<void()> started_leading;
  std::function<void()> stopped_leading;
  std::function<void(const std::string& identity)> new_leader;  // also of this one; may be empty
};

class LeaderElection {
 public:
  // invalid_argument when the durations do not fit each other or there is no identity. `store` outlives it.
  static Result<std::unique_ptr<LeaderElection>> make(core::World& world, Store& store, LeaderElectionOptions options,
                                                      LeaderCallbacks callbacks);
  // As a crash would: the Lease runs out by itself. No callback runs.
  ~LeaderElection();

  void start();
  // Stops, and lets the next one lead at once. stopped_leading runs inside this call when it led.
  void release();
  bool is_leading() const;
  std::string leader() const;  // whoever holds the Lease as far as is known; may be empty

 private:
  struct State;
  explicit LeaderElection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace slipway::objects
