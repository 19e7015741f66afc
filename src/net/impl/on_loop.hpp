#pragma once
// LoopGate: lets the network thread hand work to a loop until the loop's side closes it.

#include <mutex>

#include "core/world/world.hpp"

namespace slipway::net {

class LoopGate {
 public:
  explicit LoopGate(core::Loop& loop) : loop_(&loop) {}

  // Thread-safe; dropped after close(). The lock is held across post() so that the loop is not used after close().
  void post(core::Task task) {
    const std::lock_guard lock(mutex_);
    if (loop_ != nullptr) loop_->post(std::move(task));
  }
  void close() {
    const std::lock_guard lock(mutex_);
    loop_ = nullptr;
  }

 private:
  std::mutex mutex_;
  core::Loop* loop_;  // guarded by mutex_; null when closed
};

}  // namespace slipway::net
