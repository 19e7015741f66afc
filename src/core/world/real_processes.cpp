#include "core/world/real_processes.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cassert>
#include <cerrno>

#include "core/world/real.hpp"
#include "core/world/real_run.hpp"
#include "core/world/real_spawn.hpp"

namespace slipway::core {
namespace {

constexpr Duration poll_interval = std::chrono::milliseconds(20);  // of kernels without pidfds

Result<Descriptor> open_log(const std::string& path) {
  if (path.empty()) return Descriptor();
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600));
  if (!fd) return fail(from_errno(errno, "cannot open " + path + " for the output of a process"));
  return fd;
}

bool has_ended(int pid) {
  siginfo_t status{};
  if (::waitid(P_PID, static_cast<id_t>(pid), &status, WEXITED | WNOHANG | WNOWAIT) != 0) return errno == ECHILD;
  return status.si_pid == pid;
}

}  // namespace

ExitWatch::ExitWatch(RealLoop& loop, int pid, std::function<void()> on_end)
    : loop_(loop), pid_(pid), on_end_(std::move(on_end)), pidfd_(open_pidfd(pid)) {
  if (pidfd_) {
    watch_ = loop_.watch(pidfd_.get(), EPOLLIN, [this](std::uint32_t) {
      const auto call = on_end_;  // it may destroy this watch
      call();
    });
  } else {
    poll_again();
  }
}

ExitWatch::~ExitWatch() {
  if (pidfd_) loop_.forget(watch_, pidfd_.get());
  if (timer_ != 0) loop_.cancel(timer_);
}

void ExitWatch::poll_again() {
  timer_ = loop_.after(poll_interval, [this] {
    timer_ = 0;
    if (!has_ended(pid_)) return poll_again();
    const auto call = on_end_;
    call();
  });
}

RealProcesses::RealProcesses(RealLoop& loop) : loop_(loop) {}
RealProcesses::~RealProcesses() = default;

Result<ProcessIdentity> RealProcesses::spawn(SpawnRequest request, std::move_only_function<void(Exit)> on_exit) {
  assert(loop_.on_this_thread());
  TRY_ASSIGN(const Descriptor out, open_log(request.stdout_path));
  const bool shared = !request.stderr_path.empty() && request.stderr_path == request.stdout_path;
  TRY_ASSIGN(const Descriptor err, open_log(shared ? std::string() : request.stderr_path));

  Launch child;
  child.argv = std::move(request.argv);
  child.environment = std::move(request.environment);
  child.directory = std::move(request.directory);
  child.stdout_fd = out.get();
  child.stderr_fd = shared ? out.get() : err.get();
  child.new_session = request.new_session;
  TRY_ASSIGN(const int pid, launch(child));

  auto identity = identify_even_dead(pid);
  if (!identity) {  // no descriptors left: what nobody can name must not run
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return identity;
  }
  auto watch = std::make_unique<ExitWatch>(loop_, pid, [this, pid] { child_ended(pid); });
  children_.insert_or_assign(pid, Child{std::move(on_exit), std::move(watch)});
  return identity;
}

void RealProcesses::child_ended(int pid) {
  const std::optional<Exit> exit = reap(pid);
  if (!exit) return;
  const auto child = children_.extract(pid);
  if (child && child.mapped().on_exit) child.mapped().on_exit(*exit);
}

void RealProcesses::run(RunRequest request, std::move_only_function<void(Result<RunOutput>)> done) {
  assert(loop_.on_this_thread());
  const std::uint64_t id = next_run_++;
  auto finish = [this, id, callback = std::move(done)](Result<RunOutput> output) mutable {
    const auto ended = runs_.extract(id);
    loop_.post([run = ended ? ended.mapped() : nullptr] {});  // it is on the stack now
    callback(std::move(output));
  };
  auto command = std::make_shared<CommandRun>(loop_, std::move(request), std::move(finish));
  runs_.emplace(id, command);
  // Never inside this call: a caller may not have finished its own state yet.
  loop_.post([command] { command->start(); });
}

bool RealProcesses::is_alive(const ProcessIdentity& process) const {
  const auto running = identify(process.pid);
  return running && *running == process;
}

Result<> RealProcesses::signal(const ProcessIdentity& process, int signal_number, bool group) {
  const std::string name = "process " + std::to_string(process.pid);
  if (process.pid <= 1) return fail(Code::invalid_argument, "refusing to signal " + name);
  // The pidfd is opened first: from here on the pid cannot come to mean another process unnoticed.
  const Descriptor pidfd = open_pidfd(process.pid);
  const auto running = identify_even_dead(process.pid);
  if (!running || *running != process) return fail(Code::not_found, name + " is gone");

  // A process that shares our group is signalled alone: the group's signal would reach ourselves.
  const bool whole_group = group && ::getpgid(process.pid) == process.pid;
  int result = 0;
  if (whole_group) {
    result = ::kill(-process.pid, signal_number);
  } else if (pidfd) {
    result = static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd.get(), signal_number, nullptr, 0));
  } else {
    result = ::kill(process.pid, signal_number);
  }
  if (result != 0 && errno == ESRCH) return fail(Code::not_found, name + " is gone");
  if (result != 0) return fail(from_errno(errno, "cannot signal " + name));
  return {};
}

}  // namespace slipway::core
