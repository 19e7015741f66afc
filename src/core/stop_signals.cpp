#include "core/stop_signals.hpp"

#include <pthread.h>

namespace slipway::core {
namespace {

sigset_t stop_signals(int one_more) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  if (one_more != 0) sigaddset(&signals, one_more);
  return signals;
}

}  // namespace

sigset_t block_stop_signals(int one_more) {
  const sigset_t signals = stop_signals(one_more);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int wait_for_stop_signal(int one_more) {
  const sigset_t signals = stop_signals(one_more);
  int number = 0;
  sigwait(&signals, &number);
  return number;
}

}  // namespace slipway::core
