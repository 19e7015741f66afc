#include "net/impl/io_thread.hpp"

#include <boost/asio/post.hpp>
#include <exception>
#include <future>

#include "core/log.hpp"

namespace slipway::net {
namespace {

void run(asio::io_context& context) {
  for (;;) {
    try {
      context.run();
      return;
    } catch (const std::exception& error) {
      // One connection's work ended; the others go on.
      log::error("net", "a task of the network thread failed", {{"what", error.what()}});
    }
  }
}

}  // namespace

void IoPoster::post(std::move_only_function<void()> work) {
  const std::lock_guard gate(gate_);
  if (context_ == nullptr) return;
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(work));
    if (waiting_.size() > 1) return;  // it was woken for the first
  }
  asio::post(*context_, [self = shared_from_this()] { self->run_waiting(); });
}

void IoPoster::run_waiting() {
  std::vector<std::move_only_function<void()>> works;
  {
    const std::lock_guard lock(mutex_);
    works.swap(waiting_);
  }
  for (auto& work : works) {
    try {
      work();
    } catch (const std::exception& error) {
      log::error("net", "a task of the network thread failed", {{"what", error.what()}});
    }
    work = nullptr;  // what it holds goes before the next one runs
  }
}

void IoPoster::close() {
  const std::lock_guard gate(gate_);
  const std::lock_guard lock(mutex_);
  context_ = nullptr;
}

IoThread::Impl::Impl() : thread([this] { run(context); }) {}

IoThread::Impl::~Impl() {
  poster->close();
  context.stop();
  thread.join();
  poster->run_waiting();  // a client that ended lets go of its calls
}

void IoThread::Impl::run_and_wait(std::move_only_function<void()> work) {
  std::promise<void> done;
  asio::post(context, [&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

IoThread::IoThread() : impl_(std::make_unique<Impl>()) {}
IoThread::~IoThread() = default;

}  // namespace slipway::net
