#pragma once
// Who a container's program is: its user and groups, what it may do of what root may, and whether it may ever gain
// more. For a process of one thread that is about to become the program.

#include <string>

#include "core/result.hpp"
#include "pods/runtime.hpp"

namespace slipway::pods::shim {

// The number of a capability as Kubernetes writes it ("NET_ADMIN", "CAP_NET_ADMIN"); -1: there is none.
int capability_of(std::string_view name);

Result<> take_identity(const Confinement& confinement);

// Becomes what the process `pid` is, as far as its user, groups, capabilities and privileges go, in its namespaces: for
// a command beside a container's program. `start_ticks` tells it from a later one of that number.
Result<> join(int pid, std::uint64_t start_ticks);

}  // namespace slipway::pods::shim
