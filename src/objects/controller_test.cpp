#include <doctest/doctest.h>

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
