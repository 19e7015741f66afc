#pragma once
// The inside of IoThread, for the few sources that speak Asio.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "net/http.hpp"

namespace slipway::net {

namespace asio = boost::asio;

// Hands work to a network thread that may be gone already; then the work is dropped. What was accepted is run. What is
// handed over before the thread gets to it wakes it once. Thread-safe.
class IoPoster : public std::enable_shared_from_this<IoPoster> {
 public:
  explicit IoPoster(asio::io_context& context) : context_(&context) {}
  void post(std::move_only_function<void()> work);
  void close();        // no work is accepted after it
  void run_waiting();  // on the network thread, or, when that is gone, on the one that ended it

 private:
  std::mutex gate_;                                       // held while the thread is woken, which takes a system call
  asio::io_context* context_;                             // guarded by gate_; null when closed
  std::mutex mutex_;                                      // alone or within gate_; all that the network thread asks for
  std::vector<std::move_only_function<void()>> waiting_;  // guarded by mutex_; in order
};

struct IoThread::Impl {
  Impl();
  ~Impl();
  // Runs `work` on the network thread and waits for its end. Not from that thread itself.
  void run_and_wait(std::move_only_function<void()> work);

  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
  std::shared_ptr<IoPoster> poster = std::make_shared<IoPoster>(context);
  std::thread thread;
};

}  // namespace slipway::net
