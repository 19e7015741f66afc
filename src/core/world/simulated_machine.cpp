#include "core/world/simulated_machine.hpp"

#include <cerrno>

namespace slipway::core {
namespace {

constexpr Duration start_delay = std::chrono::milliseconds(1);
constexpr std::size_t error_tail = 64 * 1024;

std::string last_component(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

}  // namespace

class SimulatedMachine::Process final : public SimulatedProcess {
 public:
  Process(SimulatedMachine& owner, SpawnRequest what, std::string stdin_text, ProcessIdentity name)
      : machine(owner), request_(std::move(what)), input_(std::move(stdin_text)), identity_(std::move(name)) {}

  const SpawnRequest& request() const override { return request_; }
  const std::string& input() const override { return input_; }
  ProcessIdentity identity() const override { return identity_; }
  SimulatedWorld& world() override { return machine.ground_.world; }

  std::string environment(std::string_view name) const override {
    for (const auto& [key, value] : request_.environment) {
      if (key == name) return value;
    }
    return "";
  }

  void exit(int code) override {
    if (std::exchange(is_ending, true)) return;
    machine.plan_end(identity_.pid, Exit{code, 0});
  }

  void write_stdout(std::string_view text) override { write(text, request_.stdout_path, captured.out); }
  void write_stderr(std::string_view text) override { write(text, request_.stderr_path, captured.err); }

  Result<> listen(const std::string& host, int port, Handler handler) override {
    return machine.ground_.network.listen(identity_.pid, host, port, std::move(handler));
  }

  void after(Duration delay, Task task) override {
    machine.ground_.queue.plan_for(identity_.pid, delay, std::move(task));
  }

  SimulatedMachine& machine;
  std::unique_ptr<SimulatedProgram> program;
  Owner parent = control_plane;
  int group = 0;
  std::move_only_function<void(Exit)> on_exit;
  bool is_ending = false;
  bool is_captured = false;  // started by run()
  std::size_t max_output = 0;
  RunOutput captured;

 private:
  void write(std::string_view text, const std::string& path, std::string& capture) {
    if (is_captured) {
      capture.append(text);
      if (captured.out.size() > max_output) machine.plan_end(identity_.pid, Exit{128 + SIGKILL, SIGKILL});
    } else if (!path.empty()) {
      // A process does not learn that its log is lost, nor does this one.
      [[maybe_unused]] const auto appended = machine.ground_.files.append(path, text);
    }
  }

  SpawnRequest request_;
  std::string input_;
  ProcessIdentity identity_;
};

Result<std::shared_ptr<SimulatedMachine::Process>> SimulatedMachine::create(SpawnRequest request, std::string input) {
  if (request.argv.empty() || request.argv.front().empty()) return fail(Code::invalid_argument, "no program to start");
  const std::string name = last_component(request.argv.front());
  const auto program = programs_.find(name);
  if (program == programs_.end())
    return fail(Code::not_found, "cannot start \"" + name + "\": there is no such program");
  if (!request.directory.empty() && !ground_.files.is_directory(request.directory)) {
    return fail(from_errno(ENOENT, "cannot start in directory " + request.directory));
  }
  for (const std::string& log : {request.stdout_path, request.stderr_path}) {
    if (!log.empty()) TRY(ground_.files.append(log, ""));
  }
  if (ground_.luck.chance(ground_.faults.spawn_fails)) {
    return fail(Code::resource_exhausted, "cannot start \"" + name + "\": resource temporarily unavailable");
  }

  const int pid = next_pid_++;
  const auto ticks = static_cast<std::uint64_t>(ground_.queue.now().time_since_epoch() / std::chrono::milliseconds(10));
  const bool leads = request.new_session;
  auto process = std::make_shared<Process>(*this, std::move(request), std::move(input),
                                           ProcessIdentity{pid, ticks, "simulated-boot"});
  process->parent = ground_.queue.current_owner();
  const auto parent = processes_.find(process->parent);
  process->group = leads || parent == processes_.end() ? pid : parent->second->group;
  process->program = program->second(*process);
  processes_.emplace(pid, process);
  ground_.queue.plan_for(pid, start_delay, [raw = process.get()] { raw->program->start(); });
  return process;
}

Result<ProcessIdentity> SimulatedMachine::spawn(SpawnRequest request, std::move_only_function<void(Exit)> on_exit) {
  TRY_ASSIGN(const auto process, create(std::move(request), ""));
  process->on_exit = std::move(on_exit);
  return process->identity();
}

void SimulatedMachine::run(RunRequest request, std::move_only_function<void(Result<RunOutput>)> done) {
  SpawnRequest child;
  child.argv = request.argv;
  child.environment = std::move(request.environment);
  child.directory = std::move(request.directory);
  auto created = create(std::move(child), std::move(request.input));
  if (!created) {
    ground_.queue.plan({}, [why = std::move(created).error(), call = std::move(done)]() mutable { call(fail(why)); });
    return;
  }
  Process& process = **created;
  process.is_captured = true;
  process.max_output = request.max_output;
  const int pid = process.identity().pid;
  const auto timed_out = std::make_shared<bool>(false);
  const TimerId deadline = ground_.queue.plan_for(surroundings, request.timeout, [this, pid, timed_out] {
    *timed_out = true;
    kill(pid);
  });

  process.on_exit = [this, deadline, timed_out, name = request.argv.front(), timeout = request.timeout,
                     limit = request.max_output, keep = *created, call = std::move(done)](Exit exit) mutable {
    ground_.queue.cancel(deadline);
    RunOutput& output = keep->captured;
    if (*timed_out) {
      return call(
          fail(Code::deadline_exceeded, "\"" + name + "\" did not finish within " + render_for_people(timeout)));
    }
    if (output.out.size() > limit) {
      return call(
          fail(Code::resource_exhausted, "\"" + name + "\" wrote more than " + std::to_string(limit) + " bytes"));
    }
    if (output.err.size() > error_tail) output.err.erase(0, output.err.size() - error_tail);
    output.exit = exit;
    call(std::move(output));
  };
}

bool SimulatedMachine::is_alive(const ProcessIdentity& process) const {
  const auto found = processes_.find(process.pid);
  return found != processes_.end() && found->second->identity() == process;
}

Result<> SimulatedMachine::signal(const ProcessIdentity& process, int signal_number, bool group) {
  if (!is_alive(process)) return fail(Code::not_found, "process " + std::to_string(process.pid) + " is gone");
  std::vector<int> targets = {process.pid};
  if (group && processes_.at(process.pid)->group == process.pid) {
    targets.clear();
    for (const auto& [pid, other] : processes_) {
      if (other->group == process.pid) targets.push_back(pid);
    }
  }
  for (const int pid : targets) signal_one(pid, signal_number);
  return {};
}

void SimulatedMachine::signal_one(int pid, int signal_number) {
  if (signal_number == 0) return;
  if (signal_number == SIGKILL) return kill(pid);
  ground_.queue.plan_for(pid, {}, [process = processes_.at(pid).get(), signal_number] {
    if (!process->is_ending) process->program->signal(signal_number);
  });
}

void SimulatedMachine::kill(int pid) {
  const Exit killed{128 + SIGKILL, SIGKILL};
  // A program that kills itself, or is killed by a call it made, is on the stack now.
  if (ground_.queue.current_owner() == pid) return plan_end(pid, killed);
  end(pid, killed);
}

void SimulatedMachine::plan_end(int pid, Exit exit) {
  ground_.queue.plan_for(surroundings, {}, [this, pid, exit] { end(pid, exit); });
}

void SimulatedMachine::end(int pid, Exit exit) {
  const auto entry = processes_.extract(pid);
  if (!entry) return;  // killed after its exit was planned
  const std::shared_ptr<Process>& process = entry.mapped();
  ground_.queue.forget(pid);
  ground_.network.forget_requests_of(pid);
  ground_.network.close_all_of(pid);
  forget_callbacks_of(pid);
  process->program.reset();
  if (!process->on_exit || !is_present(process->parent)) return;
  ground_.queue.plan_for(process->parent, {}, [call = std::move(process->on_exit), exit]() mutable { call(exit); });
}

void SimulatedMachine::forget_callbacks_of(Owner owner) {
  std::vector<std::move_only_function<void(Exit)>> forgotten;  // destroyed last: destructors may spawn or signal
  for (const auto& [pid, process] : processes_) {
    if (process->parent != owner) continue;
    forgotten.push_back(std::move(process->on_exit));
    process->on_exit = nullptr;
  }
}

std::vector<ProcessIdentity> SimulatedMachine::processes() const {
  std::vector<ProcessIdentity> identities;
  for (const auto& [pid, process] : processes_) identities.push_back(process->identity());
  return identities;
}

void SimulatedMachine::clear() {
  const auto processes = std::exchange(processes_, {});
  for (const auto& [pid, process] : processes) {
    process->on_exit = nullptr;  // of run(): owns the process
    process->program.reset();
  }
}

}  // namespace slipway::core
