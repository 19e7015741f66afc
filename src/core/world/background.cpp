#include "core/world/background.hpp"

#include <condition_variable>
#include <exception>
#include <mutex>

#include "core/log.hpp"

namespace slipway::core {

struct BackgroundTasks::State {
  // False when the owner has gone.
  bool begin() {
    const std::lock_guard lock(mutex);
    if (stop.stop_requested()) return false;
    ++running;
    return true;
  }
  void end() {
    const std::lock_guard lock(mutex);
    --running;
    ended.notify_all();
  }
  void stop_and_wait() {
    std::unique_lock lock(mutex);
    stop.request_stop();
    ended.wait(lock, [this] { return running == 0; });
  }

  std::mutex mutex;
  std::condition_variable ended;
  int running = 0;  // guarded by mutex
  std::stop_source stop;
};

BackgroundTasks::BackgroundTasks(Background& background) : background_(background), state_(std::make_shared<State>()) {}

BackgroundTasks::~BackgroundTasks() { state_->stop_and_wait(); }

void BackgroundTasks::start(std::move_only_function<void(std::stop_token)> work, Task done) {
  auto guarded = [state = state_, work = std::move(work)]() mutable {
    if (!state->begin()) return;
    try {
      work(state->stop.get_token());
    } catch (const std::exception& e) {
      log::error("background", "work threw an exception", {{"what", e.what()}});
    }
    work = nullptr;  // what it holds goes before the owner may
    state->end();
  };
  auto unless_ended = [state = state_, done = std::move(done)]() mutable {
    if (!state->stop.stop_requested()) done();
  };
  background_.run(std::move(guarded), std::move(unless_ended));
}

}  // namespace slipway::core
