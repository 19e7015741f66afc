#pragma once
// Poller: epoll, timers and a mailbox for one thread: the proxy's event loop. What is ready is told to a Handler. Not
// for the control loop (core/world).

#include <sys/epoll.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "core/world/descriptor.hpp"

namespace slipway::services::proxy {

class Handler {
 public:
  virtual ~Handler() = default;
  virtual void on_ready(std::uint32_t events) = 0;

 private:
  friend class Poller;
  bool is_forgotten_ = false;
  bool comes_again_ = false;
};

class Poller {
 public:
  Poller();
  Result<> open();                        // before anything else; resource_exhausted
  void run();                             // until stop()
  void stop();                            // thread-safe
  void post(std::function<void()> task);  // thread-safe

  // On the poller's thread, as all that follows.
  Result<> add(int fd, std::uint32_t events, Handler& handler);
  void remove(int fd);
  // Tells it once more, with no events, when all others had their turn.
  void again(Handler& handler);
  // It is told nothing any more. The events of this round may still point to it: what holds it is given to bury(), and
  // lives until the round is over.
  static void forget(Handler& handler) { handler.is_forgotten_ = true; }
  void bury(std::shared_ptr<void> holder) { buried_.push_back(std::move(holder)); }

  void after(Duration delay, std::function<void()> task);
  Instant now() const;

 private:
  int wait_milliseconds() const;
  void run_posted();
  void run_timers();
  void run_again();
  void end_round();

  core::Descriptor epoll_, wake_;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // under mutex_
  bool stopped_ = false;
  std::multimap<Instant, std::function<void()>> timers_;
  std::vector<Handler*> again_;
  std::vector<std::shared_ptr<void>> buried_;
};

}  // namespace slipway::services::proxy
