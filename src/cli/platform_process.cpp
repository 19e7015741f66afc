#include "cli/platform_process.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "cli/client.hpp"
#include "core/world/real.hpp"
#include "core/world/real_spawn.hpp"

extern char** environ;

namespace slipway::cli {
namespace {

std::string tail_of(const std::string& path, std::size_t lines) {
  const std::string text = core::real_files().read(path).value_or("");
  std::size_t at = text.size();
  while (lines-- > 0 && at > 0 && at != std::string::npos) at = text.rfind('\n', at - 1);
  return at == std::string::npos ? text : text.substr(at);
}

}  // namespace

PlatformProcess::PlatformProcess(std::vector<std::string> argv, std::string data, std::string log)
    : argv_(std::move(argv)), data_(std::move(data)), log_(std::move(log)) {}

PlatformProcess::~PlatformProcess() { stop(); }

Result<> PlatformProcess::spawn() {
  const int log = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return fail(core::from_errno(errno, "cannot write " + log_));
  core::Launch launch;
  launch.argv = argv_;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      launch.environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  launch.stdout_fd = log;
  launch.stderr_fd = log;
  auto pid = core::launch(launch);  // in a session of its own: Ctrl-C in the terminal reaches the demo alone
  ::close(log);
  if (!pid) return fail(std::move(pid).error());
  pid_ = *pid;
  return {};
}

Result<> PlatformProcess::start(bool watched) {
  TRY(spawn());
  Common common;
  common.data = data_;
  Progress progress("starting the platform");
  for (int i = 0; i < 300; ++i) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = 0;
      return fail(Code::unavailable, "the platform did not start:" + tail_of(log_, 12), "the whole log is in " + log_);
    }
    if (auto connection = connect(common)) {
      if (auto answer = call(*connection, "GET", "/api/slipway/v1/status", std::nullopt, std::chrono::seconds(2))) {
        if (watched) watcher_ = std::thread([this] { watch(); });
        return {};
      }
    }
    progress.update(std::to_string(i / 10) + " s");
    core::sleep_for(std::chrono::milliseconds(100));
  }
  return fail(Code::deadline_exceeded, "the platform does not answer after 30 s:" + tail_of(log_, 12),
              "the whole log is in " + log_);
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
