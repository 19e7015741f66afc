#include "objects/controllers/events.hpp"

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "objects/embedded.hpp"
#include "objects/event_recorder.hpp"
#include "objects/kinds.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

struct Fixture {
  core::SimulatedWorld world{5};
  core::World parts = world.world();
  std::unique_ptr<storage::Database> database = std::move(*storage::open_sqlite(":memory:"));
  std::unique_ptr<Embedded> embedded = std::move(*Embedded::open(parts, *database, nullptr, {}));
  Store& store = embedded->store();
  EventRecorder recorder{parts, store, "tester", "here"};
  Object pod = Object::make(kinds::pod, {"demo", "a"});

  Fixture() {
    REQUIRE(embedded->start().has_value());
    pod.document().at_or_insert("metadata").at_or_insert("uid") = "u1";
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "Events are counted when they are told again, and go an hour after the last time") {
  for (int i = 0; i < 250; ++i) recorder.normal(pod, "Said" + std::to_string(i), "a thing");
  recorder.warn(pod, "Tired", "wants to sleep", "spec.containers{main}");
  world.run_for(std::chrono::minutes(30));
  recorder.warn(pod, "Tired", "wants to sleep", "spec.containers{main}");
  CHECK(store.list(kinds::event)->items.size() == 251);

  world.run_for(std::chrono::minutes(41));
  const auto left = store.list(kinds::event)->items;
  REQUIRE(left.size() == 1);
  const auto& event = left.front().document();
  CHECK(event["type"].string_or("") == "Warning");
  CHECK(event["reason"].string_or("") == "Tired");
  CHECK(event["count"].int_or(0) == 2);
  CHECK(event["source"]["component"].string_or("") == "tester");
  CHECK(event["involvedObject"]["fieldPath"].string_or("") == "spec.containers{main}");
  CHECK_FALSE(event["firstTimestamp"].string_or("") == event["lastTimestamp"].string_or(""));
  world.run_for(std::chrono::minutes(40));
  CHECK(store.list(kinds::event)->items.empty());
  // One that has gone is told anew.
  recorder.warn(pod, "Tired", "wants to sleep", "spec.containers{main}");
  CHECK(store.list(kinds::event)->items.front().document()["count"].int_or(0) == 1);
}

TEST_CASE_FIXTURE(
    Fixture, "Events that differ in their messages only are counted in one, from the eleventh on within ten minutes") {
  for (int i = 0; i < 100; ++i) recorder.warn(pod, "Unhealthy", "request " + std::to_string(i) + " failed");
  recorder.warn(pod, "Unhealthy", "request 3 failed");
  recorder.warn(pod, "Killing", "it is unhealthy");
  const auto count_of = [&](const std::string& message) {
    const auto all = store.list(kinds::event)->items;
    for (const auto& event : all) {
      if (event.document()["message"].string_or("") == message) return event.document()["count"].int_or(0);
    }
    return std::int64_t{0};
  };
  CHECK(store.list(kinds::event)->items.size() == 12);
  CHECK(count_of("request 9 failed") == 1);
  CHECK(count_of("request 3 failed") == 2);
  CHECK(count_of("(combined from similar events): request 99 failed") == 90);
  world.run_for(std::chrono::minutes(11));
  recorder.warn(pod, "Unhealthy", "request 101 failed");
  CHECK(count_of("request 101 failed") == 1);
}
