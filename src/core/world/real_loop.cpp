#include "core/world/real_loop.hpp"

#include <sys/eventfd.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <span>
#include <stdexcept>

#include "core/world/real.hpp"

namespace slipway::core {

namespace {

int wait_until(int epoll, std::span<epoll_event> events, const std::optional<timespec>& patience) {
  const int most = static_cast<int>(events.size());
  const int count = ::epoll_pwait2(epoll, events.data(), most, patience ? &*patience : nullptr, nullptr);
  if (count >= 0 || errno != ENOSYS) return count;
  // Before Linux 5.11, and in some sandboxes.
  const int milliseconds = patience ? static_cast<int>(std::min<std::int64_t>(patience->tv_sec, 60) * 1000 +
                                                       (patience->tv_nsec + 999'999) / 1'000'000)
                                    : -1;
  return ::epoll_wait(epoll, events.data(), most, milliseconds);
}

}  // namespace

RealLoop::RealLoop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      owner_(std::this_thread::get_id()) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = 0;
  if (!epoll_ || !wakeup_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event) != 0) {
    throw std::runtime_error("cannot make an event loop: the process is out of file descriptors or memory");
  }
}

RealLoop::~RealLoop() { clear(); }

void RealLoop::clear() {
  // What waits may own objects whose destructors post or cancel: those are ignored, and nothing is destroyed under the
  // lock.
  std::deque<Task> posted;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    posted.swap(posted_);
  }
  posted.clear();
  batch_.clear();
  due_.clear();
  auto timers = std::move(timers_);
  timers_.clear();
  timers.clear();
  auto watches = std::move(watches_);
  watches_.clear();
}

void RealLoop::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    posted_.push_back(std::move(task));
    if (woken_) return;
    woken_ = true;
  }
  // Without the lock, which the loop asks for as soon as it wakes. A wake too many does no harm.
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wakeup_.get(), &one, sizeof one);
}

TimerId RealLoop::after(Duration delay, Task task) {
  assert(on_this_thread());
  const Instant due = real_clock().monotonic() + std::max(delay, Duration::zero());
  const TimerId id = next_timer_++;
  due_.emplace(id, due);
  timers_.emplace(std::pair(due, id), std::move(task));
  return id;
}

void RealLoop::cancel(TimerId id) {
  assert(on_this_thread());
  const auto found = due_.find(id);
  if (found == due_.end()) return;
  const auto timer = timers_.extract(std::pair(found->second, id));  // destroyed last: its captures may cancel others
  due_.erase(found);
}

bool RealLoop::on_this_thread() const {
  const std::thread::id owner = owner_;
  return owner == std::thread::id() || owner == std::this_thread::get_id();
}

void RealLoop::stop() {
  stopping_ = true;
  post([] {});
}

void RealLoop::run() {
  owner_ = std::this_thread::get_id();
  while (!stopping_) {
    run_posted();
    if (!stopping_) run_due_timers();
    if (!stopping_) wait_for_events();
  }
  stopping_ = false;
  owner_ = std::thread::id();
}

void RealLoop::run_posted() {
  if (batch_.empty()) {
    const std::lock_guard lock(mutex_);
    batch_.swap(posted_);
  }
  while (!batch_.empty() && !stopping_) {
    Task task = std::move(batch_.front());
    batch_.pop_front();
    task();
  }
}

void RealLoop::run_due_timers() {
  const Instant now = real_clock().monotonic();  // a timer that a timer sets waits for the next round
  while (!timers_.empty() && timers_.begin()->first.first <= now && !stopping_) {
    auto timer = timers_.extract(timers_.begin());
    due_.erase(timer.key().second);
    timer.mapped()();
  }
}

// Nothing: however long it takes.
std::optional<timespec> RealLoop::time_to_next_timer() const {
  if (!batch_.empty()) return timespec{};
  if (timers_.empty()) return std::nullopt;
  const Duration left = timers_.begin()->first.first - real_clock().monotonic();
  if (left <= Duration::zero()) return timespec{};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  return timespec{.tv_sec = seconds.count(), .tv_nsec = std::chrono::nanoseconds(left - seconds).count()};
}

void RealLoop::wait_for_events() {
  std::array<epoll_event, 64> events{};
  const int count = wait_until(epoll_.get(), events, time_to_next_timer());
  for (int i = 0; i < count; ++i) {
    const epoll_event event = events[static_cast<std::size_t>(i)];
    const WatchId id = event.data.u64;  // the kernel's struct is packed: no reference to it
    if (id == 0) {
      const std::lock_guard lock(mutex_);
      std::uint64_t ignored = 0;
      [[maybe_unused]] const ssize_t got = ::read(wakeup_.get(), &ignored, sizeof ignored);
      woken_ = false;
      continue;
    }
    const auto found = watches_.find(id);
    if (found == watches_.end()) continue;  // forgotten by an earlier event of this round
    const std::shared_ptr<Ready> ready = found->second;
    (*ready)(event.events);
  }
}

RealLoop::WatchId RealLoop::watch(int fd, std::uint32_t events, Ready ready) {
  assert(on_this_thread());
  const WatchId id = next_watch_++;
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    throw std::runtime_error("cannot watch a file descriptor: the process is out of memory or of epoll watches");
  }
  watches_.emplace(id, std::make_shared<Ready>(std::move(ready)));
  return id;
}

void RealLoop::forget(WatchId id, int fd) {
  if (watches_.erase(id) > 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

}  // namespace slipway::core
