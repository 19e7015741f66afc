#include "objects/sqlite/watch_hub.hpp"

#include <algorithm>

namespace slipway::objects::sqlite {

struct WatchHub::Watcher {
  Kind kind;
  Callback on_event;
  std::deque<std::shared_ptr<const WatchEvent>> queue;
  bool scheduled = false;
  bool closed = false;
};

struct WatchHub::Shared {
  explicit Shared(core::Loop& l) : loop(l) {}
  core::Loop& loop;
  std::vector<std::shared_ptr<Watcher>> watchers;
};

class WatchHub::Handle final : public Watch {
 public:
  Handle(std::weak_ptr<Shared> shared, std::shared_ptr<Watcher> watcher)
      : shared_(std::move(shared)), watcher_(std::move(watcher)) {}
  ~Handle() override {
    watcher_->closed = true;
    watcher_->queue.clear();
    if (const auto shared = shared_.lock()) std::erase(shared->watchers, watcher_);
  }

 private:
  std::weak_ptr<Shared> shared_;
  std::shared_ptr<Watcher> watcher_;
};

WatchHub::WatchHub(core::Loop& loop) : shared_(std::make_shared<Shared>(loop)) {}

WatchHub::~WatchHub() {
  for (const auto& watcher : shared_->watchers) watcher->closed = true;
}

std::unique_ptr<Watch> WatchHub::open(const Kind& kind, std::vector<WatchEvent> backlog, Callback on_event) {
  auto watcher = std::make_shared<Watcher>(Watcher{kind, std::move(on_event), {}, false, false});
  for (auto& event : backlog) watcher->queue.push_back(std::make_shared<const WatchEvent>(std::move(event)));
  shared_->watchers.push_back(watcher);
  schedule(shared_, watcher);
  return std::make_unique<Handle>(shared_, watcher);
}

void WatchHub::publish(std::vector<Change> changes) {
  for (auto& change : changes) {
    std::shared_ptr<const WatchEvent> event;  // one copy for all
    for (const auto& watcher : shared_->watchers) {
      if (!(watcher->kind == change.kind)) continue;
      if (event == nullptr) event = std::make_shared<const WatchEvent>(std::move(change.event));
      watcher->queue.push_back(event);
      schedule(shared_, watcher);
    }
  }
}

void WatchHub::schedule(const std::shared_ptr<Shared>& shared, const std::shared_ptr<Watcher>& watcher) {
  if (watcher->scheduled || watcher->queue.empty()) return;
  watcher->scheduled = true;
  shared->loop.post([weak = std::weak_ptr<Shared>(shared), watcher] {
    watcher->scheduled = false;
    // Only what waits now: a callback that writes must not keep the loop from everything else.
    for (auto left = watcher->queue.size(); left > 0 && !watcher->closed && !watcher->queue.empty(); --left) {
      const auto event = std::move(watcher->queue.front());
      watcher->queue.pop_front();
      watcher->on_event(*event);
    }
    if (const auto alive = weak.lock(); alive && !watcher->closed) schedule(alive, watcher);
  });
}

}  // namespace slipway::objects::sqlite
