#include "core/stop_signals.hpp"

#include <pthread.h>

namespace slipway::core {
namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, leave_signal);
  return signals;
}

}  // namespace

sigset_t block_stop_signals() {
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int wait_for_stop_signal() {
  const sigset_t signals = stop_signals();
  int number = 0;
  sigwait(&signals, &number);
  return number;
}

}  // namespace slipway::core
