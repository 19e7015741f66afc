#include "core/world/real_background.hpp"

#include <sys/resource.h>
#include <unistd.h>

namespace slipway::core {
namespace {

// One large file must not keep all others waiting; more threads would only share one disk.
constexpr std::size_t most_workers = 2;
constexpr int niceness = 10;

}  // namespace

RealBackground::~RealBackground() {
  std::deque<Job> dropped;  // destroyed without the lock
  std::vector<std::jthread> workers;
  {
    const std::lock_guard lock(mutex_);
    dropped.swap(jobs_);
    workers.swap(workers_);
  }
  workers.clear();
}

void RealBackground::run(Task work, Task done) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back({std::move(work), std::move(done)});
  if (idle_ < jobs_.size() && workers_.size() < most_workers)
    workers_.emplace_back([this](const std::stop_token& stop) { serve(stop); });
  changed_.notify_one();
}

void RealBackground::serve(const std::stop_token& stop) {
  (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    const bool has_job = changed_.wait(lock, stop, [this] { return !jobs_.empty(); });
    --idle_;
    if (!has_job || stop.stop_requested()) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job.work();
    job.work = nullptr;
    loop_.post(std::move(job.done));
    lock.lock();
  }
}

}  // namespace slipway::core
