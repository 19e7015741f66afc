#include "pods/shim/shim.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/number.hpp"
#include "core/world/descriptor.hpp"
#include "core/world/real.hpp"
#include "pods/shim/attachments.hpp"
#include "pods/shim/group.hpp"
#include "pods/shim/health_check.hpp"
#include "pods/shim/identity.hpp"
#include "pods/shim/log_writer.hpp"
#include "pods/shim/record.hpp"
#include "pods/shim/view.hpp"

extern char** environ;
extern const char __executable_start, etext;  // the linker's: where our code begins and ends

namespace slipway::pods {
namespace {

constexpr std::uint64_t log_limit = 10 * 1024 * 1024;
constexpr auto leftovers_deadline = std::chrono::seconds(2);   // for what even SIGKILL does not end at once
constexpr auto last_words_deadline = std::chrono::seconds(5);  // for who is attached and reads slowly
constexpr std::size_t most_input = 64 * 1024;                  // that waits for the program
constexpr int one_second = 1000;                               // as poll() wants it
constexpr char end_of_file = 4;                                // a terminal's VEOF as it is set at first

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
  Result<> keep_directories() const;
  int end(core::Exit exit, std::string reason, std::string message);
  // Room for the last record, on a disk that may be full by then.
  void reserve_room() const;
  bool write_into_room(const std::string& record) const;
  void catch_signals();
  [[noreturn]] void become_program(const ContainerStart& start);
  std::string confine_and_run(const ContainerStart& start, char** arguments, char** environment) const;
  // Forks, records, opens the gate.
  Result<> start_program(const ContainerStart& start);
  void serve();
  void on_signal();
  void reap();
  void kill_leftovers() const;
  bool pump(Pipe& pipe, shim::CriLines& lines, shim::Channel channel);
  // The descriptors of a program that can be attached to. False, with errno, when there are none.
  bool open_input(const ContainerStart& start);
  void on_frame(shim::Frame frame);
  void end_input();
  void write_input();
  void finish_attachments();

  std::string directory_;
  shim::LogFile log_;
  shim::CriLines out_lines_{"stdout"};
  shim::CriLines err_lines_{"stderr"};
  Pipe out_, err_, gate_, exec_error_;
  shim::Attachments attachments_;
  std::string terminal_;    // the path of the program's
  int input_ = -1;          // what it reads: the end of a pipe, or its terminal's master; -1: no more
  int program_input_ = -1;  // its end of that pipe
  std::string typed_;       // and not yet written to input_
  bool input_once_ = false;
  bool input_ends_ = false;  // after what was typed
  int signals_ = -1;
  pid_t program_ = -1;
  std::vector<std::string> groups_;  // of control
  bool ended_ = false;               // the main program
  bool nobody_left_ = false;         // of its descendants
  core::Exit exit_;
  Time ended_at_{};
};

bool Shim::take_lock() {
  const int fd = ::open(path(shim::lock_file).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);  // held until we end
  return fd >= 0 && ::flock(fd, LOCK_EX | LOCK_NB) == 0;
}

// Until here nobody waited for the disk: a record that is durable is found again, too.
Result<> Shim::keep_directories() const {
  const std::string pod = directory_.substr(0, directory_.rfind('/'));
  for (const std::string& directory : {pod, pod.substr(0, pod.rfind('/'))}) {
    const core::Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || (::fsync(fd.get()) != 0 && errno != EINVAL))  // EINVAL: a file system without
      return fail(Code::internal, "cannot sync " + directory + ": " + std::strerror(errno));
  }
  return {};
}

int Shim::end(core::Exit exit, std::string reason, std::string message) {
  shim::Ended ended;
  ended.exit = exit;
  ended.reason = std::move(reason);
  ended.message = std::move(message);
  ended.at = ended_ ? ended_at_ : now();
  ::unlink(path(shim::start_file).c_str());
  const std::string record = shim::render(ended);
  // Who knows how it ended stays until that is written down.
  while (!core::real_files().write_atomic(path(shim::exit_file), record) && !write_into_room(record)) {
    if (::access(directory_.c_str(), W_OK) != 0) return 1;
    ::poll(nullptr, 0, one_second);
  }
  ::unlink(path(shim::room_file).c_str());
  return 0;
}

void Shim::reserve_room() const {
  const core::Descriptor fd(::open(path(shim::room_file).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (fd) [[maybe_unused]]
    const int is_full = ::posix_fallocate(fd.get(), 0, shim::room_size);
}

bool Shim::write_into_room(const std::string& record) const {
  const std::string room = path(shim::room_file);
  const core::Descriptor fd(::open(room.c_str(), O_WRONLY | O_CLOEXEC));
  const auto size = static_cast<ssize_t>(record.size());
  return fd && ::pwrite(fd.get(), record.data(), record.size(), 0) == size && ::ftruncate(fd.get(), size) == 0 &&
         ::fsync(fd.get()) == 0 && ::rename(room.c_str(), path(shim::exit_file).c_str()) == 0;
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
  Pipe::close(gate_.write_end);
  if (!terminal_.empty()) {
    ::setsid();
    const int terminal = ::open(terminal_.c_str(), O_RDWR);  // the first one that a new session opens controls it
    for (const int end : {0, 1, 2}) ::dup2(terminal, end);
    if (terminal > 2) ::close(terminal);
  } else {
    ::setpgid(0, 0);
    const int input = program_input_ >= 0 ? program_input_ : ::open("/dev/null", O_RDONLY);
    if (input >= 0) ::dup2(input, 0);
    ::dup2(out_.write_end, 1);
    ::dup2(err_.write_end, 2);
    if (input > 2) ::close(input);
  }
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

  const std::string problem = confine_and_run(start, arguments.data(), environment.data());
  [[maybe_unused]] const auto written = ::write(exec_error_.write_end, problem.data(), problem.size());
  ::_exit(127);
}

// Does not come back unless something is wrong.
std::string Shim::confine_and_run(const ContainerStart& start, char** arguments, char** environment) const {
  if (auto joined = shim::join_groups(start.confinement.groups_of_control); !joined) return joined.error().one_line();
  if (start.confinement.own_view) {
    if (auto taken = shim::take_own_view(start.confinement, path(shim::root_directory)); !taken)
      return taken.error().one_line();
  }
  if (!start.directory.empty() && ::chdir(start.directory.c_str()) != 0)
    return "cannot change to directory " + start.directory + ": " + std::strerror(errno);
  if (auto taken = shim::take_identity(start.confinement); !taken) return taken.error().one_line();
  environ = environment;
  ::execvp(arguments[0], arguments);
  return "cannot run " + std::string(arguments[0]) + ": " + std::strerror(errno);
}

bool Shim::open_input(const ContainerStart& start) {
  if (!start.is_attachable()) return true;
  input_once_ = start.input_once;
  if (start.terminal) {
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    std::array<char, 64> path{};
    if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0 ||
        ::ptsname_r(master, path.data(), path.size()) != 0) {
      return false;
    }
    terminal_ = path.data();
    winsize size{};
    size.ws_row = 24;
    size.ws_col = 80;
    ::ioctl(master, TIOCSWINSZ, &size);
    for (int* end : {&out_.read_end, &out_.write_end, &err_.read_end, &err_.write_end}) Pipe::close(*end);
    out_.read_end = master;
    if (start.has_input) input_ = ::fcntl(master, F_DUPFD_CLOEXEC, 3);
  } else {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    program_input_ = ends[0];
    input_ = ends[1];
    ::fcntl(input_, F_SETFL, O_NONBLOCK);
  }
  attachments_.on_frame = [this](shim::Frame frame) { on_frame(std::move(frame)); };
  attachments_.on_left = [this] {
    if (input_once_) end_input();
  };
  attachments_.listen(directory_);
  return true;
}

void Shim::on_frame(shim::Frame frame) {
  if (frame.channel == shim::Channel::input && input_ >= 0 && !input_ends_) {
    typed_ += frame.bytes;
    write_input();
  } else if (frame.channel == shim::Channel::resize && !terminal_.empty() && out_.read_end >= 0) {
    if (const auto wanted = shim::parse_resize(frame.bytes)) {
      winsize size{};
      size.ws_row = wanted->first;
      size.ws_col = wanted->second;
      ::ioctl(out_.read_end, TIOCSWINSZ, &size);
    }
  }
}

void Shim::end_input() {
  if (input_ < 0 || std::exchange(input_ends_, true)) return;
  if (!terminal_.empty()) typed_ += end_of_file;
  write_input();
}

void Shim::write_input() {
  while (input_ >= 0 && !typed_.empty()) {
    const ssize_t written = ::write(input_, typed_.data(), typed_.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) return;
    if (written < 0) {  // it reads no more
      typed_.clear();
      Pipe::close(input_);
    } else {
      typed_.erase(0, static_cast<std::size_t>(written));
    }
  }
  if (input_ends_ && typed_.empty()) Pipe::close(input_);
}

Result<> Shim::start_program(const ContainerStart& start) {
  if (!open_input(start))
    return fail(Code::resource_exhausted, std::string("cannot open its input: ") + std::strerror(errno));
  program_ = ::fork();  // one thread, few pages: no need for posix_spawn, and the gate needs code before exec
  if (program_ < 0) return fail(Code::resource_exhausted, std::string("fork failed: ") + std::strerror(errno));
  if (program_ == 0) become_program(start);
  if (terminal_.empty()) ::setpgid(program_, program_);
  Pipe::close(program_input_);
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
    started.is_confined = start.confinement != Confinement{};
    started.own_view = start.confinement.own_view;
    started.own_root = !start.confinement.root.empty();
    started.groups_of_control = start.confinement.groups_of_control;
    durable = keep_directories();
    if (durable) durable = core::real_files().write_atomic(path(shim::started_file), shim::render(started));
  }
  // Taken away meanwhile: the Pod is being removed. The order (write started, then look at start) is one half of
  // ShimRuntime::withdraw.
  if (durable && !core::real_files().exists(path(shim::start_file))) {
    durable = fail(Code::cancelled, "the start was withdrawn");
  }
  if (!durable) {
    Pipe::close(gate_.write_end);  // the child ends without exec
    return durable;
  }
  [[maybe_unused]] const auto opened = ::write(gate_.write_end, "g", 1);
  Pipe::close(gate_.write_end);

  std::array<char, 1024> problem;
  ssize_t got;
  do got = ::read(exec_error_.read_end, problem.data(), problem.size());
  while (got < 0 && errno == EINTR);
  Pipe::close(exec_error_.read_end);
  if (got <= 0) return {};  // closed by exec: it runs
  return fail(Code::failed_precondition, std::string(problem.data(), static_cast<std::size_t>(got)));
}

bool Shim::pump(Pipe& pipe, shim::CriLines& lines, shim::Channel channel) {
  std::array<char, 64 * 1024> buffer;
  const ssize_t got = ::read(pipe.read_end, buffer.data(), buffer.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  std::string text;
  if (got <= 0) {
    lines.finish(now(), text);
    Pipe::close(pipe.read_end);
  } else {
    lines.feed({buffer.data(), static_cast<std::size_t>(got)}, now(), text);
    attachments_.say(channel, {buffer.data(), static_cast<std::size_t>(got)});
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

// Starting took more of our own code into memory than staying does: what is needed again comes back by itself.
void give_back_code() {
  constexpr std::uintptr_t page = 4096;
  const auto begin = (reinterpret_cast<std::uintptr_t>(&__executable_start) + page - 1) & ~(page - 1);
  const auto end = reinterpret_cast<std::uintptr_t>(&etext) & ~(page - 1);
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

// Until the program has ended, nothing of it is left, and its last word is in the log.
void Shim::serve() {
  Instant give_up{};
  std::vector<pollfd> wanted;
  while (true) {
    if (ended_) {
      if (give_up == Instant{}) give_up = core::real_clock().monotonic() + leftovers_deadline;
      if (!nobody_left_) kill_leftovers(), shim::kill_groups(groups_);
      const bool drained = out_.read_end < 0 && err_.read_end < 0;
      if ((nobody_left_ && drained) || core::real_clock().monotonic() > give_up) break;
    }
    const bool waits = attachments_.is_full() && !ended_;
    wanted.clear();
    wanted.push_back({signals_, POLLIN, 0});
    wanted.push_back({waits ? -1 : out_.read_end, POLLIN, 0});
    wanted.push_back({waits ? -1 : err_.read_end, POLLIN, 0});
    wanted.push_back({typed_.empty() ? -1 : input_, POLLOUT, 0});
    attachments_.add_to(wanted, typed_.size() < most_input);
    if (::poll(wanted.data(), wanted.size(), ended_ ? 20 : -1) < 0 && errno != EINTR) break;
    if (wanted[1].revents != 0) pump(out_, out_lines_, shim::Channel::out);
    if (wanted[2].revents != 0) pump(err_, err_lines_, shim::Channel::err);
    if (wanted[3].revents != 0) write_input();
    attachments_.serve(wanted, 4);
    if (wanted[0].revents != 0 || ended_) on_signal();
  }
  std::string text;
  out_lines_.finish(now(), text);
  err_lines_.finish(now(), text);
  log_.append(text);
  finish_attachments();
}

void Shim::finish_attachments() {
  const Instant give_up = core::real_clock().monotonic() + last_words_deadline;
  std::vector<pollfd> wanted;
  while (attachments_.has_unsent() && core::real_clock().monotonic() < give_up) {
    wanted.clear();
    attachments_.add_to(wanted, false);
    if (::poll(wanted.data(), wanted.size(), 100) < 0 && errno != EINTR) break;
    attachments_.serve(wanted, 0);
  }
  ::unlink(path(shim::attach_socket).c_str());
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
  reserve_room();
  groups_ = start->confinement.groups_of_control;
  if (auto running = start_program(*start); !running) {
    shim::kill_groups(groups_);
    shim::remove_groups(groups_);
    return end({128, 0}, "StartError", running.error().one_line());
  }
  *start = {};
  ::unlink(path(shim::start_file).c_str());
  give_back_code();
  serve();
  const bool was_too_big = exit_.code != 0 && shim::ran_out_of_memory(groups_);
  shim::kill_groups(groups_);  // commands beside the program
  shim::remove_groups(groups_);
  return end(exit_, was_too_big ? "OOMKilled" : "",
             log_.lost() > 0 ? std::to_string(log_.lost()) + " bytes of its log could not be written" : "");
}

int try_own_view() {
  const auto possible = shim::try_own_view();
  if (possible) return 0;
  std::fprintf(stderr, "%s\n", possible.error().one_line().c_str());
  return 1;
}

int check_health(int argc, char** argv) {
  const auto port = argc == 3 ? core::parse_number<int>(argv[1]) : std::nullopt;
  if (!port) return 2;
  const auto healthy = shim::check_health(argv[0], *port, argv[2]);
  if (healthy) return 0;
  std::fprintf(stderr, "%s\n", healthy.error().message.c_str());
  return 1;
}

// PID START_TICKS DIRECTORY [CGROUP...] -- COMMAND...: runs the command beside a container's program. As a shell would,
// 126 says that it could not be run, 127 that there is no such program.
int enter(int argc, char** argv) {
  int command = 3;
  std::vector<std::string> groups;
  while (command < argc && std::string_view(argv[command]) != "--") groups.emplace_back(argv[command++]);
  if (++command >= argc) return 2;
  const auto pid = core::parse_number<int>(argv[0]);
  const auto ticks = core::parse_number<std::uint64_t>(argv[1]);
  if (!pid || !ticks) return 2;
  std::string problem;
  if (auto held = shim::join_groups(groups); !held) {
    problem = held.error().one_line();
  } else if (auto joined = shim::join(*pid, *ticks); !joined) {
    problem = joined.error().one_line();
  } else if (const char* directory = argv[2]; *directory != '\0' && ::chdir(directory) != 0) {
    problem = std::string("cannot change to directory ") + directory + ": " + std::strerror(errno);
  } else {
    ::execvp(argv[command], argv + command);
    problem = std::string("cannot run ") + argv[command] + ": " + std::strerror(errno);
  }
  const int status = errno == ENOENT ? 127 : 126;
  std::fprintf(stderr, "%s\n", problem.c_str());
  return status;
}

}  // namespace

int shim_main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == shim::try_option) return try_own_view();
    if (std::string_view(argv[i]) == shim::health_option) return check_health(argc - i - 1, argv + i + 1);
    if (std::string_view(argv[i]) == shim::enter_option) return enter(argc - i - 1, argv + i + 1);
  }
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
