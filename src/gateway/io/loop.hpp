#pragma once
// The data path's event loop: coroutines on one thread. Loop, tasks and small waits; sockets are in stream.hpp.
// Asio's heavy headers stay in the .cpp files. Not for the control loop (core/world).

#include <functional>
#include <memory>

#include "core/time.hpp"
#include "gateway/io/co_impl.hpp"

namespace slipway::gateway::io {

class Loop {
 public:
  Loop();
  ~Loop();                                // nothing may run any more
  void run();                             // until stop(), on the calling thread
  void stop();                            // thread-safe
  void post(std::function<void()> task);  // thread-safe
  // Starts a coroutine; `finished` runs on the loop after it has ended. An exception out of it is logged, and ends it
  // alone.
  void spawn(Co<> task, std::function<void()> finished = {});
  core::Instant now() const;  // the monotonic clock

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// A flag that one coroutine at a time waits for. Loop thread only; outlives its waiter.
class Event {
 public:
  explicit Event(Loop& loop);
  ~Event();
  void set();  // stays set
  bool is_set() const;
  Co<> wait();
  // Whether it was set before the time was up.
  Co<bool> wait_for(core::Duration duration);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::gateway::io
