#include "objects/api/write_queue.hpp"

#include "core/log.hpp"
#include "storage/database.hpp"

namespace slipway::objects::api {
namespace {
// One request's patience is bounded by what stands before it in a group.
constexpr std::size_t most_in_a_group = 128;
}  // namespace

void WriteQueue::push(core::Task work) {
  waiting_.push_back(std::move(work));
  if (scheduled_) return;
  scheduled_ = true;
  loop_.post([weak = std::weak_ptr<WriteQueue*>(self_)] {
    if (const auto self = weak.lock()) (*self)->drain();
  });
}

void WriteQueue::drain() {
  scheduled_ = false;
  // Answers are sent by after_group(), so the outcome is known to every member already.
  auto done = database_.group([&] {
    for (auto left = std::min(waiting_.size(), most_in_a_group); left > 0; --left) {
      auto work = std::move(waiting_.front());
      waiting_.pop_front();
      work();
    }
  });
  if (!done) log::warn("objects", "a group of writes was not kept", {{"error", done.error().one_line()}});
  if (waiting_.empty() || scheduled_) return;
  scheduled_ = true;
  loop_.post([weak = std::weak_ptr<WriteQueue*>(self_)] {
    if (const auto self = weak.lock()) (*self)->drain();
  });
}

}  // namespace slipway::objects::api
