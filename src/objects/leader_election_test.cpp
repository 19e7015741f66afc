// Leaders in the simulated world: crashes, pauses, a store that loses answers, clocks that jump. Never two.

#include "objects/leader_election.hpp"

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "objects/kinds.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

using std::chrono::seconds;

// A store that sometimes fails, before or after the write was done.
class Unreliable final : public Store {
 public:
  Unreliable(Store& store, core::Random& random) : store_(store), random_(random) {}
  double fails = 0;

  Result<Object> get(const Kind& kind, const Name& name) override {
    return perhaps([&] { return store_.get(kind, name); });
  }
  Result<std::optional<Object>> find(const Kind& kind, const Name& name) override {
    return perhaps([&] { return store_.find(kind, name); });
  }
  Result<List> list(const Kind& kind, const ListOptions& options) override { return store_.list(kind, options); }
  Result<Object> create(Object object) override {
    return perhaps([&] { return store_.create(std::move(object)); });
  }
  Result<Object> update(Object object) override {
    return perhaps([&] { return store_.update(std::move(object)); });
  }
  Result<Object> update_status(Object object) override { return store_.update_status(std::move(object)); }
  Result<Object> apply(Object object) override { return store_.apply(std::move(object)); }
  Result<Object> bind(const Object& pod, const std::string& node, const std::string& finalizer) override {
    return store_.bind(pod, node, finalizer);
  }
  Result<> remove(const Kind& kind, const Name& name, const DeleteOptions& options) override {
    return store_.remove(kind, name, options);
  }
  Result<std::unique_ptr<Watch>> watch(const Kind& kind, const std::string& version,
                                       std::function<void(const WatchEvent&)> on_event) override {
    return store_.watch(kind, version, std::move(on_event));
  }

 private:
  template <class Work>
  auto perhaps(Work work) -> decltype(work()) {
    if (random_.uniform() < fails) return fail(Code::unavailable, "not reached");
    auto result = work();
    if (random_.uniform() < fails) return fail(Code::unavailable, "the answer was lost");
    return result;
  }
  Store& store_;
  core::Random& random_;
};

// The loop of a process that can be stopped (SIGSTOP, a long task): what is due waits until it goes on.
class PausableLoop final : public core::Loop {
 public:
  explicit PausableLoop(core::Loop& loop) : loop_(loop) {}
  void post(core::Task task) override {
    loop_.post([this, alive = std::weak_ptr(alive_), what = std::move(task)]() mutable {
      if (!alive.expired()) run(std::move(what));
    });
  }
  core::TimerId after(Duration delay, core::Task task) override {
    const auto id = next_++;
    ids_[id] = loop_.after(delay, [this, id, what = std::move(task)]() mutable {
      if (is_paused) {
        waiting_.emplace_back(id, std::move(what));
      } else {
        ids_.erase(id);
        what();
      }
    });
    return id;
  }
  void cancel(core::TimerId id) override {
    if (const auto found = ids_.find(id); found != ids_.end()) loop_.cancel(found->second);
    ids_.erase(id);
    std::erase_if(waiting_, [&](const auto& each) { return each.first == id; });
  }
  bool on_this_thread() const override { return loop_.on_this_thread(); }
  void go_on() {
    is_paused = false;
    auto due = std::exchange(waiting_, {});
    while (!due.empty()) {
      auto [id, task] = std::move(due.front());
      due.erase(due.begin());
      if (ids_.erase(id) > 0 || id == 0) task();
    }
  }
  ~PausableLoop() override {
    for (const auto& [id, inner] : ids_) loop_.cancel(inner);
  }
  bool is_paused = false;

 private:
  void run(core::Task task) {
    if (is_paused) {
      waiting_.emplace_back(0, std::move(task));
    } else {
      task();
    }
  }
  core::Loop& loop_;
  core::TimerId next_ = 1;
  std::map<core::TimerId, core::TimerId> ids_;
  std::vector<std::pair<core::TimerId, core::Task>> waiting_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

struct Process {
  Process(core::World& outer, Store& store, std::string name)
      : loop(outer.loop),
        unreliable(store, outer.random),
        world{outer.clock, loop, outer.random, outer.processes, outer.http, outer.files, outer.background} {
    LeaderElectionOptions options;
    options.lease = {"demo", "leader"};
    options.identity = std::move(name);
    LeaderCallbacks callbacks;
    callbacks.started_leading = [this] { thinks_it_leads = true; };
    callbacks.stopped_leading = [this] { thinks_it_leads = false; };
    election = std::move(*LeaderElection::make(world, unreliable, std::move(options), std::move(callbacks)));
    election->start();
  }
  PausableLoop loop;
  Unreliable unreliable;
  core::World world;
  bool thinks_it_leads = false;
  std::unique_ptr<LeaderElection> election;
};

struct Fixture {
  explicit Fixture(std::uint64_t seed = 5) : simulated(seed) {}
  core::SimulatedWorld simulated;
  core::World parts = simulated.world();
  std::unique_ptr<storage::Database> database = std::move(*storage::open_sqlite(":memory:"));
  std::unique_ptr<Store> store = std::move(*make_sqlite_store(parts, *database));
  std::vector<std::unique_ptr<Process>> processes;
  int started = 0;

  Process& start() {
    processes.push_back(std::make_unique<Process>(parts, *store, "p" + std::to_string(++started)));
    return *processes.back();
  }
  std::size_t leaders() const {
    std::size_t count = 0;
    for (const auto& each : processes) count += each && each->election->is_leading();
    return count;
  }
  Object lease() { return *store->get(kinds::lease, {"demo", "leader"}); }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture,
                  "the first one leads, keeps the lease, and the next leads when it crashed and the lease ran out") {
  auto& one = start();
  simulated.run_for(seconds(1));
  auto& two = start();
  simulated.run_for(seconds(60));
  CHECK(one.thinks_it_leads);
  CHECK_FALSE(two.thinks_it_leads);
  CHECK(two.election->leader() == "p1");
  CHECK(lease().spec()["leaseDurationSeconds"].int_or(0) == 15);
  CHECK(lease().spec()["leaseTransitions"].int_or(-1) == 0);
  processes.front().reset();
  simulated.run_for(seconds(11));
  CHECK(leaders() == 0);
  CHECK(simulated.run_until([&] { return two.election->is_leading(); }, seconds(11)));
  CHECK(two.thinks_it_leads);
  CHECK(lease().spec()["leaseTransitions"].int_or(0) == 1);
}

TEST_CASE_FIXTURE(Fixture, "who lets go is followed at once") {
  auto& one = start();
  simulated.run_for(seconds(1));
  auto& two = start();
  simulated.run_for(seconds(10));
  one.election->release();
  CHECK_FALSE(one.thinks_it_leads);
  CHECK(lease().spec()["holderIdentity"].string_or("x").empty());
  CHECK(simulated.run_until([&] { return two.election->is_leading(); }, seconds(5)));
  CHECK_FALSE(one.election->is_leading());
}

TEST_CASE_FIXTURE(Fixture, "who cannot reach the store stops leading before anybody else may begin") {
  auto& one = start();
  simulated.run_for(seconds(1));
  auto& two = start();
  simulated.run_for(seconds(5));
  one.unreliable.fails = 1;
  simulated.run_for(seconds(10));
  CHECK_FALSE(one.thinks_it_leads);
  CHECK_FALSE(two.thinks_it_leads);
  simulated.run_for(seconds(10));
  CHECK(two.thinks_it_leads);
}

TEST_CASE_FIXTURE(Fixture, "who was stopped for long knows at once that it does not lead, whatever its clock says") {
  auto& one = start();
  simulated.run_for(seconds(1));
  auto& two = start();
  simulated.run_for(seconds(5));
  one.loop.is_paused = true;
  simulated.jump_clock(-std::chrono::hours(5));
  simulated.run_for(seconds(30));
  CHECK(one.thinks_it_leads);  // nobody could tell it
  CHECK_FALSE(one.election->is_leading());
  CHECK(two.election->is_leading());
  one.loop.go_on();
  CHECK_FALSE(one.thinks_it_leads);
  simulated.run_for(seconds(30));
  CHECK(leaders() == 1);
}

TEST_CASE_FIXTURE(Fixture, "durations that do not fit each other are refused") {
  LeaderElectionOptions options;
  options.lease = {"demo", "leader"};
  CHECK_FALSE(LeaderElection::make(parts, *store, options, {}));
  options.identity = "x";
  options.renew_deadline = seconds(15);
  CHECK_FALSE(LeaderElection::make(parts, *store, options, {}));
  options.renew_deadline = seconds(2);
  CHECK_FALSE(LeaderElection::make(parts, *store, options, {}));
}

TEST_CASE("whatever crashes, stops, loses answers or jumps, there are never two leaders, and in the end there is one") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Fixture f(seed);
    for (int i = 0; i < 3; ++i) f.start();
    auto& random = f.parts.random;
    std::size_t reigns = 0;
    for (int round = 0; round < 40; ++round) {
      auto& victim = f.processes[random.below(f.processes.size())];
      switch (random.below(7)) {
        case 0:
          victim.reset();
          victim = std::make_unique<Process>(f.parts, *f.store, "p" + std::to_string(++f.started));
          break;
        case 1:
          victim->loop.is_paused = true;
          break;
        case 2:
          if (victim->loop.is_paused) victim->loop.go_on();
          break;
        case 3:
          victim->unreliable.fails = random.uniform();
          break;
        case 4:
          victim->unreliable.fails = 0;
          break;
        case 5:
          f.simulated.jump_clock(seconds(static_cast<int>(random.below(7200))) - std::chrono::hours(1));
          break;
        default:
          victim->election->release();
          victim->election->start();
          break;
      }
      // Checked after each task.
      bool two = false;
      f.simulated.run_until(
          [&] {
            const auto count = f.leaders();
            two |= count > 1;
            reigns += count;
            return two;
          },
          std::chrono::milliseconds(random.below(12'000)));
      REQUIRE_FALSE(two);
    }
    CHECK(reigns > 0);
    for (auto& each : f.processes) {
      each->unreliable.fails = 0;
      if (each->loop.is_paused) each->loop.go_on();
    }
    CHECK(f.simulated.run_until([&] { return f.leaders() == 1; }, seconds(60)));
  }
}
