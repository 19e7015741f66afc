#include <doctest/doctest.h>

#include <set>

#include "core/world/simulated.hpp"
#include "objects/backend.hpp"
#include "objects/garbage.hpp"
#include "objects/kinds.hpp"
#include "objects/local_store.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

using Propagation = DeleteOptions::Propagation;

std::optional<Kind> known(std::string_view group, std::string_view kind) {
  for (const auto& k : kinds::all()) {
    if (k.group == group && k.kind == kind) return k;
  }
  return std::nullopt;
}

struct Cluster {
  core::SimulatedWorld world;
  core::World parts = world.world();
  std::unique_ptr<storage::Database> database = storage::open_sqlite(":memory:").value();
  std::unique_ptr<storage::Database> fleeting = storage::open_sqlite(":memory:").value();
  std::unique_ptr<Backend> backend;
  Catalog catalog;
  std::unique_ptr<Store> store;
  std::unique_ptr<Garbage> garbage;

  explicit Cluster(std::uint64_t seed = 7) : world(seed) { open(); }
  void open() {
    backend = make_sqlite_backend(parts, *database, fleeting.get()).value();
    store = make_local_store(parts, *backend, catalog, {.manager = "test", .rules = Rules::trusted});
    garbage = std::make_unique<Garbage>(parts, *backend, known,
                                        [this](const Kind& kind, const Name& name, const DeleteOptions& how) {
                                          return store->remove(kind, name, how);
                                        });
    REQUIRE(garbage->start().has_value());
  }
  void crash() {
    garbage.reset();
    store.reset();
    backend.reset();
    world.crash_control_plane();
    open();
  }
  void settle() { world.run_for(std::chrono::seconds(5)); }

  static Object object(const std::string& name, const Kind& kind = kinds::config_map) {
    return Object::make(kind, {kind.namespaced ? "demo" : "", name});
  }
  static void own(Object& object, const Object& owner, bool blocks = true) {
    object.add_owner(owner, false);
    auto& list = object.document().at_or_insert("metadata").at_or_insert("ownerReferences").as_array();
    list.back().at_or_insert("blockOwnerDeletion") = blocks;
  }
  Object create(Object object) { return store->create(std::move(object)).value(); }
  Object create(const std::string& name, const std::vector<Object>& owners = {}, bool blocks = true) {
    auto made = object(name);
    for (const auto& owner : owners) own(made, owner, blocks);
    return create(std::move(made));
  }
  void remove(const std::string& name, Propagation propagation = Propagation::background) {
    REQUIRE(store->remove(kinds::config_map, {"demo", name}, {.uid_precondition = "", .propagation = propagation})
                .has_value());
  }
  bool exists(const std::string& name, const Kind& kind = kinds::config_map) {
    return store->find(kind, {kind.namespaced ? "demo" : "", name}).value().has_value();
  }
  std::string names() {
    std::string all;
    const auto list = store->list(kinds::config_map).value();
    for (const auto& item : list.items) all += item.name().name + " ";
    return all;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Cluster, "an owner in foreground deletion goes after the dependents that block it") {
  std::vector<std::string> gone;
  const auto watching =
      backend->watch(kinds::config_map, std::nullopt, [&](const std::shared_ptr<const Change>& change) {
        if (change->type == EventType::deleted) gone.push_back(change->object.name().name);
      });
  const auto owner = create("owner");
  const auto middle = create("middle", {owner});
  create("leaf", {middle});
  create("free", {owner}, false);
  settle();
  remove("owner", Propagation::foreground);
  CHECK(store->get(kinds::config_map, {"demo", "owner"})->finalizers() ==
        std::vector<std::string>{"foregroundDeletion"});
  settle();
  CHECK(names().empty());
  CHECK(gone == std::vector<std::string>{"leaf", "middle", "owner", "free"});
  CHECK(garbage->is_idle());
}

TEST_CASE_FIXTURE(Cluster, "a dependent with a finalizer of its own keeps the foreground deletion waiting") {
  const auto owner = create("owner");
  auto held = object("held");
  own(held, owner);
  held.add_finalizer("slipway.dev/test");
  create(held);
  remove("owner", Propagation::foreground);
  settle();
  CHECK(names() == "held owner ");
  auto dying = *store->get(kinds::config_map, {"demo", "held"});
  CHECK(dying.is_being_deleted());
  crash();
  settle();
  CHECK(names() == "held owner ");
  dying.remove_finalizer("slipway.dev/test");
  REQUIRE(store->update(dying).has_value());
  settle();
  CHECK(names().empty());
}

TEST_CASE_FIXTURE(Cluster, "a dependent that stops blocking lets the owner go") {
  const auto owner = create("owner");
  auto held = object("held");
  own(held, owner);
  held.add_finalizer("slipway.dev/test");
  create(held);
  remove("owner", Propagation::foreground);
  settle();
  auto dying = *store->get(kinds::config_map, {"demo", "held"});
  dying.document().at_or_insert("metadata").as_object().erase("ownerReferences");
  REQUIRE(store->update(dying).has_value());
  settle();
  CHECK(names() == "held ");
}

TEST_CASE_FIXTURE(Cluster, "owners that block each other go all the same") {
  auto first = create("first");
  const auto second = create("second", {first});
  const auto third = create("third", {second});
  own(first, third);
  REQUIRE(store->update(first).has_value());
  settle();
  CHECK(names() == "first second third ");
  SUBCASE("one is deleted") { remove("first", Propagation::foreground); }
  SUBCASE("two are") {
    remove("first", Propagation::foreground);
    remove("second", Propagation::foreground);
  }
  SUBCASE("and the process dies between") {
    remove("first", Propagation::foreground);
    world.run_for(std::chrono::microseconds(1));
    crash();
  }
  settle();
  CHECK(names().empty());
}

TEST_CASE_FIXTURE(Cluster, "an orphaning deletion lets the dependents go before the owner") {
  const auto owner = create("owner");
  const auto other = create("other");
  create("a", {owner});
  create("b", {owner, other});
  remove("owner", Propagation::orphan);
  CHECK(exists("owner"));
  settle();
  CHECK(names() == "a b other ");
  CHECK(store->get(kinds::config_map, {"demo", "a"})->owners().empty());
  CHECK(store->get(kinds::config_map, {"demo", "b"})->owners().size() == 1);
}

TEST_CASE_FIXTURE(Cluster, "a reference that fits no object counts as one whose owner is gone") {
  const auto owner = create("owner");
  const auto node = create(object("node", kinds::node));
  auto elsewhere = object("elsewhere");
  elsewhere.document().at_or_insert("metadata").at_or_insert("namespace") = "another";
  const auto foreign = create(elsewhere);
  const auto with = [&](const std::string& name, const Object& target, const std::string& field,
                        const std::string& value) {
    auto made = object(name);
    own(made, target);
    auto& list = made.document().at_or_insert("metadata").at_or_insert("ownerReferences").as_array();
    if (!field.empty()) list.back().at_or_insert(field) = value;
    create(made);
  };
  with("fits", owner, "", "");
  with("of-a-node", node, "", "");
  with("other-version", owner, "apiVersion", "v9");
  with("wrong-uid", owner, "uid", "no-such-uid");
  with("wrong-kind", owner, "kind", "Secret");
  with("wrong-name", owner, "name", "other");
  with("other-namespace", foreign, "", "");
  with("not-served", owner, "kind", "Unheard");
  SUBCASE("at once") {}
  SUBCASE("or after a restart") { crash(); }
  settle();
  CHECK(names() == "elsewhere fits not-served of-a-node other-version owner ");

  auto cluster_wide = object("wide", kinds::environment);
  own(cluster_wide, owner);
  create(cluster_wide);
  settle();
  CHECK(exists("wide", kinds::environment));  // nobody knows which namespace it means
}

TEST_CASE_FIXTURE(Cluster, "owners in one database have dependents in the other") {
  const auto node = create(object("node", kinds::node));
  const auto lease_owner = create(object("owner", kinds::lease));
  auto lease = object("lease", kinds::lease);
  own(lease, node);
  create(lease);
  auto event = object("event", kinds::event);
  own(event, node);
  create(event);
  create("of-a-lease", {lease_owner});
  settle();
  CHECK(exists("lease", kinds::lease));
  CHECK(exists("of-a-lease"));
  REQUIRE(store->remove(kinds::node, {"", "node"}).has_value());
  REQUIRE(store->remove(kinds::lease, {"demo", "owner"}).has_value());
  crash();
  settle();
  CHECK_FALSE(exists("lease", kinds::lease));
  CHECK_FALSE(exists("event", kinds::event));
  CHECK_FALSE(exists("of-a-lease"));
}

TEST_CASE("whatever commit fails, and wherever the process dies, the same is left") {
  for (const auto propagation : {Propagation::background, Propagation::foreground, Propagation::orphan}) {
    for (int at = 1; at <= 12; ++at) {
      for (const bool dies : {false, true}) {
        CAPTURE(at);
        CAPTURE(dies);
        Cluster cluster(static_cast<std::uint64_t>(at));
        const auto owner = cluster.create("owner");
        const auto middle = cluster.create("middle", {owner});
        cluster.create("leaf", {middle});
        cluster.create("shared", {owner, cluster.create("other")});
        cluster.settle();
        cluster.remove("owner", propagation);
        int commits = 0;
        const auto fault = [&]() -> Result<> {
          if (++commits == at) return fail(Code::resource_exhausted, "disk full");
          return {};
        };
        cluster.database->set_commit_fault(fault);
        for (int i = 0; dies && i < at; ++i) cluster.world.run_for(std::chrono::microseconds(1));
        cluster.database->set_commit_fault({});
        if (dies) cluster.crash();
        cluster.database->set_commit_fault(fault);
        cluster.settle();
        cluster.database->set_commit_fault({});
        const bool orphaned = propagation == Propagation::orphan;
        const std::string expected = orphaned ? "leaf middle other shared " : "other shared ";
        CHECK(cluster.names() == expected);
        CHECK(cluster.store->get(kinds::config_map, {"demo", "shared"})->owners().size() == 1);
      }
    }
  }
}

namespace {

// What is left, as a fixpoint: an object goes when it was deleted, or when it has references and none of its owners is
// left.
struct Model {
  std::map<std::string, std::set<std::string>> owners;  // of what exists
  void remove(const std::string& name) {
    owners.erase(name);
    for (bool again = true; again;) {
      again = false;
      for (auto it = owners.begin(); it != owners.end();) {
        const bool had_owners = !it->second.empty();
        const auto kept = std::ranges::count_if(it->second, [&](const auto& o) { return owners.contains(o); });
        if (had_owners && kept == 0) {
          it = owners.erase(it);
          again = true;
        } else {
          ++it;
        }
      }
    }
    // The others let go of who is gone.
    for (auto& [other, list] : owners) {
      std::erase_if(list, [&](const auto& o) { return !owners.contains(o); });
    }
  }
  void orphan(const std::string& name) {
    owners.erase(name);
    for (auto& [other, list] : owners) list.erase(name);
  }
  std::string names() const {
    std::string all;
    for (const auto& [name, list] : owners) all += name + " ";
    return all;
  }
};

}  // namespace

TEST_CASE("random graphs of owners, deletions, failing commits and crashes leave what a fixpoint says") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Cluster cluster(seed);
    Model model;
    auto& random = cluster.parts.random;
    std::map<std::string, Object> made;
    int next = 0;
    const auto any = [&]() -> std::string {
      auto it = model.owners.begin();
      std::advance(it, static_cast<std::ptrdiff_t>(random.below(model.owners.size())));
      return it->first;
    };
    for (int step = 0; step < 80; ++step) {
      const auto what = random.below(10);
      if (what < 5 || model.owners.empty()) {
        cluster.settle();  // so that an owner that is chosen is not on its way out
        const auto name = "o" + std::to_string(100 + next++);
        std::set<std::string> owners;
        for (auto n = model.owners.empty() ? 0 : random.below(4); n > 0; --n) owners.insert(any());
        std::vector<Object> list;
        for (const auto& owner : owners) list.push_back(made[owner]);
        made[name] = cluster.create(name, list, random.below(3) != 0);
        model.owners[name] = owners;
      } else if (what < 6) {  // a circle
        cluster.settle();
        const auto from = any();
        const auto to = any();
        auto object = *cluster.store->get(kinds::config_map, {"demo", from});
        if (!object.is_owned_by(made[to])) {
          Cluster::own(object, made[to]);
          REQUIRE(cluster.store->update(object).has_value());
        }
        model.owners[from].insert(to);
      } else if (what < 8) {
        const auto name = any();
        cluster.remove(name, random.below(2) == 0 ? Propagation::background : Propagation::foreground);
        model.remove(name);
        if (random.below(3) == 0) {
          cluster.database->set_commit_fault([&, left = random.below(3)]() mutable -> Result<> {
            if (left-- == 0) return fail(Code::resource_exhausted, "disk full");
            return {};
          });
          cluster.world.run_for(std::chrono::milliseconds(random.below(3)));
          cluster.database->set_commit_fault({});
        }
      } else if (what < 9) {
        cluster.settle();
        const auto name = any();
        cluster.remove(name, Propagation::orphan);
        model.orphan(name);
        if (random.below(2) == 0) cluster.crash();
        cluster.settle();
      } else {
        cluster.crash();
      }
    }
    cluster.settle();
    CHECK(cluster.names() == model.names());
    CHECK(cluster.garbage->is_idle());
  }
}
