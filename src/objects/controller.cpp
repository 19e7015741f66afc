#include "objects/controller.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "core/log.hpp"

namespace slipway::objects {
namespace {

constexpr Duration kFirstRetry = std::chrono::milliseconds(50);
constexpr Duration kLastRetry = std::chrono::seconds(30);
constexpr std::size_t kMostInGroup = 16;  // names that share a transaction
constexpr Duration kLongLook = std::chrono::milliseconds(10);
constexpr int kRest = 4;
constexpr Duration kLongestRest = std::chrono::seconds(5);

// Doubles per failure; between half and the whole of it, so that many names do not retry in step.
Duration back_off(int failures, core::Random& random) {
  auto delay = kFirstRetry;
  for (int i = 1; i < failures && delay < kLastRetry; ++i) delay *= 2;
  delay = std::min(delay, kLastRetry);
  return std::chrono::duration_cast<Duration>(delay * (0.5 + random.uniform() / 2));
}

}  // namespace

struct Controller::State {
  struct Source {
    Kind kind;
    Map map;
    Minded minded;
    std::map<Name, doc::Value> before = {};  // what was minded, as it was told last

    bool is_news(const WatchEvent& event) {
      if (!minded) return true;
      if (event.type == EventType::deleted) return before.erase(event.object.name()), true;
      auto now = minded(event.object);
      const auto [known, is_first] = before.try_emplace(event.object.name());
      if (!is_first && known->second == now) return false;
      known->second = std::move(now);
      return true;
    }
  };
  struct Timer {
    core::TimerId id;
    Instant due;
  };

  State(core::World& world, Store& s, std::string n, Reconciler& r)
      : loop(world.loop), clock(world.clock), random(world.random), store(s), name(std::move(n)), reconciler(r) {}

  ~State() {
    for (const auto& [key, timer] : timers) loop.cancel(timer.id);
  }

  void enqueue(const Name& key) {
    if (const auto rest = rests.find(key); rest != rests.end()) {
      const Duration left = rest->second - clock.monotonic();
      if (left > Duration::zero()) return look_again(key, left);
      rests.erase(rest);
    }
    if (const auto timer = timers.find(key); timer != timers.end()) {
      loop.cancel(timer->second.id);
      timers.erase(timer);
    }
    if (!queued.insert(key).second) return;
    queue.push_back(key);
    pump();
  }

  void pump() {
    if (pumping || queue.empty()) return;
    pumping = true;
    loop.post([this, weak = std::weak_ptr<int>(alive)] {
      if (weak.expired()) return;
      pumping = false;
      if (queue.empty()) return;
      if (groups) {
        run_group();
      } else {
        const auto key = take();
        auto outcome = reconcile(key);
        auto acted = act(outcome);
        finish(key, outcome, acted);
      }
      pump();  // a few names a task: other work of the loop comes in between
    });
  }

  Name take() {
    auto key = std::move(queue.front());
    queue.pop_front();
    queued.erase(key);
    return key;
  }

  Result<Outcome> reconcile(const Name& key) {
    const Instant began = clock.monotonic();
    auto outcome = reconciler.reconcile(key);
    const Instant now = clock.monotonic();
    if (rests_wanted && now - began > kLongLook) {
      rests[key] = now + std::min<Duration>((now - began) * kRest, kLongestRest);
    } else {
      rests.erase(key);
    }
    return outcome;
  }

  void run_group() {
    std::vector<std::pair<Name, Result<Outcome>>> done;
    const auto committed = store.group([&] {
      while (!queue.empty() && done.size() < kMostInGroup) {
        auto key = take();
        auto outcome = reconcile(key);
        done.emplace_back(std::move(key), std::move(outcome));
      }
    });
    if (!committed) {
      for (auto& [key, outcome] : done) finish(key, fail(committed.error()), {});
      return;
    }
    // What was written is durable. What they write as they act shares a transaction, too.
    std::vector<Result<>> acted(done.size());
    Result<> kept;
    if (std::ranges::any_of(done, [](const auto& one) { return one.second && one.second->then; })) {
      kept = store.group([&] {
        for (std::size_t i = 0; i < done.size(); ++i) acted[i] = act(done[i].second);
      });
    }
    for (std::size_t i = 0; i < done.size(); ++i) finish(done[i].first, done[i].second, kept ? acted[i] : kept);
  }

  static Result<> act(Result<Outcome>& outcome) { return outcome && outcome->then ? outcome->then() : Result<>(); }

  void finish(const Name& key, const Result<Outcome>& outcome, const Result<>& acted) {
    if (outcome && acted) {
      failures.erase(key);
      if (outcome->again_after) look_again(key, *outcome->again_after);
      return;
    }
    const auto& error = outcome ? acted.error() : outcome.error();
    const int count = ++failures[key];
    // A conflict only says that somebody was faster.
    const auto level = error.code == Code::conflict ? log::Level::debug : log::Level::warn;
    log::write(level, name, "reconcile failed",
               {{"object", key.text()}, {"failures", count}, {"error", error.one_line()}});
    look_again(key, back_off(count, random));
  }

  void look_again(const Name& key, Duration delay) {
    if (queued.contains(key)) return;  // sooner anyway
    const Instant due = clock.monotonic() + delay;
    if (const auto timer = timers.find(key); timer != timers.end()) {
      if (timer->second.due <= due) return;
      loop.cancel(timer->second.id);
    }
    const auto id = loop.after(delay, [this, weak = std::weak_ptr<int>(alive), key] {
      if (weak.expired()) return;
      timers.erase(key);
      enqueue(key);
    });
    timers[key] = {id, due};
  }

  core::Loop& loop;
  core::Clock& clock;
  core::Random& random;
  Store& store;
  std::string name;
  Reconciler& reconciler;
  std::deque<Source> sources;  // watches point at them
  std::vector<std::unique_ptr<Watch>> open_watches;
  std::deque<Name> queue;
  std::set<Name> queued;
  std::map<Name, int> failures;
  std::map<Name, Timer> timers;
  std::map<Name, Instant> rests;  // until when
  bool pumping = false;
  bool groups = false;
  bool rests_wanted = false;
  std::shared_ptr<int> alive = std::make_shared<int>();
};

Controller::Controller(core::World& world, Store& store, std::string name, Reconciler& reconciler)
    : state_(std::make_unique<State>(world, store, std::move(name), reconciler)) {}

Controller::~Controller() = default;

Controller& Controller::reconciles(const Kind& kind) {
  return watches(kind, [](const Object& object) { return std::vector<Name>{object.name()}; });
}

Controller& Controller::watches(const Kind& kind, Map map, Minded minded) {
  state_->sources.push_back({kind, std::move(map), std::move(minded)});
  return *this;
}

Controller& Controller::owns(const Kind& kind, const Kind& owner, Minded minded) {
  const auto owners = [owner](const Object& object) {
    std::vector<Name> names;
    for (const auto& reference : object.owners()) {
      const bool same_group = group_version_of(reference.api_version).group == owner.group;
      if (reference.controller && reference.kind == owner.kind && same_group) {
        names.push_back({owner.namespaced ? object.name().ns : "", reference.name});
      }
    }
    return names;
  };
  return watches(kind, owners, std::move(minded));
}

Controller& Controller::in_groups() {
  state_->groups = true;
  return *this;
}

Controller& Controller::may_rest() {
  state_->rests_wanted = true;
  return *this;
}

Result<> Controller::start() {
  for (auto& source : state_->sources) {
    // From the beginning: whatever happened while this process was away is looked at again.
    TRY_ASSIGN(auto watch,
               state_->store.watch(source.kind, "", [state = state_.get(), &source](const WatchEvent& event) {
                 if (event.type == EventType::bookmark || !source.is_news(event)) return;
                 for (const auto& name : source.map(event.object)) state->enqueue(name);
               }));
    state_->open_watches.push_back(std::move(watch));
  }
  return {};
}

void Controller::enqueue(const Name& name) { state_->enqueue(name); }

}  // namespace slipway::objects
