#pragma once
// Work that takes long and needs nothing of the loop (hashing, copying) runs beside it; its answer comes back to it.
// Not for what waits (that is Loop::after) and not for anything that reads or writes state of the loop's thread.

#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "core/result.hpp"
#include "core/world/world.hpp"

namespace slipway::core {

// Part of the World. Real: a few threads, started when first needed. Simulated: the test's own thread, in virtual time.
class Background {
 public:
  virtual ~Background() = default;
  // Runs `work` beside the loop and then `done` on it. Work begins in the order of the calls, several at once. When the
  // world ends first, what has not begun is dropped and no `done` is called. Use it through BackgroundTasks, which
  // also ends the work with its owner. Thread-safe.
  virtual void run(Task work, Task done) = 0;
};

// The background work of one owner, whose end it does not outlive. On the loop's thread only.
class BackgroundTasks {
 public:
  explicit BackgroundTasks(Background& background);
  // Asks what runs to stop and waits for it; what has not begun never does, and no `done` is called any more. What
  // the work refers to must live until here.
  ~BackgroundTasks();
  BackgroundTasks(const BackgroundTasks&) = delete;
  BackgroundTasks& operator=(const BackgroundTasks&) = delete;

  // `work(std::stop_token)` gives a Result<T>, on another thread; `done(Result<T>)` takes it, on the loop. An exception
  // of `work` arrives as Code::internal. Work that takes more than moments looks at its token.
  template <class Work, class Done>
  void run(Work work, Done done) {
    using Answer = std::invoke_result_t<Work, std::stop_token>;
    auto answer = std::make_shared<Answer>(fail(Code::internal, "work in the background broke off; see the log"));
    start([answer, work = std::move(work)](std::stop_token stop) mutable { *answer = work(std::move(stop)); },
          [answer, done = std::move(done)]() mutable { done(std::move(*answer)); });
  }

 private:
  struct State;
  void start(std::move_only_function<void(std::stop_token)> work, Task done);

  Background& background_;
  std::shared_ptr<State> state_;  // shared with the work, which may be dropped after its owner
};

}  // namespace slipway::core
