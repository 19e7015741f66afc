#pragma once
// WatchHub: hands changes that are already durable to whoever watches, in order, on the loop, never inside the call
// that made the change. Knows nothing of tables.

#include <deque>
#include <memory>
#include <vector>

#include "objects/store.hpp"

namespace slipway::objects::sqlite {

struct Change {
  Kind kind;
  WatchEvent event;
};

// Control loop only.
class WatchHub {
 public:
  using Callback = std::function<void(const WatchEvent&)>;

  explicit WatchHub(core::Loop& loop);
  ~WatchHub();  // open watches stay valid and silent

  // `backlog` is delivered first.
  std::unique_ptr<Watch> open(const Kind& kind, std::vector<WatchEvent> backlog, Callback on_event);
  void publish(std::vector<Change> changes);

 private:
  struct Watcher;
  struct Shared;
  class Handle;
  static void schedule(const std::shared_ptr<Shared>& shared, const std::shared_ptr<Watcher>& watcher);
  std::shared_ptr<Shared> shared_;
};

}  // namespace slipway::objects::sqlite
