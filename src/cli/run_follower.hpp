#pragma once
// Follows a workflow run to its end, telling each step once as it ends. Blocking.

#include <string>

#include "cli/client.hpp"

namespace slipway::cli {

// The run as it ended. A connection that drops is tried again: the control plane may be restarting. deadline_exceeded
// after `timeout`; the run goes on.
Result<core::doc::Value> follow_run(const Connection& connection, const std::string& id, core::Duration timeout);

}  // namespace slipway::cli
