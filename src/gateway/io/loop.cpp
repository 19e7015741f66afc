#include "gateway/io/loop.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/log.hpp"
#include "core/world/real.hpp"
#include "gateway/io/impl.hpp"

namespace slipway::gateway::io {
namespace asio = boost::asio;

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;
void Loop::run() { impl_->context.run(); }
void Loop::stop() { impl_->context.stop(); }
void Loop::post(std::function<void()> task) { asio::post(impl_->context, std::move(task)); }
core::Instant Loop::now() const { return core::real_clock().monotonic(); }

void Loop::spawn(Co<> task, std::function<void()> finished) {
  asio::co_spawn(impl_->context, std::move(task), [finished = std::move(finished)](std::exception_ptr thrown) {
    if (thrown) {
      try {
        std::rethrow_exception(thrown);
      } catch (const std::exception& e) {
        log::error("gateway", "a task ended with an exception", {{"what", e.what()}});
      }
    }
    if (finished) finished();
  });
}

struct Event::State {
  asio::steady_timer timer;
  bool set = false;
  explicit State(Loop& loop) : timer(loop.impl().context, asio::steady_timer::time_point::max()) {}
};

Event::Event(Loop& loop) : state_(std::make_unique<State>(loop)) {}
Event::~Event() = default;
bool Event::is_set() const { return state_->set; }
void Event::set() {
  state_->set = true;
  state_->timer.cancel();
}

Co<> Event::wait() {
  while (!state_->set) {
    boost::system::error_code ignored;
    state_->timer.expires_at(asio::steady_timer::time_point::max());
    auto token = asio::redirect_error(asio::use_awaitable, ignored);
    co_await state_->timer.async_wait(token);
  }
}

Co<bool> Event::wait_for(core::Duration duration) {
  if (!state_->set) {
    boost::system::error_code ignored;
    state_->timer.expires_after(duration);
    auto token = asio::redirect_error(asio::use_awaitable, ignored);
    co_await state_->timer.async_wait(token);
  }
  co_return state_->set;
}

}  // namespace slipway::gateway::io
