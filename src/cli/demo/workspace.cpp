#include "cli/demo/workspace.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "core/world/real.hpp"
#include "core/world/real_spawn.hpp"
#include "server/assets.hpp"
#include "server/profile.hpp"

namespace slipway::cli::demo {

Result<Workspace> Workspace::create() {
  const char* base = std::getenv("TMPDIR");
  std::string pattern = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/slipway-demo-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return fail(core::from_errno(errno, "cannot make a directory " + pattern));
  Workspace workspace(pattern);
  TRY(server::extract_assets("examples/support-assistant/", workspace.repository()));
  TRY(workspace.git({"init", "--quiet", "--initial-branch=main"}));
  return workspace;
}

Workspace::Workspace(Workspace&& other) noexcept : root_(std::move(other.root_)), kept_(other.kept_) {
  other.root_.clear();
}

Workspace::~Workspace() {
  if (root_.empty() || kept_) return;
  if (auto removed = core::real_files().remove_tree(root_); !removed)
    return;  // what is left is in a temporary directory
}

Result<std::string> Workspace::read(const std::string& path) const {
  return core::real_files().read(repository() + "/" + path);
}

Result<> Workspace::write(const std::string& path, const std::string& text) const {
  return core::real_files().write_atomic(repository() + "/" + path, text, 0644);
}

Result<> Workspace::edit(const std::string& path, const std::string& from, const std::string& to) const {
  TRY_ASSIGN(std::string text, read(path));
  std::size_t at = text.find(from);
  if (at == std::string::npos) return fail(Code::internal, path + " of the example has no \"" + from + "\"");
  for (; at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
  return write(path, text);
}

Result<std::string> Workspace::git(std::vector<std::string> arguments, const Environment& environment) const {
  const std::string output = root_ + "/git.out";
  const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (out < 0) return fail(core::from_errno(errno, "cannot write " + output));
  TRY_ASSIGN(const std::string program, server::find_program("git", "apt-get install git"));
  const char* path = std::getenv("PATH");
  core::Launch launch;
  launch.argv = {program, "-C", repository()};
  launch.argv.insert(launch.argv.end(), arguments.begin(), arguments.end());
  launch.environment = {{"GIT_CONFIG_NOSYSTEM", "1"},
                        {"GIT_CONFIG_GLOBAL", "/dev/null"},
                        {"GIT_TERMINAL_PROMPT", "0"},
                        {"LC_ALL", "C"},
                        {"HOME", root_},
                        {"PATH", path == nullptr ? "/usr/bin:/bin" : path}};
  launch.environment.insert(launch.environment.end(), environment.begin(), environment.end());
  launch.stdout_fd = out;
  launch.stderr_fd = out;
  const auto started = core::launch(launch);
  ::close(out);
  if (!started) return fail(started.error());
  const int pid = *started;
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  std::string text = core::real_files().read(output).value_or("");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return fail(Code::unavailable, "git " + arguments.front() + " failed: " + text);
}

Result<> Workspace::commit(const std::vector<std::string>& paths, const Author& author,
                           const std::string& message) const {
  std::vector<std::string> add{"add", "--"};
  add.insert(add.end(), paths.begin(), paths.end());
  TRY(git(add));
  TRY(git({"commit", "--quiet", "-m", message}, {{"GIT_AUTHOR_NAME", author.name},
                                                 {"GIT_AUTHOR_EMAIL", author.email},
                                                 {"GIT_COMMITTER_NAME", author.name},
                                                 {"GIT_COMMITTER_EMAIL", author.email}}));
  return {};
}

Result<std::string> Workspace::head() const {
  TRY_ASSIGN(std::string text, git({"rev-parse", "HEAD"}));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

Result<> Workspace::push(const std::string& url, const std::string& token_file) const {
  // The helper reads the token from its file when git asks for it.
  const std::string helper =
      "!f() { test \"$1\" = get && echo username=token && echo \"password=$(cat '" + token_file + "')\"; }; f";
  TRY(git({"push", "--quiet", url, "main"},
          {{"GIT_CONFIG_COUNT", "1"}, {"GIT_CONFIG_KEY_0", "credential.helper"}, {"GIT_CONFIG_VALUE_0", helper}}));
  return {};
}

}  // namespace slipway::cli::demo
