#include "objects/api/write_queue.hpp"

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

// Every look at it finds 400 us gone: so long a commit takes here.
struct SlowClock final : core::Clock {
  core::Time now() const override { return {}; }
  core::Instant monotonic() const override { return at += 400us; }
  mutable core::Instant at{};
};

struct Fixture {
  core::SimulatedWorld world{1};
  core::World parts = world.world();
  SlowClock clock;
  core::World slow{clock, parts.loop, parts.random, parts.processes, parts.http, parts.files, parts.background};
  std::unique_ptr<storage::Database> database = storage::open_sqlite(":memory:").value();
  objects::api::WriteQueue queue{slow, *database};
  int commits = 0;
  std::string kept;

  Fixture() {
    REQUIRE(database->write([](storage::Connection& c) { return c.execute("CREATE TABLE t (who TEXT)"); }).has_value());
    database->set_commit_fault([this]() -> Result<> { return ++commits, Result<>(); });
  }
  void push(const std::string& who) {
    queue.push([this, who] {
      CHECK(database->write([&](storage::Connection& c) { return c.execute("INSERT INTO t VALUES (?)", {who}); })
                .has_value());
      database->after_group([this, who](bool durable) { kept += durable ? who : "!"; });
    });
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture,
                  "writes that arrive together share a commit, and the next group waits a moment for as many") {
  for (const auto* who : {"a", "b", "c"}) push(who);
  CHECK(kept.empty());
  world.run_for(10us);
  CHECK(kept == "abc");
  CHECK(commits == 1);
  push("d");
  world.run_for(100us);
  CHECK(kept == "abc");
  for (const auto* who : {"e", "f"}) push(who);
  world.run_for(10us);
  CHECK(kept == "abcdef");
  CHECK(commits == 2);
}

TEST_CASE_FIXTURE(Fixture, "a write that comes alone waits half a commit at most, and once") {
  for (const auto* who : {"a", "b"}) push(who);
  world.run_for(10us);
  push("c");
  world.run_for(190us);
  CHECK(kept == "ab");
  world.run_for(20us);
  CHECK(kept == "abc");
  push("d");
  world.run_for(10us);
  CHECK(kept == "abcd");
  CHECK(commits == 3);
}

TEST_CASE_FIXTURE(Fixture, "what waits when the queue ends is dropped") {
  {
    objects::api::WriteQueue ending(slow, *database);
    ending.push([] { FAIL("the queue is gone"); });
  }
  world.run_for(1s);
  CHECK(commits == 0);
}
