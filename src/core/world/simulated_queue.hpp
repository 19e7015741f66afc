#pragma once
// SimulatedQueue: virtual time. Tasks run in the order of (time, sequence), each on behalf of an owner, so that a
// crash can forget exactly what one owner had planned. Inside the simulated world only.

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "core/world/world.hpp"

namespace slipway::core {

// Who planned a task: the control plane under test, the surroundings (scripted servers, the network), or the
// simulated process with that pid.
using Owner = int;
inline constexpr Owner control_plane = 0;
inline constexpr Owner surroundings = -1;

class SimulatedQueue {
 public:
  Instant now() const { return now_; }
  Owner current_owner() const { return current_; }
  bool is_empty() const { return tasks_.empty(); }
  Instant next_due() const { return tasks_.begin()->first.first; }

  // On behalf of whoever runs now.
  TimerId plan(Duration delay, Task task) { return plan_for(current_, delay, std::move(task)); }
  TimerId plan_for(Owner owner, Duration delay, Task task);
  void cancel(TimerId id);
  // Forgets everything `owner` planned.
  void forget(Owner owner);
  void forget_all();

  void run_next();  // the queue must not be empty; advances the time to the task's
  void advance_to(Instant time) { now_ = std::max(now_, time); }

  // Runs `work` on behalf of `owner`.
  template <class Work>
  void as(Owner owner, Work&& work) {
    const OwnerScope scope(current_, owner);
    work();
  }

 private:
  struct OwnerScope {
    OwnerScope(Owner& slot, Owner owner) : current(slot), before(std::exchange(slot, owner)) {}
    ~OwnerScope() { current = before; }
    OwnerScope(const OwnerScope&) = delete;
    OwnerScope& operator=(const OwnerScope&) = delete;
    Owner& current;
    Owner before;
  };
  struct Planned {
    Owner owner;
    Task task;
  };
  Instant now_{std::chrono::hours(1)};  // not 0: code that treats 0 as "never" must notice
  Owner current_ = control_plane;
  TimerId next_id_ = 1;
  std::map<std::pair<Instant, TimerId>, Planned> tasks_;
  std::unordered_map<TimerId, Instant> due_;
  std::uint64_t at_this_instant_ = 0;
};

// xoshiro256** seeded by splitmix64 (Blackman and Vigna, public domain): small, fast, the same everywhere.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  std::uint64_t next() override;
  bool chance(double probability) { return probability > 0 && uniform() < probability; }
  Duration between(Duration low, Duration high);

 private:
  std::uint64_t state_[4];
};

}  // namespace slipway::core
