#pragma once
// Notices: what others do on this machine, told as it happens, so that nobody has to look again and again. Not a part
// of World: a machine may be out of them (the kernel has limits) or have none (the simulated one), and who asks must
// then look for itself.

#include <cstdint>
#include <functional>
#include <string>

#include "core/result.hpp"
#include "core/world/world.hpp"

namespace slipway::core {

using NoticeId = std::uint64_t;  // never 0

// On the loop's thread only; what is handed in is called there, never inside another call of this class, until
// forgotten. A notice too many does no harm to who looks for itself when called: that is all it is for.
class Notices {
 public:
  virtual ~Notices() = default;
  // Whenever a file came into `directory` by rename. not_found; resource_exhausted: no more directories can be watched.
  virtual Result<NoticeId> on_new_file(const std::string& directory, std::function<void()> call) = 0;
  // Once, when `file` was written to, or is not what its name means any more. not_found; resource_exhausted.
  virtual Result<NoticeId> on_growth(const std::string& file, std::function<void()> call) = 0;
  // Once, when `process` has ended, whoever's child it is. not_found when it is gone already; unimplemented on kernels
  // that cannot tell.
  virtual Result<NoticeId> on_end(const ProcessIdentity& process, std::function<void()> call) = 0;
  virtual void forget(NoticeId id) = 0;  // unknown ids are ignored
};

}  // namespace slipway::core
