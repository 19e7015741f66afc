#pragma once
// What seccompProfile RuntimeDefault means here: a filter that refuses (EPERM) the system calls which container
// runtimes refuse by default, those that reach into the kernel, other namespaces or the machine's clock. Not a sandbox.

#include <cstdint>

#include "core/result.hpp"

namespace slipway::pods::shim {

// For this process and all it becomes, for good. `capabilities`, the most it has: what they are for stays allowed, as
// runtimes have it. Without root it gives up new privileges, too: the kernel asks for that.
Result<> filter_system_calls(std::uint64_t capabilities);

}  // namespace slipway::pods::shim
