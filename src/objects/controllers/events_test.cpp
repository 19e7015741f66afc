#include "objects/controllers/events.hpp"

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "objects/embedded.hpp"
#include "objects/event_recorder.hpp"
#include "objects/kinds.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace slipway::objects;

TEST_CASE("Events are counted when they are told again, and go an hour after the last time") {
  core::SimulatedWorld world{5};
  core::World parts = world.world();
  const auto database = storage::open_sqlite(":memory:").value();
  const auto embedded = Embedded::open(parts, *database, nullptr, {}).value();
  REQUIRE(embedded->start().has_value());
  auto& store = embedded->store();
  EventRecorder recorder(parts, store, "tester", "here");
  Object pod = Object::make(kinds::pod, {"demo", "a"});
  pod.document().at_or_insert("metadata").at_or_insert("uid") = "u1";

  for (int i = 0; i < 250; ++i) recorder.normal(pod, "Said", "thing " + std::to_string(i));
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
