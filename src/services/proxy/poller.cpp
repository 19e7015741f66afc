#include "services/proxy/poller.hpp"

#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

#include "core/world/real.hpp"

namespace slipway::services::proxy {
namespace {

constexpr int events_a_round = 256;

}  // namespace

Poller::Poller() = default;

Result<> Poller::open() {
  epoll_ = core::Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  wake_ = core::Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event{};
  event.events = EPOLLIN;
  if (!epoll_ || !wake_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0)
    return fail(Code::resource_exhausted, std::string("cannot make an event loop: ") + std::strerror(errno));
  return {};
}

Instant Poller::now() const { return core::real_clock().monotonic(); }

void Poller::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
  }
  ::eventfd_write(wake_.get(), 1);
}

void Poller::stop() {
  post([this] { stopped_ = true; });
}

Result<> Poller::add(int fd, std::uint32_t events, Handler& handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &handler;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return {};
  return fail(Code::resource_exhausted, std::string("cannot watch a socket: ") + std::strerror(errno));
}

void Poller::remove(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void Poller::again(Handler& handler) {
  if (!std::exchange(handler.comes_again_, true)) again_.push_back(&handler);
}

void Poller::after(Duration delay, std::function<void()> task) { timers_.emplace(now() + delay, std::move(task)); }

int Poller::wait_milliseconds() const {
  if (!again_.empty() || !buried_.empty()) return 0;
  if (timers_.empty()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

void Poller::run_posted() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (const auto& task : tasks) task();
}

void Poller::run_timers() {
  const Instant until = now();
  while (!timers_.empty() && timers_.begin()->first <= until) {
    const auto due = timers_.extract(timers_.begin());
    due.mapped()();
  }
}

void Poller::run_again() {
  for (Handler* handler : std::exchange(again_, {})) {
    handler->comes_again_ = false;
    if (!handler->is_forgotten_) handler->on_ready(0);
  }
}

void Poller::end_round() {
  if (buried_.empty()) return;
  std::erase_if(again_, [](const Handler* handler) { return handler->is_forgotten_; });
  buried_.clear();
}

void Poller::run() {
  std::array<epoll_event, events_a_round> events{};
  while (!stopped_) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), events_a_round, wait_milliseconds());
    for (int i = 0; i < count; ++i) {
      auto* handler = static_cast<Handler*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (handler == nullptr) {
        eventfd_t ignored = 0;
        ::eventfd_read(wake_.get(), &ignored);
        run_posted();
      } else if (!handler->is_forgotten_) {
        handler->on_ready(events[static_cast<std::size_t>(i)].events);
      }
    }
    run_timers();
    run_again();
    end_round();
  }
}

}  // namespace slipway::services::proxy
