// Puts the parts of the simulated world together and runs its time.

#include "core/world/simulated.hpp"

#include <algorithm>
#include <vector>

#include "core/log.hpp"
#include "core/world/background.hpp"
#include "core/world/simulated_files.hpp"
#include "core/world/simulated_machine.hpp"
#include "core/world/simulated_network.hpp"
#include "core/world/simulated_queue.hpp"

namespace slipway::core {
namespace {

// Every simulated world starts on this morning.
constexpr Time first_morning = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(10);

class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(const SimulatedQueue& queue)
      : queue_(queue), wall_(first_morning - queue.now().time_since_epoch()) {}
  Time now() const override { return wall_ + queue_.now().time_since_epoch(); }
  Instant monotonic() const override { return queue_.now(); }
  void jump(Duration by) { wall_ += by; }

 private:
  const SimulatedQueue& queue_;
  Time wall_;  // at monotonic zero
};

class SimulatedLoop final : public Loop {
 public:
  explicit SimulatedLoop(SimulatedQueue& queue) : queue_(queue) {}
  void post(Task task) override { queue_.plan(Duration::zero(), std::move(task)); }
  TimerId after(Duration delay, Task task) override { return queue_.plan(delay, std::move(task)); }
  void cancel(TimerId id) override { queue_.cancel(id); }
  bool on_this_thread() const override { return true; }

 private:
  SimulatedQueue& queue_;
};

// Both halves are tasks of whoever asked: a crash between them, or before, drops what is left.
class SimulatedBackground final : public Background {
 public:
  SimulatedBackground(SimulatedQueue& queue, const Faults& faults) : queue_(queue), faults_(faults) {}
  void run(Task work, Task done) override {
    queue_.plan(faults_.background_takes, [this, work = std::move(work), done = std::move(done)]() mutable {
      work();
      queue_.plan(Duration::zero(), std::move(done));
    });
  }

 private:
  SimulatedQueue& queue_;
  const Faults& faults_;
};

// Log lines carry the time of the youngest world of their thread.
thread_local std::vector<const Clock*> clocks;

std::string simulated_log_time() {
  return clocks.empty() ? std::string("simulated") : render_rfc3339_micro(clocks.back()->now());
}

void log_in_time_of(const Clock& clock) {
  clocks.push_back(&clock);
  log::set_time_source(&simulated_log_time);
}

void stop_logging_in_time_of(const Clock& clock) {
  std::erase(clocks, &clock);
  if (clocks.empty()) log::set_time_source(nullptr);
}

}  // namespace

struct SimulatedWorld::State {
  State(SimulatedWorld& world, std::uint64_t seed_)
      : seed(seed_), random(seed_), luck(~seed_), machine({world, queue, network, files, faults, luck}) {
    log_in_time_of(clock);
  }
  ~State() {
    queue.forget_all();
    machine.clear();
    queue.forget_all();
    stop_logging_in_time_of(clock);
  }

  std::uint64_t seed;
  Faults faults;
  SimulatedQueue queue;
  SimulatedClock clock{queue};
  SimulatedLoop loop{queue};
  SimulatedBackground background{queue, faults};
  SeededRandom random;  // the program's
  SeededRandom luck;    // the surroundings': faults and latency do not change what the program draws
  SimulatedFiles files{faults, luck};
  SimulatedNetwork network{queue, faults, luck};
  SimulatedMachine machine;
  std::function<void()> catch_up;
};

SimulatedWorld::SimulatedWorld(std::uint64_t seed) : state_(std::make_unique<State>(*this, seed)) {}
SimulatedWorld::~SimulatedWorld() = default;

World SimulatedWorld::world() {
  State& s = *state_;
  return World{s.clock, s.loop, s.random, s.machine, s.network, s.files, s.background};
}

Faults& SimulatedWorld::faults() { return state_->faults; }
std::uint64_t SimulatedWorld::seed() const { return state_->seed; }

void SimulatedWorld::install(const std::string& name, SimulatedProgramFactory factory) {
  state_->machine.install(name, std::move(factory));
}

Result<> SimulatedWorld::serve(const std::string& host, int port, SimulatedProcess::Handler handler) {
  return state_->network.listen(surroundings, host, port, std::move(handler));
}

void SimulatedWorld::stop_serving(const std::string& host, int port) { state_->network.close(host, port); }

bool SimulatedWorld::run_until(std::function<bool()> done, Duration deadline) {
  SimulatedQueue& queue = state_->queue;
  const Instant end = queue.now() + deadline;
  while (!done()) {
    const bool stands_still = !queue.is_empty() && queue.next_due() <= queue.now();
    if (!stands_still && state_->catch_up) state_->catch_up();
    if (queue.is_empty()) return false;
    if (queue.next_due() > end) {
      queue.advance_to(end);
      return false;
    }
    queue.run_next();
  }
  return true;
}

void SimulatedWorld::run_for(Duration duration) {
  const Instant end = state_->queue.now() + duration;
  run_until([] { return false; }, duration);
  state_->queue.advance_to(end);
}

std::vector<ProcessIdentity> SimulatedWorld::processes() const { return state_->machine.processes(); }

void SimulatedWorld::kill(const ProcessIdentity& process) {
  if (state_->machine.is_alive(process)) state_->machine.kill(process.pid);
}

void SimulatedWorld::crash_control_plane() {
  state_->queue.forget(control_plane);
  state_->network.forget_requests_of(control_plane);
  state_->machine.forget_callbacks_of(control_plane);
}

void SimulatedWorld::jump_clock(Duration by) { state_->clock.jump(by); }

void SimulatedWorld::keep_in_step_with(std::function<void()> catch_up) { state_->catch_up = std::move(catch_up); }

}  // namespace slipway::core
