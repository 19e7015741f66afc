#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "objects/kinds.hpp"
#include "objects/store.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

struct Fixture {
  core::SimulatedWorld world{7};
  core::World parts = world.world();
  std::unique_ptr<storage::Database> database = std::move(*storage::open_sqlite(":memory:"));
  std::unique_ptr<Store> store = std::move(*make_sqlite_store(parts, *database, 20));
  std::vector<std::string> seen;

  void settle() { world.run_for(std::chrono::seconds(3)); }
  void restart() {
    store.reset();
    world.crash_control_plane();
    store = std::move(*make_sqlite_store(parts, *database, 20));
  }
  std::unique_ptr<Watch> watch(const std::string& from = "", const Kind& kind = kinds::pod) {
    auto opened = store->watch(kind, from, [this](const WatchEvent& event) {
      static constexpr const char* kNames[] = {"added ", "modified ", "deleted ", "bookmark "};
      seen.push_back(kNames[static_cast<int>(event.type)] + event.object.name().name);
    });
    REQUIRE(opened.has_value());
    return std::move(*opened);
  }
  Object create(const std::string& name, const Kind& kind = kinds::pod) {
    auto made = store->create(pod(name, kind));
    REQUIRE(made.has_value());
    return *made;
  }
  static Object pod(const std::string& name, const Kind& kind = kinds::pod) {
    auto object = Object::make(kind, {"demo", name});
    object.spec() = doc::Object{{"hostname", "a"}};
    return object;
  }
  std::size_t count(const Kind& kind = kinds::pod) { return store->list(kind)->items.size(); }
};
using Seen = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(Fixture, "create stamps what only the store knows") {
  const auto made = create("a");
  CHECK(made.uid().size() == 36);
  CHECK(made.resource_version() == "1");
  CHECK(made.generation() == 1);
  CHECK(made.created().has_value());
  CHECK(store->get(kinds::pod, {"demo", "a"})->document() == made.document());
  CHECK(store->create(pod("a")).error().code == Code::already_exists);
  CHECK(store->create(made).error().code == Code::invalid_argument);  // carries a resourceVersion
  CHECK(store->create(pod("Not_Legal")).error().code == Code::invalid_argument);
  CHECK(store->get(kinds::pod, {"demo", "b"}).error().message == "pods \"b\" not found");
}

TEST_CASE_FIXTURE(Fixture, "generateName makes a fresh name each time") {
  auto object = Object::make(kinds::pod, {"demo", ""});
  object.document().at_or_insert("metadata").as_object().erase("name");
  object.document().at_or_insert("metadata").at_or_insert("generateName") = "run-";
  const auto first = store->create(object)->name().name;
  const auto second = store->create(object)->name().name;
  CHECK(first.starts_with("run-"));
  CHECK(first.size() == 9);
  CHECK(first != second);
}

TEST_CASE_FIXTURE(Fixture, "an update with an old resourceVersion is a conflict and changes nothing") {
  auto first = create("a");
  auto mine = first;
  mine.spec().at_or_insert("hostname") = "b";
  CHECK(store->update(mine)->generation() == 2);
  auto late = first;
  late.spec().at_or_insert("hostname") = "c";
  CHECK(store->update(late).error().code == Code::conflict);
  CHECK(store->update_status(late).error().code == Code::conflict);
  late.document().at_or_insert("metadata").as_object().erase("resourceVersion");
  CHECK(store->update(late)->spec()["hostname"].string_or("") == "c");  // last writer wins when it says no version
}

TEST_CASE_FIXTURE(Fixture, "spec and status are written apart, and only spec raises the generation") {
  auto object = create("a");
  object.status().at_or_insert("phase") = "Running";
  object.spec().at_or_insert("hostname") = "b";
  auto after_status = *store->update_status(object);
  CHECK(after_status.status()["phase"].string_or("") == "Running");
  CHECK(after_status.spec()["hostname"].string_or("") == "a");
  CHECK(after_status.generation() == 1);
  after_status.status().at_or_insert("phase") = "Failed";
  after_status.set_label("x", "y");
  const auto after_update = *store->update(after_status);
  CHECK(after_update.status()["phase"].string_or("") == "Running");
  CHECK(after_update.generation() == 1);
  CHECK(after_update.label("x") == "y");
}

TEST_CASE_FIXTURE(Fixture, "a write that changes nothing is no event and keeps the resourceVersion") {
  const auto watching = watch();
  const auto object = create("a");
  CHECK(store->update(object)->resource_version() == object.resource_version());
  CHECK(store->update_status(object)->resource_version() == object.resource_version());
  CHECK(store->apply(pod("a"))->resource_version() == object.resource_version());
  settle();
  CHECK(seen == Seen{"added a"});
}

TEST_CASE_FIXTURE(Fixture, "apply replaces what it mentions and keeps the rest") {
  auto object = create("a");
  object.set_label("keep", "1");
  object.add_finalizer("slipway.dev/test");
  object = *store->update(object);
  object.status().at_or_insert("phase") = "Running";
  object = *store->update_status(object);

  auto wanted = Object::make(kinds::pod, {"demo", "a"});
  wanted.set_label("new", "2");
  wanted.spec().at_or_insert("subdomain") = "run";
  const auto result = *store->apply(wanted);
  CHECK(result.label("keep") == "1");
  CHECK(result.label("new") == "2");
  CHECK(result.spec()["hostname"].is_null());
  CHECK(result.spec()["subdomain"].string_or("") == "run");
  CHECK(result.finalizers().size() == 1);
  CHECK(result.status()["phase"].string_or("") == "Running");
  CHECK(result.generation() == 2);
  CHECK(store->apply(pod("fresh"))->generation() == 1);
}

TEST_CASE_FIXTURE(Fixture, "finalizers keep a deleted object until the last one goes") {
  const auto watching = watch();
  auto object = pod("a");
  object.add_finalizer("slipway.dev/one");
  object.add_finalizer("slipway.dev/two");
  REQUIRE(store->create(object).has_value());
  REQUIRE(store->remove(kinds::pod, {"demo", "a"}).has_value());
  auto dying = *store->get(kinds::pod, {"demo", "a"});
  CHECK(dying.is_being_deleted());
  REQUIRE(store->remove(kinds::pod, {"demo", "a"}).has_value());  // again: fine, no event

  auto more = dying;
  more.add_finalizer("slipway.dev/three");
  CHECK(store->update(more).error().code == Code::failed_precondition);
  dying.remove_finalizer("slipway.dev/one");
  dying = *store->update(dying);
  dying.remove_finalizer("slipway.dev/two");
  REQUIRE(store->update(dying).has_value());
  CHECK(store->get(kinds::pod, {"demo", "a"}).error().code == Code::not_found);
  settle();
  CHECK(seen == Seen{"added a", "modified a", "modified a", "deleted a"});
  CHECK(store->remove(kinds::pod, {"demo", "a"}).error().code == Code::not_found);
}

TEST_CASE_FIXTURE(Fixture, "a uid precondition protects the next object of the same name") {
  const auto first = create("a");
  REQUIRE(store->remove(kinds::pod, {"demo", "a"}).has_value());
  create("a");
  DeleteOptions options;
  options.uid_precondition = first.uid();
  CHECK(store->remove(kinds::pod, {"demo", "a"}, options).error().code == Code::conflict);
  CHECK(store->update(first).error().code == Code::conflict);
}

TEST_CASE_FIXTURE(Fixture, "owned objects follow their owner, to any depth, and orphans stay") {
  const auto top = create("top", kinds::llm_deployment);
  auto middle = pod("middle", kinds::deployment);
  middle.add_owner(top);
  middle = *store->create(middle);
  auto leaf = pod("leaf");
  leaf.add_owner(middle);
  REQUIRE(store->create(leaf).has_value());
  auto shared = pod("shared");
  shared.add_owner(middle);
  shared.add_owner(create("other", kinds::config_map), false);
  REQUIRE(store->create(shared).has_value());

  REQUIRE(store->remove(kinds::llm_deployment, {"demo", "top"}).has_value());
  CHECK(count(kinds::deployment) == 1);  // background: later
  settle();
  CHECK(count(kinds::deployment) == 0);
  CHECK_FALSE(store->find(kinds::pod, {"demo", "leaf"})->has_value());
  CHECK(store->get(kinds::pod, {"demo", "shared"})->owners().size() == 1);  // its other owner lives

  DeleteOptions orphan;
  orphan.propagation = DeleteOptions::Propagation::orphan;
  REQUIRE(store->remove(kinds::config_map, {"demo", "other"}, orphan).has_value());
  settle();
  CHECK(store->get(kinds::pod, {"demo", "shared"})->owners().empty());
}

TEST_CASE_FIXTURE(Fixture, "a controller lists what it owns and what it may adopt, and reads no other's") {
  const auto owner = create("owner", kinds::deployment);
  const auto other = create("other", kinds::deployment);
  const auto owned_by = [&](const std::string& name, const Object& whose, bool controller) {
    auto object = pod(name);
    object.add_owner(whose, controller);
    return *store->create(object);
  };
  const auto claimable = [&](const std::string& ns = "demo") {
    Seen names;
    ListOptions options;
    options.ns = ns;
    options.claimable_by = {owner.uid()};
    const auto list = store->list(kinds::pod, options);
    REQUIRE(list.has_value());
    for (const auto& object : list->items) names.push_back(object.name().name);
    return names;
  };
  owned_by("mine", owner, true);
  owned_by("theirs", other, true);
  create("bare");
  CHECK(claimable() == Seen{"bare", "mine"});
  CHECK(claimable("elsewhere").empty());
  CHECK(claimable("") == Seen{"bare", "mine"});

  owned_by("mine-too", owner, false);  // no controller yet: named once all the same
  owned_by("a-second", owner, true);   // what a controller makes itself it sees at once
  CHECK(claimable() == Seen{"a-second", "bare", "mine", "mine-too"});
  create("bare-too");
  settle();
  CHECK(claimable() == Seen{"a-second", "bare", "bare-too", "mine", "mine-too"});

  auto adopted = *store->get(kinds::pod, {"demo", "bare"});
  adopted.add_owner(other);
  REQUIRE(store->update(adopted));
  CHECK(claimable() == Seen{"a-second", "bare-too", "mine", "mine-too"});
  REQUIRE(store->remove(kinds::pod, {"demo", "bare-too"}));
  CHECK(claimable() == Seen{"a-second", "mine", "mine-too"});
  restart();
  CHECK(claimable() == Seen{"a-second", "mine", "mine-too"});

  ListOptions of_web;
  of_web.claimable_by = {owner.uid()};
  of_web.labels = *LabelSelector::parse("app=web");
  auto web = pod("web");
  web.set_label("app", "web");
  REQUIRE(store->create(web));
  create("other-bare");
  settle();
  const auto list = store->list(kinds::pod, of_web);
  REQUIRE(list.has_value());
  CHECK(list->items.size() == 4);  // its own whatever their labels, and "web"
}

TEST_CASE_FIXTURE(Fixture, "garbage that a crash left behind is collected after the restart") {
  const auto owner = create("owner", kinds::deployment);
  auto owned = pod("owned");
  owned.add_owner(owner);
  REQUIRE(store->create(owned).has_value());
  REQUIRE(store->remove(kinds::deployment, {"demo", "owner"}).has_value());
  restart();  // before the collector ran
  CHECK(count() == 1);
  settle();
  CHECK(count() == 0);
  REQUIRE(store->create(owned).has_value());  // an owner that is gone already
  settle();
  CHECK(count() == 0);
}

TEST_CASE_FIXTURE(Fixture, "a watch tells nothing inside the write, and everything in order after it") {
  create("old");
  const auto watching = watch();
  create("a");
  CHECK(seen.empty());
  settle();
  CHECK(seen == Seen{"added old", "added a"});
  REQUIRE(store->remove(kinds::pod, {"demo", "a"}).has_value());
  create("c", kinds::config_map);
  settle();
  CHECK(seen == Seen{"added old", "added a", "deleted a"});
}

TEST_CASE_FIXTURE(Fixture, "a closed watch is silent, even for what it had not told yet") {
  auto watching = watch();
  create("a");
  watching.reset();
  settle();
  CHECK(seen.empty());
}

TEST_CASE_FIXTURE(Fixture, "a watch resumes across a restart without loss or repetition") {
  create("a");
  const auto from = store->list(kinds::pod)->resource_version;
  create("b");
  restart();
  create("c");
  const auto watching = watch(from);
  create("d");
  settle();
  CHECK(seen == Seen{"added b", "added c", "added d"});
}

TEST_CASE_FIXTURE(Fixture, "a watch from before the ring, or from the future, is gone") {
  create("a");
  for (int i = 0; i < 21; ++i) create("c" + std::to_string(i), kinds::config_map);
  const auto ignore = [](const WatchEvent&) {};
  CHECK(store->watch(kinds::pod, "1", ignore).error().code == Code::gone);
  CHECK(store->watch(kinds::pod, "2", ignore).has_value());
  CHECK(store->watch(kinds::pod, "99", ignore).error().code == Code::gone);
  CHECK(store->watch(kinds::pod, "abc", ignore).error().code == Code::invalid_argument);
}

TEST_CASE_FIXTURE(Fixture, "lists are ordered, filtered and paged") {
  for (const auto* name : {"b", "a", "d", "c"}) create(name);
  auto labelled = pod("e");
  labelled.set_label("app", "x");
  REQUIRE(store->create(labelled).has_value());
  REQUIRE(store->create(Object::make(kinds::pod, {"another", "z"})).has_value());

  std::string names;
  ListOptions options;
  options.limit = 2;
  int pages = 0;
  do {
    const auto page = *store->list(kinds::pod, options);
    CHECK(page.resource_version == "6");
    for (const auto& item : page.items) names += item.name().name;
    options.continue_token = page.continue_token;
    ++pages;
  } while (!options.continue_token.empty());
  CHECK(names == "zabcde");
  CHECK(pages == 3);

  ListOptions by_label;
  by_label.labels = *LabelSelector::parse("app=x");
  CHECK(store->list(kinds::pod, by_label)->items.size() == 1);
  ListOptions by_namespace;
  by_namespace.ns = "another";
  CHECK(store->list(kinds::pod, by_namespace)->items.size() == 1);
  ListOptions bad;
  bad.continue_token = "nonsense";
  CHECK(store->list(kinds::pod, bad).error().code == Code::invalid_argument);
}

TEST_CASE_FIXTURE(Fixture, "objects written under another served version are stored under ours") {
  auto object = Object::make(kinds::virtual_service, {"demo", "vs"});
  object.document().at_or_insert("apiVersion") = "networking.istio.io/v1beta1";
  CHECK(store->create(object)->api_version() == "networking.istio.io/v1");
  object.document().at_or_insert("apiVersion") = "networking.istio.io/v9";
  CHECK(store->create(object).error().code == Code::invalid_argument);
  auto environment = Object::make(kinds::environment, {"", "production"});
  environment.document().at_or_insert("metadata").at_or_insert("namespace") = "ignored";
  CHECK(store->create(environment)->name().text() == "production");
}

TEST_CASE_FIXTURE(Fixture, "modify retries until nobody else wrote in between") {
  create("a");
  int calls = 0;
  const auto result = modify(*store, kinds::pod, {"demo", "a"}, [&](Object& object) {
    if (++calls <= 2) {
      auto other = *store->get(kinds::pod, {"demo", "a"});
      other.set_label("calls", std::to_string(calls));
      REQUIRE(store->update(other).has_value());
    }
    object.set_label("mine", "yes");
    return true;
  });
  REQUIRE(result.has_value());
  CHECK(calls == 3);
  CHECK(result->label("mine") == "yes");
  CHECK(result->label("calls") == "2");
}

TEST_CASE_FIXTURE(Fixture, "whatever commit fails, store and watchers agree and the next try succeeds") {
  const auto owner = create("owner", kinds::deployment);
  for (int failing = 1; failing < 20; ++failing) {
    CAPTURE(failing);
    seen.clear();
    const auto watching = watch(store->list(kinds::pod)->resource_version);
    int commits = 0;
    database->set_commit_fault([&]() -> Result<> {
      if (++commits == failing) return fail(Code::resource_exhausted, "disk full");
      return {};
    });
    auto object = pod("a");
    object.add_owner(owner);
    const auto steps = [&]() -> Result<> {
      TRY_ASSIGN(auto made, store->create(object));
      made.set_label("x", "y");
      TRY(store->update(made));
      return store->remove(kinds::pod, {"demo", "a"});
    };
    const auto outcome = steps();
    database->set_commit_fault({});
    settle();
    // What the watcher was told is exactly what the store holds.
    const bool told = !seen.empty() && !seen.back().starts_with("deleted");
    CHECK(told == store->find(kinds::pod, {"demo", "a"})->has_value());
    CHECK(seen.size() == (outcome ? 3u : static_cast<std::size_t>(failing - 1)));
    if (outcome) break;
    if (told) REQUIRE(store->remove(kinds::pod, {"demo", "a"}).has_value());
    REQUIRE(failing < 19);
  }
}
