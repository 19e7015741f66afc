#include "pods/shim/shim.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/world/real.hpp"
#include "pods/shim/log_writer.hpp"
#include "pods/shim/record.hpp"

extern char** environ;

namespace slipway::pods {
namespace {

constexpr std::uint64_t log_limit = 10 * 1024 * 1024;
constexpr auto leftovers_deadline = std::chrono::seconds(2);  // for what even SIGKILL does not end at once

// Both ends close on exec; an end is -1 once closed.
struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) == 0) read_end = ends[0], write_end = ends[1];
  }
  static void close(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
};

class Shim {
 public:
  explicit Shim(std::string directory) : directory_(std::move(directory)), log_(path(shim::log_file), log_limit) {}

  int run();

 private:
  std::string path(const char* name) const { return directory_ + "/" + name; }
  Time now() const { return core::real_clock().now(); }
  bool take_lock();
  int end(core::Exit exit, std::string reason, std::string message);
  void catch_signals();
  [[noreturn]] void become_program(const ContainerStart& start);
  // Forks, records, opens the gate. 0, or the errno of a failed exec; -1 when nothing could be started.
  int start_program(const ContainerStart& start, std::string& problem);
  void serve();
  void on_signal();
  void reap();
  void kill_leftovers() const;
  bool pump(Pipe& pipe, shim::CriLines& lines);

  std::string directory_;
  shim::LogFile log_;
  shim::CriLines out_lines_{"stdout"};
  shim::CriLines err_lines_{"stderr"};
  Pipe out_, err_, gate_, exec_error_;
  int signals_ = -1;
  pid_t program_ = -1;
  bool ended_ = false;        // the main program
  bool nobody_left_ = false;  // of its descendants
  core::Exit exit_;
  Time ended_at_{};
};

bool Shim::take_lock() {
  const int fd = ::open(path(shim::lock_file).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);  // held until we end
  return fd >= 0 && ::flock(fd, LOCK_EX | LOCK_NB) == 0;
}

int Shim::end(core::Exit exit, std::string reason, std::string message) {
  shim::Ended ended;
  ended.exit = exit;
  ended.reason = std::move(reason);
  ended.message = std::move(message);
  ended.at = ended_ ? ended_at_ : now();
  ::unlink(path(shim::start_file).c_str());
  return core::real_files().write_atomic(path(shim::exit_file), shim::render(ended)) ? 0 : 1;
}

void Shim::catch_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void Shim::become_program(const ContainerStart& start) {
  ::setpgid(0, 0);
  Pipe::close(gate_.write_end);
  const int null = ::open("/dev/null", O_RDONLY);
  if (null >= 0) ::dup2(null, 0);
  ::dup2(out_.write_end, 1);
  ::dup2(err_.write_end, 2);
  if (null > 2) ::close(null);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::umask(0022);

  std::vector<std::string> variables;
  for (const auto& [name, value] : start.environment) variables.push_back(name + "=" + value);
  std::vector<char*> environment, arguments;
  for (auto& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  std::vector<std::string> argv = start.argv;
  for (auto& argument : argv) arguments.push_back(argument.data());
  arguments.push_back(nullptr);

  char open = 0;
  ssize_t got;
  do got = ::read(gate_.read_end, &open, 1);
  while (got < 0 && errno == EINTR);
  if (got != 1) ::_exit(0);  // the shim died before it wrote down who we are

  int problem = 0;
  if (::chdir(start.directory.empty() ? "/" : start.directory.c_str()) != 0) {
    problem = -errno;
  } else {
    environ = environment.data();
    ::execvp(arguments[0], arguments.data());
    problem = errno;
  }
  [[maybe_unused]] const auto written = ::write(exec_error_.write_end, &problem, sizeof problem);
  ::_exit(127);
}

int Shim::start_program(const ContainerStart& start, std::string& problem) {
  program_ = ::fork();  // one thread, few pages: no need for posix_spawn, and the gate needs code before exec
  if (program_ < 0) {
    problem = std::string("fork failed: ") + std::strerror(errno);
    return -1;
  }
  if (program_ == 0) become_program(start);
  ::setpgid(program_, program_);
  Pipe::close(out_.write_end);
  Pipe::close(err_.write_end);
  Pipe::close(gate_.read_end);
  Pipe::close(exec_error_.write_end);

  shim::Started started;
  auto process = core::identify(program_);
  auto self = core::identify(::getpid());
  Result<> durable = fail(Code::internal, "the process vanished");
  if (process && self) {
    started.process = *process;
    started.shim = *self;
    started.at = now();
    durable = core::real_files().write_atomic(path(shim::started_file), shim::render(started));
  }
  // Taken away meanwhile: the Pod is being removed. The order (write started, then look at start) is one half of
  // ShimRuntime::withdraw.
  if (durable && !core::real_files().exists(path(shim::start_file))) {
    durable = fail(Code::cancelled, "the start was withdrawn");
  }
  if (!durable) {
    problem = durable.error().one_line();
    Pipe::close(gate_.write_end);  // the child ends without exec
    return -1;
  }
  [[maybe_unused]] const auto opened = ::write(gate_.write_end, "g", 1);
  Pipe::close(gate_.write_end);

  int failed = 0;
  ssize_t got;
  do got = ::read(exec_error_.read_end, &failed, sizeof failed);
  while (got < 0 && errno == EINTR);
  Pipe::close(exec_error_.read_end);
  if (got != sizeof failed) return 0;  // closed by exec: it runs
  problem = failed < 0 ? "cannot change to directory " + start.directory : "cannot run " + start.argv.front();
  problem += std::string(": ") + std::strerror(failed < 0 ? -failed : failed);
  return failed < 0 ? -failed : failed;
}

bool Shim::pump(Pipe& pipe, shim::CriLines& lines) {
  std::array<char, 64 * 1024> buffer;
  const ssize_t got = ::read(pipe.read_end, buffer.data(), buffer.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  std::string text;
  if (got <= 0) {
    lines.finish(now(), text);
    Pipe::close(pipe.read_end);
  } else {
    lines.feed({buffer.data(), static_cast<std::size_t>(got)}, now(), text);
  }
  log_.append(text);
  return got > 0;
}

void Shim::reap() {
  while (true) {
    siginfo_t gone{};
    if (::waitid(P_ALL, 0, &gone, WEXITED | WNOHANG | WNOWAIT) != 0) {
      if (errno == EINTR) continue;
      nobody_left_ = true;
      return;
    }
    if (gone.si_pid == 0) return;
    // While it is a zombie its number is still ours: nobody else's group can be hit.
    if (gone.si_pid == program_) ::kill(-program_, SIGKILL);
    int status = 0;
    ::waitpid(gone.si_pid, &status, 0);
    if (gone.si_pid != program_) continue;
    ended_ = true;
    ended_at_ = now();
    exit_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    exit_.code = WIFSIGNALED(status) ? 128 + exit_.signal : WEXITSTATUS(status);
  }
}

void Shim::on_signal() {
  signalfd_siginfo info{};
  while (::read(signals_, &info, sizeof info) == sizeof info) {
    const int number = static_cast<int>(info.ssi_signo);
    if (number != SIGCHLD && !ended_) ::kill(-program_, number);
  }
  reap();
}

// Whatever left the program's group and was handed to us, the subreaper. Our children's numbers are ours until we
// reap them, so signalling by number is safe here.
void Shim::kill_leftovers() const {
  const std::string self = std::to_string(::getpid());
  const int fd = ::open(("/proc/self/task/" + self + "/children").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  std::array<char, 4096> buffer;
  const ssize_t got = ::read(fd, buffer.data(), buffer.size());
  ::close(fd);
  const char* at = buffer.data();
  const char* const stop = at + (got > 0 ? got : 0);
  while (at < stop) {
    pid_t child = 0;
    const auto [next, problem] = std::from_chars(at, stop, child);
    if (problem == std::errc{} && child > 1) ::kill(child, SIGKILL);
    at = (next == at ? at : next) + 1;
  }
}

// Until the program has ended, nothing of it is left, and its last word is in the log.
void Shim::serve() {
  Instant give_up{};
  while (true) {
    if (ended_) {
      if (give_up == Instant{}) give_up = core::real_clock().monotonic() + leftovers_deadline;
      if (!nobody_left_) kill_leftovers();
      const bool drained = out_.read_end < 0 && err_.read_end < 0;
      if ((nobody_left_ && drained) || core::real_clock().monotonic() > give_up) break;
    }
    std::array<pollfd, 3> wanted{pollfd{signals_, POLLIN, 0}, pollfd{out_.read_end, POLLIN, 0},
                                 pollfd{err_.read_end, POLLIN, 0}};
    if (::poll(wanted.data(), wanted.size(), ended_ ? 20 : -1) < 0 && errno != EINTR) break;
    if (wanted[1].revents != 0) pump(out_, out_lines_);
    if (wanted[2].revents != 0) pump(err_, err_lines_);
    if (wanted[0].revents != 0 || ended_) on_signal();
  }
  std::string text;
  out_lines_.finish(now(), text);
  err_lines_.finish(now(), text);
  log_.append(text);
}

int Shim::run() {
  if (!take_lock()) return shim::status_held_by_another;
  const core::Files& files = core::real_files();
  if (files.exists(path(shim::started_file)) || files.exists(path(shim::exit_file))) return 0;

  auto text = files.read(path(shim::start_file));
  if (!text) return 1;
  auto start = shim::parse_start(*text);
  if (!start) return end({128, 0}, "StartError", start.error().one_line());
  catch_signals();
  if (signals_ < 0 || out_.read_end < 0 || err_.read_end < 0 || gate_.read_end < 0 || exec_error_.read_end < 0) {
    return end({128, 0}, "StartError", "no file descriptors are left for the container's pipes");
  }
  std::string problem;
  const int failed = start_program(*start, problem);
  if (failed != 0) return end({128, 0}, "StartError", problem);
  *start = {};
  ::unlink(path(shim::start_file).c_str());
  serve();
  return end(exit_, "", log_.lost() > 0 ? std::to_string(log_.lost()) + " bytes of its log could not be written" : "");
}

}  // namespace

int shim_main(int argc, char** argv) {
  std::string directory;
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) == "--dir") directory = argv[i + 1];
  }
  if (directory.empty() || ::access(directory.c_str(), W_OK) != 0) return 2;
  ::close_range(3, ~0U, 0);
  ::setsid();  // fails when we lead a session already
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  ::prctl(PR_SET_NAME, "slipway-shim", 0, 0, 0);
  ::umask(0077);
  [[maybe_unused]] const int moved = ::chdir("/");
  return Shim(std::move(directory)).run();
}

}  // namespace slipway::pods
