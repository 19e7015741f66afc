// What is built on a store does the same on every one: a controller, and the election of a leader.

#include "objects/controller.hpp"

#include "objects/kinds.hpp"
#include "objects/leader_election.hpp"
#include "support/places.hpp"

using namespace slipway;
using namespace slipway::objects;
using namespace slipway::support;

namespace {

// Keeps a ConfigMap that says how many replicas a Deployment wants, and tells in the Deployment's status what it saw.
class Notes final : public Reconciler {
 public:
  explicit Notes(Place& place) : place_(place) {}
  Result<Outcome> reconcile(const Name& name) override {
    auto& store = place_.store();
    if (name.ns != place_.ns()) return Outcome{};
    TRY_ASSIGN(const auto found, store.find(kinds::deployment, name));
    if (!found || found->is_being_deleted()) return Outcome{};
    auto note = config_map(place_, name.name + "-note", std::to_string(found->spec()["replicas"].int_or(0)));
    note.add_owner(*found);
    TRY(store.apply(note));
    TRY(modify_status(store, kinds::deployment, name, [&](Object& object) {
      if (object.status()["observedGeneration"].int_or(0) == found->generation()) return false;
      object.status().at_or_insert("observedGeneration") = found->generation();
      return true;
    }));
    return Outcome{};
  }

 private:
  Place& place_;
};

std::string note_of(Place& place, const std::string& name) {
  const auto found = place.store().find(kinds::config_map, {place.ns(), name + "-note"});
  REQUIRE(found);
  return *found ? (*found)->document()["data"]["value"].string_or("") : "none";
}

}  // namespace

TEST_CASE("every store: a controller brings about what is declared, and puts back what somebody takes away") {
  on_every_store([](Place& place) {
    auto& store = place.store();
    REQUIRE(store.create(deployment(place, "old")));
    Notes notes(place);
    Controller controller(place.world(), store, "notes-controller", notes);
    REQUIRE(controller.reconciles(kinds::deployment).owns(kinds::config_map, kinds::deployment).start());
    REQUIRE(place.other_store().create(deployment(place, "new")));
    CHECK(place.run_until([&] { return note_of(place, "old") == "1" && note_of(place, "new") == "1"; }));
    REQUIRE(modify(place.other_store(), kinds::deployment, {place.ns(), "new"}, [](Object& object) {
      object.spec().at_or_insert("replicas") = 3;
      return true;
    }));
    REQUIRE(place.other_store().remove(kinds::config_map, {place.ns(), "old-note"}));
    CHECK(place.run_until([&] { return note_of(place, "old") == "1" && note_of(place, "new") == "3"; }));
    CHECK(place.run_until([&] {
      const auto object = store.get(kinds::deployment, {place.ns(), "new"});
      REQUIRE(object);
      return object->generation() == 2 && object->status()["observedGeneration"].int_or(0) == 2;
    }));
  });
}

TEST_CASE("every store: one of two processes leads, and the other when it lets go") {
  on_every_store([](Place& place) {
    const auto elect = [&](Store& store, std::string identity) {
      LeaderElectionOptions options;
      options.lease = {place.ns(), "leader"};
      options.identity = std::move(identity);
      options.retry_period = std::chrono::milliseconds(200);
      auto made = LeaderElection::make(place.world(), store, std::move(options), {});
      REQUIRE(made);
      (*made)->start();
      return std::move(*made);
    };
    const auto one = elect(place.store(), "one");
    CHECK(place.run_until([&] { return one->is_leading(); }));
    const auto two = elect(place.other_store(), "two");
    place.run_for(std::chrono::milliseconds(600));
    CHECK(one->is_leading());
    CHECK_FALSE(two->is_leading());
    CHECK(two->leader() == "one");
    one->release();
    CHECK_FALSE(one->is_leading());
    CHECK(place.run_until([&] { return two->is_leading(); }));
  });
}
