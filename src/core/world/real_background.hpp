#pragma once
// RealBackground: a few threads that take work in turn. They give way to everything else that wants the processor.
// Inside the real world only.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "core/world/background.hpp"

namespace slipway::core {

class RealBackground final : public Background {
 public:
  explicit RealBackground(Loop& loop) : loop_(loop) {}
  ~RealBackground() override;  // drops what has not begun, waits for what has
  void run(Task work, Task done) override;

 private:
  struct Job {
    Task work;
    Task done;
  };
  void serve(const std::stop_token& stop);

  Loop& loop_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Job> jobs_;               // guarded by mutex_
  std::size_t idle_ = 0;               // guarded by mutex_: workers that wait for a job
  std::vector<std::jthread> workers_;  // guarded by mutex_; the last member: joined before the others go
};

}  // namespace slipway::core
