#include "pods/shim/simulated.hpp"

#include "pods/shim/record.hpp"
#include "pods/shim_runtime.hpp"

namespace slipway::pods {
namespace {

constexpr const char* program_name = "slipway-shim";
constexpr Duration try_again = std::chrono::milliseconds(100);  // when the disk was full

class SimulatedShim final : public core::SimulatedProgram {
 public:
  explicit SimulatedShim(core::SimulatedProcess& process) : process_(process), world_(process.world().world()) {}

  void start() override {
    directory_ = process_.request().argv.back();
    if (directory_ == shim::try_option) return answer_try();
    if (!take_lock()) return process_.exit(shim::status_held_by_another);
    if (world_.files.exists(path(shim::started_file)) || world_.files.exists(path(shim::exit_file))) {
      return process_.exit(0);
    }
    auto text = world_.files.read(path(shim::start_file));
    if (!text) return process_.exit(1);
    auto start = shim::parse_start(*text);
    if (!start) return leave_record({{128, 0}, "StartError", start.error().one_line(), {}});
    start_program(*start);
  }

  void signal(int signal_number) override {
    [[maybe_unused]] auto passed_on = world_.processes.signal(program_, signal_number, true);
  }

 private:
  std::string path(const char* name) const { return directory_ + "/" + name; }

  void answer_try() {
    if (!world_.files.exists(refuses_own_view)) return process_.exit(0);
    process_.write_stderr("cannot make a mount namespace: Operation not permitted\n");
    process_.exit(1);
  }

  // What flock is to the real one: whoever is written down and lives holds the directory.
  bool take_lock() {
    if (auto text = world_.files.read(path(shim::lock_file))) {
      auto holder = shim::parse_started(*text);
      if (holder && holder->shim != process_.identity() && world_.processes.is_alive(holder->shim)) return false;
    }
    const shim::Started self{process_.identity(), process_.identity(), world_.clock.now(), false, false, false};
    return world_.files.write_atomic(path(shim::lock_file), shim::render(self)).has_value();
  }

  void start_program(const ContainerStart& start) {
    core::SpawnRequest request;
    request.argv = start.argv;
    request.environment = start.environment;
    if (!start.confinement.own_view) request.directory = start.directory;  // a view of its own is not simulated
    request.stdout_path = request.stderr_path = path(shim::log_file);
    auto program = world_.processes.spawn(std::move(request), [this](core::Exit exit) {
      if (program_.pid != 0) leave_record({exit, "", "", {}});
    });
    if (!program) return leave_record({{128, 0}, "StartError", program.error().one_line(), {}});
    // The program's first instruction comes after this task: that is the gate.
    const shim::Started started{*program, process_.identity(), world_.clock.now(), start.confinement != Confinement{},
                                start.confinement.own_view};
    if (auto durable = world_.files.write_atomic(path(shim::started_file), shim::render(started)); !durable) {
      [[maybe_unused]] auto killed = world_.processes.signal(*program, SIGKILL, true);
      return leave_record({{128, 0}, "StartError", durable.error().one_line(), {}});
    }
    program_ = *program;
    [[maybe_unused]] auto removed = world_.files.remove_tree(path(shim::start_file));
  }

  void leave_record(shim::Ended ended) {
    if (ended.at == Time{}) ended.at = world_.clock.now();
    if (world_.files.write_atomic(path(shim::exit_file), shim::render(ended))) return process_.exit(0);
    process_.after(try_again, [this, ended = std::move(ended)]() mutable { leave_record(std::move(ended)); });
  }

  core::SimulatedProcess& process_;
  core::World world_;
  std::string directory_;
  core::ProcessIdentity program_;
};

}  // namespace

std::unique_ptr<Runtime> make_simulated_runtime(core::SimulatedWorld& simulation, core::World& world,
                                                const std::string& directory) {
  simulation.install(program_name,
                     [](core::SimulatedProcess& process) { return std::make_unique<SimulatedShim>(process); });
  ShimOptions options;
  options.directory = directory;
  options.shim_command = {program_name};
  options.boot_id = "simulated-boot";
  options.user = 0;
  return std::make_unique<ShimRuntime>(world, std::move(options));
}

}  // namespace slipway::pods
