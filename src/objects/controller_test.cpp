#include <doctest/doctest.h>

#include <algorithm>

#include "core/world/simulated.hpp"
#include "objects/controller.hpp"
#include "objects/kinds.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

struct Recorder : Reconciler {
  explicit Recorder(core::World& w) : world(w) {}
  Result<Outcome> reconcile(const Name& name) override {
    calls.push_back({name.text(), world.clock.monotonic()});
    if (failures_left > 0) {
      --failures_left;
      return fail(Code::conflict, "not yet");
    }
    Outcome outcome;
    outcome.again_after = again_after;
    return outcome;
  }
  std::size_t count(const std::string& text) const {
    std::size_t n = 0;
    for (const auto& call : calls) n += call.first == text;
    return n;
  }
  core::World& world;
  std::vector<std::pair<std::string, core::Instant>> calls;
  int failures_left = 0;
  std::optional<Duration> again_after;
};

struct Fixture {
  core::SimulatedWorld world{3};
  core::World parts = world.world();
  std::unique_ptr<storage::Database> database = std::move(*storage::open_sqlite(":memory:"));
  std::unique_ptr<Store> store = std::move(*make_sqlite_store(parts, *database));
  Recorder recorder{parts};
  Controller controller{parts, *store, "test-controller", recorder};

  Object create(const Kind& kind, const std::string& name, const Object* owner = nullptr) {
    auto object = Object::make(kind, {"demo", name});
    if (owner != nullptr) object.add_owner(*owner);
    return *store->create(object);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a controller looks at what is there when it starts, and at every change after") {
  create(kinds::deployment, "old");
  REQUIRE(controller.reconciles(kinds::deployment).start().has_value());
  world.run_for(std::chrono::milliseconds(10));
  create(kinds::deployment, "new");
  REQUIRE(store->remove(kinds::deployment, {"demo", "old"}).has_value());
  world.run_for(std::chrono::milliseconds(10));
  CHECK(recorder.count("demo/old") == 2);
  CHECK(recorder.count("demo/new") == 1);
}

TEST_CASE_FIXTURE(Fixture, "many changes before the controller gets its turn are one look") {
  REQUIRE(controller.reconciles(kinds::deployment).start().has_value());
  auto object = create(kinds::deployment, "a");
  for (int i = 0; i < 5; ++i) {
    object.set_label("i", std::to_string(i));
    object = *store->update(object);
  }
  world.run_for(std::chrono::milliseconds(10));
  CHECK(recorder.count("demo/a") == 1);
}

TEST_CASE_FIXTURE(Fixture, "a change of an owned object wakes its owner, and only one of that kind") {
  const auto owner = create(kinds::deployment, "owner");
  const auto other = create(kinds::rollout, "other");
  REQUIRE(controller.owns(kinds::pod, kinds::deployment).start().has_value());
  create(kinds::pod, "a", &owner);
  create(kinds::pod, "b", &other);
  world.run_for(std::chrono::milliseconds(10));
  CHECK(recorder.calls.size() == 1);
  CHECK(recorder.count("demo/owner") == 1);
}

TEST_CASE_FIXTURE(Fixture, "an error is retried with growing pauses, and success forgets it") {
  recorder.failures_left = 4;
  REQUIRE(controller.reconciles(kinds::deployment).start().has_value());
  create(kinds::deployment, "a");
  world.run_for(std::chrono::seconds(60));
  REQUIRE(recorder.calls.size() == 5);
  Duration limit = std::chrono::milliseconds(50);
  for (std::size_t i = 1; i < recorder.calls.size(); ++i, limit *= 2) {
    const auto pause = recorder.calls[i].second - recorder.calls[i - 1].second;
    CHECK(pause >= limit / 2);
    CHECK(pause <= limit + std::chrono::milliseconds(1));
  }
}

TEST_CASE_FIXTURE(Fixture, "again_after looks again without an event, and an event does not wait for it") {
  recorder.again_after = std::chrono::seconds(10);
  REQUIRE(controller.reconciles(kinds::deployment).start().has_value());
  auto object = create(kinds::deployment, "a");
  world.run_for(std::chrono::seconds(11));
  CHECK(recorder.calls.size() == 2);
  object.set_label("x", "y");
  REQUIRE(store->update(object).has_value());
  world.run_for(std::chrono::seconds(1));
  CHECK(recorder.calls.size() == 3);
  world.run_for(std::chrono::seconds(9) + std::chrono::milliseconds(500));
  CHECK(recorder.calls.size() == 4);  // the old timer was replaced, not added to
}

// Writes a label, and then acts.
struct Writer : Reconciler {
  explicit Writer(Store& s) : store(s) {}
  Result<Outcome> reconcile(const Name& name) override {
    ++looks;
    if (name.name == refused) return fail(Code::conflict, "not this one");
    TRY(modify(store, kinds::deployment, name, [](Object& object) {
      object.document().at_or_insert("metadata").at_or_insert("labels") = core::doc::Object{{"seen", "yes"}};
      return true;
    }));
    Outcome outcome;
    outcome.then = [this, name] {
      acted.push_back(name.name);
      if (std::exchange(then_fails, false)) return Result<>(fail(Code::unavailable, "could not act"));
      return Result<>();
    };
    return outcome;
  }
  Store& store;
  std::string refused;
  bool then_fails = false;
  int looks = 0;
  std::vector<std::string> acted;
};

TEST_CASE_FIXTURE(Fixture, "reconciles that share a transaction act when it is durable, and not when it is not") {
  Writer writer(*store);
  Controller groups(parts, *store, "grouping-controller", writer);
  groups.in_groups().reconciles(kinds::deployment);
  for (const auto* name : {"a", "b", "c"}) create(kinds::deployment, name);
  int commits = 0;
  bool is_full = false;
  database->set_commit_fault([&]() -> Result<> {
    ++commits;
    if (is_full) return fail(Code::resource_exhausted, "disk full");
    return {};
  });
  const auto is_seen = [&](const char* name) {
    return store->get(kinds::deployment, {"demo", name})->labels().contains("seen");
  };

  SUBCASE("one commit for all, and each acts after it") {
    REQUIRE(groups.start().has_value());
    world.run_for(std::chrono::milliseconds(1));
    CHECK(commits == 1);
    // Its own writes wake it again.
    CHECK(writer.acted == std::vector<std::string>{"a", "b", "c", "a", "b", "c"});
  }
  SUBCASE("one that fails does not keep the others, and comes again") {
    writer.refused = "b";
    REQUIRE(groups.start().has_value());
    world.run_for(std::chrono::milliseconds(1));
    CHECK(writer.acted == std::vector<std::string>{"a", "c", "a", "c"});
    CHECK(is_seen("a"));
    CHECK_FALSE(is_seen("b"));
    writer.refused.clear();
    world.run_for(std::chrono::seconds(1));
    CHECK(is_seen("b"));
  }
  SUBCASE("a commit that fails leaves nothing written and nothing done; all come again") {
    is_full = true;
    REQUIRE(groups.start().has_value());
    world.run_for(std::chrono::milliseconds(1));
    CHECK(writer.acted.empty());
    CHECK_FALSE(is_seen("a"));
    is_full = false;
    world.run_for(std::chrono::seconds(1));
    CHECK(is_seen("a"));
    CHECK(is_seen("b"));
    CHECK(is_seen("c"));
    CHECK(writer.acted.size() >= 3);
  }
  SUBCASE("an act that fails is tried again") {
    writer.then_fails = true;
    REQUIRE(groups.start().has_value());
    world.run_for(std::chrono::seconds(1));
    CHECK(writer.acted.front() == "a");
    CHECK(std::ranges::count(writer.acted, "a") >= 2);
  }
  database->set_commit_fault({});
}

TEST_CASE_FIXTURE(Fixture, "a change that leaves what is minded as it was wakes nobody; an end always does") {
  const auto of_its_label = [](const Object& object) { return doc::Value(object.label("minded")); };
  const auto itself = [](const Object& object) { return std::vector<Name>{object.name()}; };
  REQUIRE(controller.watches(kinds::deployment, itself, of_its_label).start().has_value());
  auto object = create(kinds::deployment, "a");
  const auto change = [&](const char* label, const char* value) {
    object.set_label(label, value);
    object = *store->update(object);
    world.run_for(std::chrono::milliseconds(10));
    return recorder.count("demo/a");
  };
  CHECK(change("other", "1") == 1);
  CHECK(change("other", "2") == 1);
  CHECK(change("minded", "1") == 2);
  CHECK(change("minded", "1") == 2);
  REQUIRE(store->remove(kinds::deployment, {"demo", "a"}).has_value());
  world.run_for(std::chrono::milliseconds(10));
  CHECK(recorder.count("demo/a") == 3);
  object = create(kinds::deployment, "a");
  CHECK(change("other", "1") == 4);
}

namespace {

// A look takes as long as this clock is put forward.
struct Shifted final : core::Clock {
  explicit Shifted(core::Clock& clock) : base(clock) {}
  Time now() const override { return base.now() + by; }
  Instant monotonic() const override { return base.monotonic() + by; }
  core::Clock& base;
  Duration by{};
};

struct Slow final : Reconciler {
  explicit Slow(Shifted& c) : clock(c) {}
  Result<Outcome> reconcile(const Name&) override {
    ++looks;
    clock.by += takes;
    return Outcome{};
  }
  Shifted& clock;
  Duration takes = std::chrono::milliseconds(20);
  int looks = 0;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a name that takes long to look at rests four times as long, where that is asked for") {
  Shifted clock(parts.clock);
  core::World shifted{clock, parts.loop, parts.random, parts.processes, parts.http, parts.files, parts.background};
  Slow slow(clock);
  Controller other(shifted, *store, "slow-controller", slow);
  bool rests = false;
  SUBCASE("it rests") { rests = true; }
  SUBCASE("it does not") {}
  if (rests) other.may_rest();
  REQUIRE(other.start().has_value());
  other.enqueue({"demo", "a"});
  world.run_for(std::chrono::milliseconds(1));
  CHECK(slow.looks == 1);
  for (int i = 0; i < 5; ++i) {
    other.enqueue({"demo", "a"});
    world.run_for(std::chrono::milliseconds(10));
  }
  CHECK(slow.looks == (rests ? 1 : 6));
  world.run_for(std::chrono::milliseconds(100));
  CHECK(slow.looks == (rests ? 2 : 6));  // what was asked for meanwhile is one look
  slow.takes = std::chrono::hours(1);
  world.run_for(std::chrono::seconds(1));
  other.enqueue({"demo", "a"});
  world.run_for(std::chrono::milliseconds(1));
  const int before = slow.looks;
  other.enqueue({"demo", "a"});
  world.run_for(std::chrono::seconds(6));  // never longer than some seconds
  CHECK(slow.looks == before + 1);
}

TEST_CASE_FIXTURE(Fixture, "a destroyed controller does nothing more, whatever was queued") {
  {
    Controller other(parts, *store, "other-controller", recorder);
    recorder.again_after = std::chrono::milliseconds(1);
    REQUIRE(other.reconciles(kinds::deployment).start().has_value());
    create(kinds::deployment, "a");
    world.run_for(std::chrono::milliseconds(5));
    other.enqueue({"demo", "b"});
  }
  const auto calls = recorder.calls.size();
  world.run_for(std::chrono::seconds(1));
  CHECK(recorder.calls.size() == calls);
}
