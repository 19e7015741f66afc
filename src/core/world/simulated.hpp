#pragma once
// The simulated world: one thread, virtual time, a seed, and faults. The same controllers run here as in the real
// one. Everything is a function of the seed and of the program: a failing seed replays exactly.
// Who uses world() from inside a simulated process or server does so on its behalf: tasks, timers and requests of a
// process end with it, and a crash of the control plane leaves them alone.

#include <memory>
#include <optional>

#include "core/world/world.hpp"

namespace slipway::core {

class SimulatedWorld;

// A program of the simulated machine: what SpawnRequest::argv[0] names. Lives as long as its process.
class SimulatedProgram {
 public:
  virtual ~SimulatedProgram() = default;
  virtual void start() = 0;
  virtual void signal(int signal_number) = 0;  // SIGKILL never arrives: the world just destroys the program
};

// What a simulated program may do. Valid while its process lives.
class SimulatedProcess {
 public:
  virtual ~SimulatedProcess() = default;
  virtual const SpawnRequest& request() const = 0;
  virtual std::string environment(std::string_view name) const = 0;  // "" when absent
  virtual const std::string& input() const = 0;                      // the stdin of Processes::run; "" for spawned ones
  virtual ProcessIdentity identity() const = 0;
  virtual void exit(int code) = 0;  // destroys the program later, not inside this call
  virtual void write_stdout(std::string_view text) = 0;
  virtual void write_stderr(std::string_view text) = 0;
  // Serves HTTP on host:port until the process ends. already_exists when taken.
  using Handler = std::function<void(HttpRequest, std::move_only_function<void(Result<HttpResponse>)>)>;
  virtual Result<> listen(const std::string& host, int port, Handler handler) = 0;
  virtual void after(Duration delay, Task task) = 0;  // dropped when the process ends first
  virtual SimulatedWorld& world() = 0;
};

using SimulatedProgramFactory = std::function<std::unique_ptr<SimulatedProgram>(SimulatedProcess&)>;

// Probabilities per operation; all 0 by default.
struct Faults {
  double spawn_fails = 0;
  double request_lost = 0;   // the request never arrives: deadline_exceeded at its timeout
  double response_lost = 0;  // it arrived and acted, the answer did not come back
  double disk_full = 0;      // a write_atomic fails with resource_exhausted
  Duration latency_min = std::chrono::microseconds(200);
  Duration latency_max = std::chrono::milliseconds(2);
  Duration background_takes{};  // until work in the background has been done, all at once
};

class SimulatedWorld {
 public:
  explicit SimulatedWorld(std::uint64_t seed);
  ~SimulatedWorld();

  World world();
  Faults& faults();
  std::uint64_t seed() const;
  // argv[0]'s last path component chooses the program. Unknown names fail to spawn with not_found.
  void install(const std::string& name, SimulatedProgramFactory factory);
  // A server that is not a process (a scripted upstream).
  Result<> serve(const std::string& host, int port, SimulatedProcess::Handler handler);
  void stop_serving(const std::string& host, int port);

  // Runs until `deadline` from now has passed in virtual time, until `done()` is true (checked after each task), or
  // until nothing is left to do. Returns done(). Throws when tasks only post each other and time stands still.
  bool run_until(std::function<bool()> done, Duration deadline);
  void run_for(Duration duration);

  // What runs now, in order of pid.
  std::vector<ProcessIdentity> processes() const;
  // kill -9 by the fault injector.
  void kill(const ProcessIdentity& process);
  // Forgets every task, timer and callback of the control plane (not those of simulated programs): what kill -9
  // of the control plane does. Processes, servers and files stay. The caller then builds it anew.
  void crash_control_plane();
  // The wall clock jumps, timers do not.
  void jump_clock(Duration by);

  // For what is real beside this world and acts on it, such as a server that tasks call: `catch_up` runs on this thread
  // whenever time is about to move on, and posts what came meanwhile. Outlives what is run; null: there is nothing.
  void keep_in_step_with(std::function<void()> catch_up);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::core
