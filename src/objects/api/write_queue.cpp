#include "objects/api/write_queue.hpp"

#include "core/log.hpp"
#include "storage/database.hpp"

namespace slipway::objects::api {
namespace {
// One request's patience is bounded by what stands before it in a group.
constexpr std::size_t most_in_a_group = 128;
constexpr core::Duration longest_patience = std::chrono::milliseconds(1);  // however slow the disk was just now
}  // namespace

WriteQueue::~WriteQueue() { loop_.cancel(patience_); }

void WriteQueue::push(core::Task work) {
  waiting_.push_back(std::move(work));
  if (patience_ == 0) return schedule();
  if (waiting_.size() < last_members_) return;
  loop_.cancel(std::exchange(patience_, 0));
  schedule();
}

void WriteQueue::schedule() {
  if (is_scheduled_) return;
  is_scheduled_ = true;
  loop_.post([weak = std::weak_ptr<WriteQueue*>(self_)] {
    if (const auto self = weak.lock()) (*self)->drain();
  });
}

void WriteQueue::drain() {
  is_scheduled_ = false;
  const auto moment = std::min(last_commit_ / 2, longest_patience);
  if (waiting_.size() >= last_members_ || moment <= core::Duration::zero()) return run_group();
  patience_ = loop_.after(moment, [this] {
    patience_ = 0;
    run_group();
  });
}

void WriteQueue::run_group() {
  last_members_ = std::min(waiting_.size(), most_in_a_group);
  auto worked_until = clock_.monotonic();
  // Answers are sent by after_group(), so the outcome is known to every member already.
  auto done = database_.group([&] {
    for (auto left = last_members_; left > 0; --left) {
      auto work = std::move(waiting_.front());
      waiting_.pop_front();
      work();
    }
    worked_until = clock_.monotonic();
  });
  last_commit_ = clock_.monotonic() - worked_until;
  if (!done) log::warn("objects", "a group of writes was not kept", {{"error", done.error().one_line()}});
  if (!waiting_.empty()) schedule();
}

}  // namespace slipway::objects::api
