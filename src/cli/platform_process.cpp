#include "cli/platform_process.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "cli/output.hpp"
#include "core/log.hpp"
#include "core/time.hpp"
#include "core/world/real.hpp"
#include "core/world/real_spawn.hpp"

extern char** environ;

namespace slipway::cli {
namespace {

// Where the child writes its verdict.
constexpr const char* report_variable = "SLIPWAY_START_REPORT";
// What begins a start in the log.
constexpr std::string_view start_mark = "=== slipway up, ";

// The last lines of the newest start, as causes.
std::vector<Error> last_lines(const std::string& path, std::size_t lines) {
  std::string text = core::real_files().read(path).value_or("");
  if (const std::size_t start = text.rfind(start_mark); start != std::string::npos)
    text.erase(0, std::min(text.find('\n', start), text.size() - 1) + 1);
  std::vector<Error> list;
  while (!text.empty() && list.size() < lines) {
    if (text.back() == '\n') text.pop_back();
    const std::size_t begin = text.rfind('\n') + 1;  // npos + 1 is 0
    list.emplace_back(Code::internal, text.substr(begin));
    text.erase(begin);
  }
  std::reverse(list.begin(), list.end());
  return list;
}

// The verdict in `report`, when it is there: nothing while it starts.
std::optional<Result<doc::Value>> read_verdict(const std::string& report) {
  core::Files& files = core::real_files();
  if (!files.exists(report)) return std::nullopt;
  Result<std::string> text = files.read(report);
  [[maybe_unused]] const auto removed = files.remove_tree(report);
  if (!text) return fail(std::move(text).error());
  Result<doc::Value> verdict = doc::parse_json(*text, report);
  if (!verdict || (*verdict)["message"].is_null()) return verdict;
  const std::string name = (*verdict)["code"].string_or("");
  Error error(Code::internal, (*verdict)["message"].string_or(""));
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
    if (core::name_of(static_cast<Code>(i)) == name) error.code = static_cast<Code>(i);
  }
  return fail(std::move(error));
}

}  // namespace

StartReport::StartReport() {
  if (const char* path = std::getenv(report_variable)) path_ = path;
  ::unsetenv(report_variable);
}

void StartReport::serves(const std::vector<std::string>& warnings) {
  doc::Array list;
  for (const std::string& warning : warnings) list.emplace_back(warning);
  write({{"warnings", std::move(list)}});
}

void StartReport::failed(const core::Error& error) {
  write({{"code", core::name_of(error.code)}, {"message", error.render()}});
}

void StartReport::write(const core::doc::Object& verdict) {
  if (path_.empty()) return;
  if (auto written = core::real_files().write_atomic(path_, doc::render_json(verdict), 0600); !written)
    log::warn("cli", "cannot tell who started this", {{"why", written.error().one_line()}});
  path_.clear();
}

PlatformProcess::PlatformProcess(std::vector<std::string> argv, std::string data, std::string log)
    : argv_(std::move(argv)), data_(std::move(data)), log_(std::move(log)) {}

PlatformProcess::~PlatformProcess() { stop(); }

Result<> PlatformProcess::spawn(const std::string& report) {
  const int log = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return fail(core::from_errno(errno, "cannot write " + log_));
  const std::string mark = std::string(start_mark) + core::render_rfc3339(core::real_clock().now()) + "\n";
  [[maybe_unused]] const auto marked = ::write(log, mark.data(), mark.size());
  core::Launch launch;
  launch.argv = argv_;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      launch.environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  if (!report.empty()) launch.environment.emplace_back(report_variable, report);
  launch.stdout_fd = log;
  launch.stderr_fd = log;
  auto pid = core::launch(launch);  // in a session of its own: Ctrl-C in the terminal reaches the demo alone
  ::close(log);
  if (!pid) return fail(std::move(pid).error());
  pid_ = *pid;
  return {};
}

Error PlatformProcess::died(int status) const {
  const std::string how = WIFSIGNALED(status) ? "by signal " + std::to_string(WTERMSIG(status))
                                              : "with exit code " + std::to_string(WEXITSTATUS(status));
  Error error(Code::unavailable, "the platform did not start: it ended " + how, "the whole log is in " + log_);
  error.causes = last_lines(log_, 12);
  return error;
}

Result<> PlatformProcess::start(bool watched) {
  constexpr auto look_again = std::chrono::milliseconds(20);
  constexpr int looks = 3000;  // a minute: a start that fails late ends its workloads first
  const std::string report =
      std::filesystem::path(log_).parent_path() / ("start-" + core::real_random().hex(16) + ".json");
  TRY(spawn(report));
  Progress progress("starting the platform");
  for (int i = 0; i < looks; ++i) {
    int status = 0;
    const bool ended = ::waitpid(pid_, &status, WNOHANG) == pid_;
    if (ended) pid_ = 0;
    if (auto verdict = read_verdict(report)) {  // read after the end was seen: its last word is there
      if (!*verdict) return fail(std::move(*verdict).error());
      for (const doc::Value& warning : (**verdict)["warnings"].as_array()) warnings_.push_back(warning.string_or(""));
      if (watched) watcher_ = std::thread([this] { watch(); });
      return {};
    }
    if (ended) return fail(died(status));
    progress.update(std::to_string(i / 50) + " s");
    core::sleep_for(look_again);
  }
  Error error(Code::deadline_exceeded, "the platform does not serve after 60 s", "the whole log is in " + log_);
  error.causes = last_lines(log_, 12);
  return fail(std::move(error));
}

void PlatformProcess::watch() {
  while (!stopping_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_ && !stopping_) {
      core::sleep_for(std::chrono::milliseconds(300));
      if (!stopping_ && spawn()) ++restarts_;
    }
    core::sleep_for(std::chrono::milliseconds(50));
  }
}

void PlatformProcess::stop() {
  const std::lock_guard guard(stop_mutex_);  // Ctrl-C may come while the story ends
  stopping_ = true;
  if (watcher_.joinable()) watcher_.join();
  const pid_t pid = pid_.exchange(0);
  if (pid <= 0) return;
  ::kill(pid, SIGTERM);
  for (int i = 0; i < 400; ++i) {
    if (::waitpid(pid, nullptr, WNOHANG) == pid) return;
    core::sleep_for(std::chrono::milliseconds(50));
  }
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

void PlatformProcess::release() {
  stopping_ = true;
  if (watcher_.joinable()) watcher_.join();
  pid_ = 0;
}

}  // namespace slipway::cli
