#pragma once
// RealLoop: the mailbox of one thread over epoll: posted tasks, timers and readable descriptors. Inside the real
// world only.

#include <sys/epoll.h>

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "core/world/descriptor.hpp"
#include "core/world/world.hpp"

namespace slipway::core {

class RealLoop final : public Loop {
 public:
  RealLoop();
  ~RealLoop() override;

  void post(Task task) override;
  TimerId after(Duration delay, Task task) override;
  void cancel(TimerId id) override;
  // The thread inside run(); before it the one that made the loop, after it any.
  bool on_this_thread() const override;

  void run();
  void stop();  // a stop before run() makes the next run() return at once

  // Calls `ready` with the epoll events of `fd` (level-triggered) until forgotten. On the loop's thread only.
  using WatchId = std::uint64_t;
  using Ready = std::function<void(std::uint32_t events)>;
  WatchId watch(int fd, std::uint32_t events, Ready ready);
  void forget(WatchId id, int fd);  // before the descriptor is closed

  // Destroys what waits without running it.
  void clear();

 private:
  void run_posted();
  void run_due_timers();
  void wait_for_events();
  std::optional<timespec> time_to_next_timer() const;

  Descriptor epoll_;
  Descriptor wakeup_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::thread::id> owner_;

  std::mutex mutex_;
  std::deque<Task> posted_;  // guarded by mutex_
  bool woken_ = false;       // guarded by mutex_: the eventfd is written, or about to be, and not yet read
  bool closed_ = false;      // guarded by mutex_

  std::deque<Task> batch_;  // being run
  std::map<std::pair<Instant, TimerId>, Task> timers_;
  std::unordered_map<TimerId, Instant> due_;
  TimerId next_timer_ = 1;
  std::unordered_map<WatchId, std::shared_ptr<Ready>> watches_;
  WatchId next_watch_ = 1;  // 0 is the eventfd
};

}  // namespace slipway::core
