#include "objects/sqlite/watch_hub.hpp"

#include <algorithm>

namespace slipway::objects::sqlite {
namespace {

constexpr std::size_t kPage = 256;  // changes read from the ring at a time

std::string key_of(const Kind& kind) { return std::string(kind.group) + "/" + std::string(kind.kind); }

}  // namespace

struct WatchHub::Watcher {
  std::string key;  // "" watches all kinds
  Kind kind;
  Backend::OnChange on_change;
  std::deque<std::shared_ptr<const Change>> queue = {};
  std::int64_t told = 0;   // everything up to here, while something waits or is read from the ring
  bool is_behind = false;  // reads the ring: new changes are not queued
  bool is_cut = false;
  bool is_scheduled = false;
  bool is_closed = false;
};

struct WatchHub::Shared : std::enable_shared_from_this<Shared> {
  Shared(core::Loop& l, std::int64_t v, ReadRing r, std::size_t longest)
      : loop(l), version(v), read_ring(std::move(r)), longest_queue(longest) {}

  void schedule(const std::shared_ptr<Watcher>& watcher) {
    if (watcher->is_scheduled) return;
    watcher->is_scheduled = true;
    loop.post([weak = weak_from_this(), watcher] {
      watcher->is_scheduled = false;
      const auto shared = weak.lock();
      if (!shared || watcher->is_closed) return;
      shared->run(*watcher);
      if (watcher->is_closed) return;
      if (watcher->is_behind || watcher->is_cut || !watcher->queue.empty()) shared->schedule(watcher);
    });
  }

  void run(Watcher& watcher) {
    if (watcher.is_cut) return cut_off(watcher);
    if (watcher.is_behind && watcher.queue.empty()) {
      auto page = read_ring(watcher.kind, watcher.told, kPage);
      if (!page) return cut_off(watcher);
      watcher.is_behind = page->size() == kPage;  // what is written from here on is queued behind the last page
      watcher.queue.assign(page->begin(), page->end());
    }
    // Only what waits now: a callback that writes must not keep the loop from everything else.
    for (auto left = watcher.queue.size(); left > 0 && !watcher.queue.empty(); --left) {
      const auto change = std::move(watcher.queue.front());
      watcher.queue.pop_front();
      watcher.told = change->version;
      watcher.on_change(change);
      if (watcher.is_closed) return;
    }
  }

  void cut_off(Watcher& watcher) {
    watcher.is_closed = true;
    watcher.queue.clear();
    watcher.on_change(nullptr);
  }

  void enqueue(const std::shared_ptr<Watcher>& watcher, const std::shared_ptr<const Change>& change) {
    if (watcher->is_closed || watcher->is_behind || watcher->is_cut) return;
    if (watcher->queue.empty()) watcher->told = version;
    if (watcher->queue.size() >= longest_queue) {
      watcher->queue.clear();
      (watcher->key.empty() ? watcher->is_cut : watcher->is_behind) = true;
    } else {
      watcher->queue.push_back(change);
    }
    schedule(watcher);
  }

  core::Loop& loop;
  std::int64_t version;
  ReadRing read_ring;
  std::size_t longest_queue;
  std::map<std::string, std::vector<std::shared_ptr<Watcher>>, std::less<>> watchers;
};

class WatchHub::Handle final : public ChangeWatch {
 public:
  Handle(std::weak_ptr<Shared> shared, std::shared_ptr<Watcher> watcher)
      : shared_(std::move(shared)), watcher_(std::move(watcher)) {}
  ~Handle() override {
    watcher_->is_closed = true;
    watcher_->queue.clear();
    const auto shared = shared_.lock();
    if (!shared) return;
    const auto found = shared->watchers.find(watcher_->key);
    if (found == shared->watchers.end()) return;
    std::erase(found->second, watcher_);
    if (found->second.empty()) shared->watchers.erase(found);
  }
  std::int64_t version() const override {
    const auto shared = shared_.lock();
    const bool is_at_present = shared && watcher_->queue.empty() && !watcher_->is_behind && !watcher_->is_closed;
    return is_at_present && !watcher_->is_cut ? shared->version : watcher_->told;
  }

 private:
  std::weak_ptr<Shared> shared_;
  std::shared_ptr<Watcher> watcher_;
};

WatchHub::WatchHub(core::Loop& loop, std::int64_t version, ReadRing read_ring, std::size_t longest_queue)
    : shared_(std::make_shared<Shared>(loop, version, std::move(read_ring), longest_queue)) {}

WatchHub::~WatchHub() {
  for (const auto& [key, watchers] : shared_->watchers) {
    for (const auto& watcher : watchers) watcher->is_closed = true;
  }
}

std::unique_ptr<ChangeWatch> WatchHub::open(const Kind* kind, std::int64_t after, Backend::OnChange on_change) {
  auto watcher = std::make_shared<Watcher>(Watcher{.key = kind == nullptr ? "" : key_of(*kind),
                                                   .kind = kind == nullptr ? Kind{} : *kind,
                                                   .on_change = std::move(on_change),
                                                   .told = after,
                                                   .is_behind = kind != nullptr && after < shared_->version});
  shared_->watchers[watcher->key].push_back(watcher);
  if (watcher->is_behind) shared_->schedule(watcher);
  return std::make_unique<Handle>(shared_, watcher);
}

void WatchHub::publish(const std::shared_ptr<const Change>& change) {
  for (const auto& key : {key_of(change->kind), std::string()}) {
    const auto found = shared_->watchers.find(key);
    if (found == shared_->watchers.end()) continue;
    for (const auto& watcher : found->second) shared_->enqueue(watcher, change);
  }
  shared_->version = change->version;
}

std::int64_t WatchHub::version() const { return shared_->version; }

}  // namespace slipway::objects::sqlite
