#pragma once
// SimulatedMachine: the process table. Programs are C++ objects; exits, signals and output behave as the real ones
// do. Inside the simulated world only.

#include <map>
#include <memory>

#include "core/world/simulated.hpp"
#include "core/world/simulated_files.hpp"
#include "core/world/simulated_network.hpp"
#include "core/world/simulated_queue.hpp"

namespace slipway::core {

// What the machine stands on; all of it outlives the machine.
struct SimulatedGround {
  SimulatedWorld& world;
  SimulatedQueue& queue;
  SimulatedNetwork& network;
  SimulatedFiles& files;
  const Faults& faults;
  SeededRandom& luck;
};

class SimulatedMachine final : public Processes {
 public:
  explicit SimulatedMachine(SimulatedGround ground) : ground_(ground) {}
  ~SimulatedMachine() override { clear(); }

  Result<ProcessIdentity> spawn(SpawnRequest request, std::move_only_function<void(Exit)> on_exit) override;
  void run(RunRequest request, std::move_only_function<void(Result<RunOutput>)> done) override;
  bool is_alive(const ProcessIdentity& process) const override;
  Result<> signal(const ProcessIdentity& process, int signal_number, bool group) override;

  void install(const std::string& name, SimulatedProgramFactory factory) { programs_[name] = std::move(factory); }
  std::vector<ProcessIdentity> processes() const;
  void kill(int pid);
  // Its children live on; it will not hear of them.
  void forget_callbacks_of(Owner owner);
  void clear();

 private:
  class Process;
  friend class Process;

  // Makes the process and plans its start; nothing when the program is unknown or the fault injector says so.
  Result<std::shared_ptr<Process>> create(SpawnRequest request, std::string input);
  void plan_end(int pid, Exit exit);
  void end(int pid, Exit exit);
  bool is_present(Owner owner) const { return owner <= 0 || processes_.contains(owner); }
  void signal_one(int pid, int signal_number);

  SimulatedGround ground_;
  std::map<std::string, SimulatedProgramFactory> programs_;
  std::map<int, std::shared_ptr<Process>> processes_;
  int next_pid_ = 1000;
};

}  // namespace slipway::core
