#pragma once
// WriteQueue: writes of requests that arrive together become durable together, with one fsync; each has its answer when
// its bytes are safe, and none before.
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
  WriteQueue(core::Loop& loop, storage::Database& database) : loop_(loop), database_(database) {}
  // `work` runs on the loop, soon, inside a group of the database.
  void push(core::Task work);

 private:
  void drain();
  core::Loop& loop_;
  storage::Database& database_;
  std::deque<core::Task> waiting_;
  bool scheduled_ = false;
  std::shared_ptr<WriteQueue*> self_ = std::make_shared<WriteQueue*>(this);
};

}  // namespace slipway::objects::api
