#pragma once
// Starting and naming processes of this machine: posix_spawn with everything that a child must not inherit taken
// away. No loop, no callbacks: see real_processes.hpp.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/world/descriptor.hpp"
#include "core/world/world.hpp"

namespace slipway::core {

struct Launch {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string directory;  // empty = "/"
  int stdin_fd = -1;      // -1 = /dev/null
  int stdout_fd = -1;
  int stderr_fd = -1;
  std::string terminal;  // a path that all three are instead; it becomes the terminal of the new session
  bool new_session = true;
};

// Starts it and returns its pid, which stays this process's to reap. The child has the default signal actions, no
// blocked signal and no descriptor but 0, 1 and 2. Errors name what is wrong: program, directory or limit.
Result<int> launch(const Launch& request);

// One line of /proc/PID/stat.
struct ProcessStat {
  char state = '?';  // 'Z' is a zombie
  std::uint64_t start_ticks = 0;
};
Result<ProcessStat> read_stat(int pid);
const std::string& boot_id();
// As identify(), and for zombies too: our own child may be gone before we ask.
Result<ProcessIdentity> identify_even_dead(int pid);

// pidfd_open; no descriptor where the kernel has none (before 5.3).
Descriptor open_pidfd(int pid);
// The exit of our child `pid`, once; nothing when it still runs.
std::optional<Exit> reap(int pid);

}  // namespace slipway::core
