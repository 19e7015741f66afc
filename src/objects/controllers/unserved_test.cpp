#include "objects/controllers/unserved.hpp"

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "objects/embedded.hpp"
#include "objects/kinds.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace slipway::objects;
using namespace std::chrono_literals;

TEST_CASE("Unserved: who makes what nothing here acts on is told so, once") {
  core::SimulatedWorld simulation(1);
  core::World world = simulation.world();
  const auto database = storage::open_sqlite(":memory:").value();
  auto embedded = Embedded::open(world, *database, nullptr, {}).value();
  REQUIRE(embedded->start());
  REQUIRE(embedded->store().create(Object::make(kinds::namespace_, {"", "default"})));
  const auto told = [&] {
    std::string text;
    const auto events = embedded->store().list(kinds::event);
    for (const auto& event : events->items)
      text += event.document()["involvedObject"]["kind"].string_or("") + " " +
              event.document()["reason"].string_or("") + " " + event.document()["count"].string_or("") + "\n";
    return text;
  };
  auto policy = parse_manifest(
      "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: default}\n"
      "spec: {podSelector: {}}\n",
      "test.yaml");
  REQUIRE(embedded->store().create(policy->front()));
  simulation.run_for(1s);
  CHECK(told() == "NetworkPolicy NotServed 1\n");
  simulation.run_for(2h);
  embedded.reset();
  embedded = Embedded::open(world, *database, nullptr, {}).value();
  REQUIRE(embedded->start());
  simulation.run_for(1s);
  CHECK(told().empty());  // it has expired, and is not told again
}
