#include "pods/shim/group.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/world/descriptor.hpp"
#include "core/world/real.hpp"

namespace slipway::pods::shim {

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

void remove_groups(const std::vector<std::string>& groups) {
  for (const auto& group : groups) ::rmdir(group.c_str());
}

}  // namespace slipway::pods::shim
