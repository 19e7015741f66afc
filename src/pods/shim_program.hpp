#pragma once
// The shim as a small program of its own, carried in the binary: what stays beside each container is then one megabyte
// that links nothing when it starts, not the whole of Slipway.

#include <string>
#include <vector>

#include "core/world/world.hpp"

namespace slipway::pods {

// Puts the program at `path` (0700) unless it is there already, and returns how to call it. `otherwise` is returned
// where that cannot be: this build has none (sanitizers), or nothing may be run from that directory. Whoever runs the
// program that was there before goes on with it. Thread-safe, but not for one path at a time.
std::vector<std::string> shim_program(core::Files& files, const std::string& path, std::vector<std::string> otherwise);

}  // namespace slipway::pods
