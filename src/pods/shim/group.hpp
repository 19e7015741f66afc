#pragma once
// The control groups of one container, as its shim and its program see them: both versions.

#include <string>
#include <vector>

#include "core/result.hpp"

namespace slipway::pods::shim {

// This process and its children from now on.
Result<> join_groups(const std::vector<std::string>& groups);
// Whether the kernel killed something in them because there was no memory left.
bool ran_out_of_memory(const std::vector<std::string>& groups);
// Everything in them, whoever its parent is. Call again until nothing is left: what they start meanwhile is missed.
void kill_groups(const std::vector<std::string>& groups);
// When nobody is in them any more.
void remove_groups(const std::vector<std::string>& groups);

}  // namespace slipway::pods::shim
