#include "core/world/real_spawn.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <charconv>

#include "core/world/real.hpp"

namespace slipway::core {
namespace {

// posix_spawn's two attribute objects, freed at the end of the scope.
struct SpawnSettings {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnSettings() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
};

std::string_view value_of(const std::vector<std::pair<std::string, std::string>>& environment, std::string_view name) {
  for (const auto& [key, value] : environment) {
    if (key == name) return value;
  }
  return {};
}

bool is_executable_file(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

// The file that argv[0] names: relative to the child's directory when it has a slash, else from the child's PATH.
Result<std::string> find_program(const Launch& request) {
  const std::string& name = request.argv.front();
  if (name.contains('/')) {
    std::string path = name.front() == '/' || request.directory.empty() ? name : request.directory + "/" + name;
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return fail(from_errno(errno, "cannot start " + path));
    if (!is_executable_file(path)) return fail(from_errno(EACCES, "cannot start " + path));
    return path;
  }
  const std::string_view path = value_of(request.environment, "PATH");
  for (std::size_t start = 0; start < path.size();) {
    const std::size_t colon = std::min(path.find(':', start), path.size());
    std::string candidate = std::string(path.substr(start, colon - start)) + "/" + name;
    if (colon > start && is_executable_file(candidate)) return candidate;
    start = colon + 1;
  }
  return fail(Code::not_found, "cannot start \"" + name + "\": there is no such program in PATH",
              path.empty() ? "PATH is not set in its environment" : "PATH is " + std::string(path));
}

Result<> check_directory(const std::string& directory) {
  struct stat status{};
  if (::stat(directory.c_str(), &status) != 0) return fail(from_errno(errno, "cannot start in directory " + directory));
  if (!S_ISDIR(status.st_mode)) return fail(from_errno(ENOTDIR, "cannot start in directory " + directory));
  return {};
}

// `fd` becomes the child's `target`; /dev/null when there is none.
void connect(posix_spawn_file_actions_t& actions, int fd, int target) {
  if (fd >= 0) {
    ::posix_spawn_file_actions_adddup2(&actions, fd, target);
  } else {
    ::posix_spawn_file_actions_addopen(&actions, target, "/dev/null", target == 0 ? O_RDONLY : O_WRONLY, 0);
  }
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Result<int> launch(const Launch& request) {
  if (request.argv.empty() || request.argv.front().empty()) return fail(Code::invalid_argument, "no program to start");
  const std::string directory = request.directory.empty() ? "/" : request.directory;
  TRY(check_directory(directory));
  TRY_ASSIGN(const std::string program, find_program(request));

  SpawnSettings settings;
  if (request.terminal.empty()) {
    connect(settings.actions, request.stdin_fd, 0);
    connect(settings.actions, request.stdout_fd, 1);
    connect(settings.actions, request.stderr_fd, 2);
  } else {  // opened in the child, whose session is new: so it becomes the one that controls it
    ::posix_spawn_file_actions_addopen(&settings.actions, 0, request.terminal.c_str(), O_RDWR, 0);
    ::posix_spawn_file_actions_adddup2(&settings.actions, 0, 1);
    ::posix_spawn_file_actions_adddup2(&settings.actions, 0, 2);
  }
  ::posix_spawn_file_actions_addclosefrom_np(&settings.actions, 3);
  ::posix_spawn_file_actions_addchdir_np(&settings.actions, directory.c_str());

  sigset_t every_signal;
  sigset_t no_signal;
  ::sigfillset(&every_signal);
  ::sigemptyset(&no_signal);
  ::posix_spawnattr_setsigdefault(&settings.attributes, &every_signal);
  ::posix_spawnattr_setsigmask(&settings.attributes, &no_signal);
  short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  if (request.new_session) flags = static_cast<short>(flags | POSIX_SPAWN_SETSID);
  ::posix_spawnattr_setflags(&settings.attributes, flags);

  std::vector<std::string> arguments = request.argv;
  std::vector<std::string> environment;
  for (const auto& [key, value] : request.environment) environment.push_back(key + "=" + value);
  int pid = 0;
  const int error_number = ::posix_spawn(&pid, program.c_str(), &settings.actions, &settings.attributes,
                                         pointers_to(arguments).data(), pointers_to(environment).data());
  if (error_number != 0) return fail(from_errno(error_number, "cannot start " + program));
  return pid;
}

Result<ProcessStat> read_stat(int pid) {
  auto text = real_files().read("/proc/" + std::to_string(pid) + "/stat");
  // "PID (comm) S ...": the name may hold spaces and parentheses, so fields count from the last one.
  const std::size_t name_end = text ? text->rfind(')') : std::string::npos;
  if (name_end == std::string::npos) return fail(Code::not_found, "there is no process " + std::to_string(pid));
  const std::string_view rest = std::string_view(*text).substr(name_end + 1);

  ProcessStat stat;
  std::size_t position = 0;
  for (int field = 3; field <= 22; ++field) {
    const std::size_t begin = rest.find_first_not_of(' ', position);
    if (begin == std::string_view::npos) return fail(Code::internal, "/proc/" + std::to_string(pid) + "/stat is short");
    position = std::min(rest.find(' ', begin), rest.size());
    if (field == 3) stat.state = rest[begin];
    if (field == 22) std::from_chars(rest.data() + begin, rest.data() + position, stat.start_ticks);
  }
  return stat;
}

const std::string& boot_id() {
  static const std::string id = [] {
    std::string text = real_files().read("/proc/sys/kernel/random/boot_id").value_or("");
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }();
  return id;
}

Result<ProcessIdentity> identify_even_dead(int pid) {
  TRY_ASSIGN(const ProcessStat stat, read_stat(pid));
  return ProcessIdentity{pid, stat.start_ticks, boot_id()};
}

Result<ProcessIdentity> identify(int pid) {
  TRY_ASSIGN(const ProcessStat stat, read_stat(pid));
  if (stat.state == 'Z' || stat.state == 'X')
    return fail(Code::not_found, "process " + std::to_string(pid) + " is dead");
  return ProcessIdentity{pid, stat.start_ticks, boot_id()};
}

Descriptor open_pidfd(int pid) { return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

std::optional<Exit> reap(int pid) {
  int status = 0;
  const int result = ::waitpid(pid, &status, WNOHANG);
  if (result == 0 || (result < 0 && errno == EINTR)) return std::nullopt;
  if (result < 0) return Exit{255, 0};  // ECHILD: somebody else reaped it; nobody knows how it ended
  if (WIFSIGNALED(status)) return Exit{128 + WTERMSIG(status), WTERMSIG(status)};
  return Exit{WEXITSTATUS(status), 0};
}

}  // namespace slipway::core
