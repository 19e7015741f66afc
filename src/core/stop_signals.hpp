#pragma once
// The signals by which people and supervisors ask a process to end: blocked in all its threads, and waited for in one.

#include <csignal>

namespace slipway::core {

// Asks a control plane to end alone, and leave what it started running. To others it says no more than SIGTERM.
inline constexpr int leave_signal = SIGUSR1;

// SIGINT, SIGTERM and leave_signal, in this thread and in those that it starts from now on: before the first of them.
// The set, for sigtimedwait().
sigset_t block_stop_signals();
// Blocks until one arrives; its number. They must be blocked.
int wait_for_stop_signal();

}  // namespace slipway::core
