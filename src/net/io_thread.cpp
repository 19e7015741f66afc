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
  const std::lock_guard lock(mutex_);
  if (context_ != nullptr) asio::post(*context_, std::move(work));
}

void IoPoster::close() {
  const std::lock_guard lock(mutex_);
  context_ = nullptr;
}

IoThread::Impl::Impl() : thread([this] { run(context); }) {}

IoThread::Impl::~Impl() {
  poster->close();
  context.stop();
  thread.join();
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
