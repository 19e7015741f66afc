#pragma once
// SIGINT and SIGTERM, by which people and supervisors ask a process to end: blocked in all its threads, and waited for
// in one.

#include <csignal>

namespace slipway::core {

// In this thread and in those that it starts from now on: before the first of them. The set, for sigtimedwait().
// `one_more`: a signal of the caller's own that is meant as well; 0: none.
sigset_t block_stop_signals(int one_more = 0);
// Blocks until one arrives; its number. They must be blocked.
int wait_for_stop_signal(int one_more = 0);

}  // namespace slipway::core
