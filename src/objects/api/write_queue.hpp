#pragma once
// WriteQueue: writes of requests that arrive together become durable together, with one fsync; each has its answer when
// its bytes are safe, and none before. Who is answered together asks again at nearly the same time: a group waits a
// moment for as many as the last one had, no longer than half of what a commit took then.
//
// Thread: the control loop only.

#include <deque>
#include <memory>

#include "core/world/world.hpp"

namespace slipway::storage {
class Database;
}

namespace slipway::objects::api {

class WriteQueue {
 public:
  WriteQueue(core::World& world, storage::Database& database)
      : clock_(world.clock), loop_(world.loop), database_(database) {}
  ~WriteQueue();
  // `work` runs on the loop, soon, inside a group of the database.
  void push(core::Task work);

 private:
  void schedule();
  void drain();
  void run_group();

  core::Clock& clock_;
  core::Loop& loop_;
  storage::Database& database_;
  std::deque<core::Task> waiting_;
  bool is_scheduled_ = false;
  core::TimerId patience_ = 0;    // while it waits for more
  std::size_t last_members_ = 0;  // of the last group
  core::Duration last_commit_{};
  std::shared_ptr<WriteQueue*> self_ = std::make_shared<WriteQueue*>(this);
};

}  // namespace slipway::objects::api
