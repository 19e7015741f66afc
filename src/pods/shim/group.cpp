#include "pods/shim/group.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "core/world/descriptor.hpp"
#include "core/world/real.hpp"

namespace slipway::pods::shim {
namespace {

std::vector<int> pids_in(const std::string& file) {
  const std::string text = core::real_files().read(file).value_or("");
  std::vector<int> pids;
  const char* const stop = text.data() + text.size();
  for (const char* at = text.data(); at < stop; ++at) {
    int pid = 0;
    at = std::from_chars(at, stop, pid).ptr;
    if (pid > 1) pids.push_back(pid);
  }
  return pids;
}

}  // namespace

Result<> join_groups(const std::vector<std::string>& groups) {
  for (const auto& group : groups) {
    const core::Descriptor fd(::open((group + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd || ::write(fd.get(), "0", 1) != 1)
      return fail(Code::failed_precondition, "cannot join " + group + ": " + std::strerror(errno));
  }
  return {};
}

bool ran_out_of_memory(const std::vector<std::string>& groups) {
  for (const auto& group : groups) {
    for (const char* file : {"/memory.events", "/memory.oom_control"}) {
      const std::string text = "\n" + core::real_files().read(group + file).value_or("");
      const std::size_t at = text.find("\noom_kill ");
      if (at != std::string::npos && text.compare(at + 10, 1, "0") != 0) return true;
    }
  }
  return false;
}

// A number may be another process's by now: so it is held first, and only then looked up again.
void kill_groups(const std::vector<std::string>& groups) {
  for (const auto& group : groups) {
    const std::string members = group + "/cgroup.procs";
    for (const int pid : pids_in(members)) {
      const core::Descriptor held(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
      const std::vector<int> still = pids_in(members);
      if (held && std::ranges::find(still, pid) != still.end())
        ::syscall(SYS_pidfd_send_signal, held.get(), SIGKILL, nullptr, 0);
    }
  }
}

void remove_groups(const std::vector<std::string>& groups) {
  constexpr int most_tries = 100;
  for (const auto& group : groups) {  // who was killed just now is there for a moment
    for (int i = 0; i < most_tries && ::rmdir(group.c_str()) != 0 && errno == EBUSY; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace slipway::pods::shim
