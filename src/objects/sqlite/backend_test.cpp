#include <doctest/doctest.h>

#include <set>

#include "core/world/simulated.hpp"
#include "objects/backend.hpp"
#include "objects/kinds.hpp"
#include "objects/sqlite/tables.hpp"
#include "objects/sqlite/watch_hub.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

std::map<std::string, std::string> pod_fields(const Kind& kind, const Object& object) {
  if (kind.kind != "Pod") return {};
  return {{"spec.nodeName", object.spec()["nodeName"].string_or("")}};
}

std::optional<std::vector<std::string>> address_of(const Kind& kind, const Object& object) {
  if (kind.kind != "Service") return std::nullopt;
  const auto address = object.spec()["clusterIP"].string_or("");
  return address.empty() ? std::vector<std::string>{} : std::vector<std::string>{address};
}

struct Fixture {
  core::SimulatedWorld world{7};
  core::World parts = world.world();
  std::unique_ptr<storage::Database> database = storage::open_sqlite(":memory:").value();
  std::unique_ptr<storage::Database> fleeting =
      storage::open_sqlite(":memory:", {.durability = storage::Durability::normal}).value();
  std::unique_ptr<Backend> backend = open();
  std::vector<std::string> seen;

  std::unique_ptr<Backend> open() {
    return make_sqlite_backend(parts, *database, fleeting.get(),
                               {.selectable = pod_fields, .claims = address_of, .ring_size = 20})
        .value();
  }
  void restart() {
    backend.reset();
    world.crash_control_plane();
    backend = open();
  }
  void settle() { world.run_for(std::chrono::seconds(1)); }

  static Object object(const std::string& name, const Kind& kind = kinds::pod) {
    auto made = Object::make(kind, {kind.namespaced ? "demo" : "", name});
    made.document().at_or_insert("metadata").at_or_insert("uid") = "uid-" + name;
    return made;
  }
  Stored insert(const std::string& name, const Kind& kind = kinds::pod) {
    return backend->insert(kind, object(name, kind)).value();
  }
  Object stored(const std::string& name, const Kind& kind = kinds::pod) {
    return backend->find(kind, {kind.namespaced ? "demo" : "", name}).value()->parse().value();
  }
  std::unique_ptr<ChangeWatch> watch(std::optional<std::int64_t> after, const Kind& kind = kinds::pod) {
    auto opened = backend->watch(kind, after, [this](const std::shared_ptr<const Change>& change) {
      static constexpr const char* kNames[] = {"added ", "modified ", "deleted ", "bookmark "};
      seen.push_back(change == nullptr ? "cut off"
                                       : kNames[static_cast<int>(change->type)] + change->object.name().name);
    });
    REQUIRE(opened.has_value());
    return std::move(*opened);
  }
};
using Seen = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(Fixture, "what one object holds no other takes, until it lets go") {
  const auto service = [](const std::string& name, const std::string& address) {
    auto made = object(name, kinds::service);
    made.spec().at_or_insert("clusterIP") = address;
    return made;
  };
  REQUIRE(backend->insert(kinds::service, service("a", "127.1.0.1")).has_value());
  CHECK(backend->holder_of("127.1.0.1").value() == "uid-a");
  CHECK(backend->insert(kinds::service, service("b", "127.1.0.1")).error().code == Code::conflict);
  CHECK_FALSE(backend->find(kinds::service, {"demo", "b"}).value().has_value());
  const auto second = backend->insert(kinds::service, service("b", "127.1.0.2")).value();
  CHECK(backend->replace(kinds::service, service("b", "127.1.0.1"), second.version).error().code == Code::conflict);
  restart();
  const auto moved = backend->replace(kinds::service, service("b", "127.1.0.3"), second.version).value();
  CHECK_FALSE(backend->holder_of("127.1.0.2").value().has_value());
  CHECK(backend->holder_of("127.1.0.3").value() == "uid-b");
  REQUIRE(backend->erase(kinds::service, service("b", "127.1.0.3"), moved.version).has_value());
  CHECK_FALSE(backend->holder_of("127.1.0.3").value().has_value());
  CHECK(backend->insert(kinds::service, service("c", "127.1.0.3")).has_value());
}

TEST_CASE_FIXTURE(Fixture, "a kind that begins anew has no watchers from before, and what was is kept when asked for") {
  insert("a");
  const auto old = insert("b").version;
  backend->begin_history(kinds::pod);
  const auto refused = backend->watch(kinds::pod, 1, [](const auto&) {});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Code::gone);
  CHECK(refused.error().message == "too old resource version: 1 (2)");
  const auto kept = watch(old);

  const auto names_at = [&](std::int64_t version) {
    std::string names;
    const auto listed = backend->list_at(kinds::pod, {}, version, [&](const Stored& stored) {
      names += stored.name.name;
      return true;
    });
    return listed ? names : std::string(listed.error().code == Code::gone ? "gone" : "?");
  };
  REQUIRE(backend->erase(kinds::pod, stored("a"), 1).has_value());
  CHECK(names_at(old) == "gone");
  const auto present = backend->version(kinds::pod).value();
  backend->keep_present(kinds::pod);
  REQUIRE(backend->erase(kinds::pod, stored("b"), 2).has_value());
  insert("c");
  CHECK(names_at(present) == "b");
  CHECK(names_at(present + 1).empty());
  world.run_for(std::chrono::minutes(6));
  REQUIRE(backend->replace(kinds::pod, stored("c"), present + 2).has_value());
  CHECK(names_at(present) == "b");
  CHECK(names_at(present + 2) == "gone");
}

TEST_CASE_FIXTURE(Fixture, "what is written is kept as it was rendered, with its version in it") {
  const auto first = insert("a");
  CHECK(first.version == 1);
  CHECK(first.name == Name{"demo", "a"});
  CHECK(first.body.find("\"resourceVersion\":\"1\"") != std::string::npos);
  CHECK(backend->find(kinds::pod, {"demo", "a"}).value()->body == first.body);
  CHECK(backend->insert(kinds::pod, object("a")).error().code == Code::already_exists);

  auto next = stored("a");
  next.spec().at_or_insert("image") = "b";
  CHECK(backend->replace(kinds::pod, next, 99).error().code == Code::conflict);
  const auto second = backend->replace(kinds::pod, next, 1).value();
  CHECK(second.version == 2);
  CHECK(backend->replace(kinds::pod, next, 1).error().code == Code::conflict);
  CHECK(backend->replace(kinds::pod, object("b"), 1).error().code == Code::not_found);
  CHECK(backend->erase(kinds::pod, next, 1).error().code == Code::conflict);
  CHECK(backend->erase(kinds::pod, next, 2).value().version == 3);
  CHECK(backend->erase(kinds::pod, next, 2).error().code == Code::not_found);
  CHECK_FALSE(backend->find(kinds::pod, {"demo", "a"}).value().has_value());
  CHECK(backend->version(kinds::pod).value() == 3);
}

TEST_CASE_FIXTURE(Fixture, "an object of the same name with another uid is not the one that was read") {
  insert("a");
  auto other = stored("a");
  other.document().at_or_insert("metadata").at_or_insert("uid") = "uid-other";
  CHECK(backend->replace(kinds::pod, other, 1).error().code == Code::conflict);
}

TEST_CASE_FIXTURE(Fixture, "lists go on where the last page ended, and end when somebody has seen enough") {
  for (const auto* name : {"c", "a", "b"}) insert(name);
  auto elsewhere = object("z");
  elsewhere.document().at_or_insert("metadata").at_or_insert("namespace") = "another";
  REQUIRE(backend->insert(kinds::pod, elsewhere).has_value());
  struct Case {
    KeyRange range;
    std::size_t enough;
    std::string names;
    std::int64_t count;
  };
  for (const auto& [range, enough, names, count] : {
           Case{{}, 9, "zabc", 4},
           Case{{}, 2, "za", 4},
           Case{{.ns = "demo", .after = {}}, 9, "abc", 3},
           Case{{.ns = "demo", .after = Name{"demo", "a"}}, 9, "bc", 2},
           Case{{.ns = "", .after = Name{"another", "z"}}, 9, "abc", 3},
           Case{{.ns = "none", .after = {}}, 9, "", 0},
       }) {
    CAPTURE(names);
    std::string got;
    const auto version = backend->list(kinds::pod, range, [&](const Stored& stored) {
      got += stored.name.name;
      return got.size() < enough;
    });
    CHECK(version.value() == 4);
    CHECK(got == names);
    CHECK(backend->count(kinds::pod, range).value() == count);
  }
}

TEST_CASE_FIXTURE(Fixture, "events and leases are kept apart, with a version of their own") {
  insert("a");
  insert("b");
  CHECK(insert("e", kinds::event).version == 1);
  CHECK(insert("l", kinds::lease).version == 2);
  CHECK(backend->version(kinds::pod).value() == 2);
  const auto watching = watch(1, kinds::event);
  insert("f", kinds::event);
  settle();
  CHECK(seen == Seen{"added f"});
  CHECK(watching->version() == 3);
  CHECK(backend->locate("uid-e").value()->kind == "Event");
  CHECK(backend->locate("uid-a").value()->name == Name{"demo", "a"});
  CHECK_FALSE(backend->locate("uid-none").value().has_value());
}

TEST_CASE_FIXTURE(Fixture, "events that were written before they had a database of their own are moved there") {
  backend = make_sqlite_backend(parts, *database, nullptr).value();
  insert("e", kinds::event);
  insert("a");
  backend = open();
  CHECK(backend->find(kinds::event, {"demo", "e"}).value().has_value());
  CHECK(backend->version(kinds::event).value() == 1);
  backend = make_sqlite_backend(parts, *database, nullptr).value();
  CHECK_FALSE(backend->find(kinds::event, {"demo", "e"}).value().has_value());
  CHECK(backend->find(kinds::pod, {"demo", "a"}).value().has_value());
}

TEST_CASE_FIXTURE(Fixture, "a change tells what was before only when a selector could tell the difference") {
  std::vector<std::shared_ptr<const Change>> live;
  const auto watching = backend->watch(kinds::pod, std::nullopt, [&](const auto& change) { live.push_back(change); });
  insert("a");
  const auto change = [&](const std::function<void(Object&)>& edit) {
    auto next = stored("a");
    const auto before = next;
    edit(next);
    const auto version = backend->find(kinds::pod, {"demo", "a"}).value()->version;
    // With and without what the caller read: the same.
    const auto* given = version % 2 == 0 ? &before : nullptr;
    REQUIRE(backend->replace(kinds::pod, next, version, given).has_value());
  };
  change([](Object& o) { o.set_annotation("x", "y"); });
  change([](Object& o) { o.set_label("app", "web"); });
  change([](Object& o) { o.spec().at_or_insert("nodeName") = "n1"; });
  change([](Object& o) { o.status().at_or_insert("phase") = "Running"; });
  REQUIRE(backend->erase(kinds::pod, stored("a"), 5).has_value());
  std::vector<std::shared_ptr<const Change>> replayed;
  const auto again = backend->watch(kinds::pod, 0, [&](const auto& c) { replayed.push_back(c); });
  settle();
  REQUIRE(live.size() == 6);
  REQUIRE(replayed.size() == 6);
  const std::vector<bool> expected{false, false, true, true, false, false};
  for (std::size_t i = 0; i < 6; ++i) {
    CAPTURE(i);
    CHECK(live[i]->previous.has_value() == expected[i]);
    CHECK(replayed[i]->previous.has_value() == expected[i]);
    CHECK(live[i]->body == replayed[i]->body);
    CHECK(live[i]->type == replayed[i]->type);
    CHECK(live[i]->version == static_cast<std::int64_t>(i) + 1);
    CHECK(replayed[i]->object.document() == live[i]->object.document());
  }
  CHECK(live[2]->previous->label("app").empty());
  CHECK(live[5]->object.resource_version() == "6");  // a deletion has a version of its own
}

TEST_CASE_FIXTURE(Fixture, "a thousand watchers of one kind are told by one copy of each change") {
  std::vector<std::unique_ptr<ChangeWatch>> watches;
  std::set<const Change*> copies;
  int told = 0;
  for (int i = 0; i < 1000; ++i) {
    watches.push_back(backend
                          ->watch(kinds::pod, std::nullopt,
                                  [&](const std::shared_ptr<const Change>& change) {
                                    copies.insert(change.get());
                                    ++told;
                                  })
                          .value());
  }
  insert("a");
  insert("x", kinds::config_map);
  settle();
  CHECK(told == 1000);
  CHECK(copies.size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "writes of a group are seen by readers, and told when they are durable") {
  const auto watching = watch(std::nullopt);
  REQUIRE(backend
              ->group([&] {
                insert("a");
                CHECK(backend->insert(kinds::pod, object("a")).error().code == Code::already_exists);
                insert("b");
                CHECK(backend->find(kinds::pod, {"demo", "a"}).value().has_value());
                CHECK(backend->version(kinds::pod).value() == 2);
                CHECK(watching->version() == 0);
                CHECK(backend->watch(kinds::pod, 2, [](const auto&) {}).error().code == Code::gone);
              })
              .has_value());
  settle();
  CHECK(seen == Seen{"added a", "added b"});
  CHECK(watching->version() == 2);

  database->set_commit_fault([] { return fail(Code::resource_exhausted, "disk full"); });
  CHECK_FALSE(backend->group([&] { insert("c"); }).has_value());
  database->set_commit_fault({});
  settle();
  CHECK(seen.size() == 2);
  CHECK(backend->version(kinds::pod).value() == 2);
  insert("d");  // takes the version that was taken back
  settle();
  CHECK(seen.back() == "added d");
  CHECK(watching->version() == 3);
}

TEST_CASE_FIXTURE(Fixture, "a watch that was opened inside of a group is told what the group wrote before it") {
  std::unique_ptr<ChangeWatch> watching;
  REQUIRE(backend
              ->group([&] {
                insert("a");
                watching = watch(std::nullopt);
                insert("b");
              })
              .has_value());
  settle();
  CHECK(seen == Seen{"added a", "added b"});
}

TEST_CASE_FIXTURE(Fixture, "a backlog and what is written meanwhile are told in order, once") {
  insert("a");
  insert("b");
  std::vector<std::string> names;
  int more = 0;
  const auto watching = backend->watch(kinds::pod, 1, [&](const std::shared_ptr<const Change>& change) {
    names.push_back(change->object.name().name);
    if (++more <= 3) insert("n" + std::to_string(more));  // writes while the backlog is told
  });
  insert("c");
  CHECK(watching.value()->version() == 1);
  settle();
  CHECK(names == std::vector<std::string>{"b", "c", "n1", "n2", "n3"});
  CHECK(watching.value()->version() == 6);
}

TEST_CASE_FIXTURE(Fixture, "a watch that the ring passes before it is told is cut off, once") {
  insert("a");
  auto watching = watch(0);
  for (int i = 0; i < 30; ++i) insert("b" + std::to_string(i));
  settle();
  CHECK(seen == Seen{"cut off"});
  insert("c");
  settle();
  CHECK(seen.size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a watch ends inside its own callback, and with the backend") {
  std::unique_ptr<ChangeWatch> watching;
  int told = 0;
  watching = backend
                 ->watch(kinds::pod, std::nullopt,
                         [&](const auto&) {
                           ++told;
                           watching.reset();
                         })
                 .value();
  insert("a");
  insert("b");
  settle();
  CHECK(told == 1);
  const auto silent = watch(std::nullopt);
  insert("c");
  backend.reset();
  settle();
  CHECK(seen.empty());
  CHECK(silent->version() == 2);
}

TEST_CASE("a watcher that cannot keep up reads what it missed from the ring") {
  core::SimulatedWorld world(1);
  const Kind kind = kinds::pod;
  sqlite::Changes ring;
  std::int64_t oldest = 1;
  sqlite::WatchHub hub(
      world.world().loop, 0,
      [&](const Kind&, std::int64_t after, std::size_t limit) -> Result<sqlite::Changes> {
        if (after < oldest - 1) return fail(Code::gone, "too old");
        sqlite::Changes page;
        for (const auto& change : ring) {
          if (change->version > after && page.size() < limit) page.push_back(change);
        }
        return page;
      },
      10);
  const auto write = [&](std::int64_t version) {
    auto change = std::make_shared<Change>();
    change->kind = kind;
    change->version = version;
    ring.push_back(change);
    hub.publish(change);
  };
  std::vector<std::int64_t> told;
  bool cut = false;
  const auto watching = hub.open(&kind, 0, [&](const auto& change) {
    if (change == nullptr) {
      cut = true;
    } else {
      told.push_back(change->version);
    }
  });
  bool all_cut = false;
  const auto all = hub.open(nullptr, 0, [&](const auto& change) { all_cut = all_cut || change == nullptr; });
  for (std::int64_t version = 1; version <= 1000; ++version) write(version);
  CHECK(watching->version() == 0);
  world.run_for(std::chrono::milliseconds(1));
  REQUIRE(told.size() == 1000);
  for (std::size_t i = 0; i < told.size(); ++i) CHECK(told[i] == static_cast<std::int64_t>(i) + 1);
  CHECK(watching->version() == 1000);
  CHECK(all_cut);
  CHECK_FALSE(cut);
  for (std::int64_t version = 1001; version <= 1020; ++version) write(version);
  oldest = 1010;
  world.run_for(std::chrono::milliseconds(1));
  CHECK(told.size() == 1000);
  CHECK(cut);
}

TEST_CASE_FIXTURE(Fixture, "owners, deletions and missing owners are found by uid") {
  insert("owner", kinds::deployment);
  const auto owned = [&](const std::string& name, const std::string& uid, const std::string& kind) {
    auto made = object(name);
    made.document().at_or_insert("metadata").at_or_insert("ownerReferences") =
        doc::Array{doc::Object{{"apiVersion", "apps/v1"}, {"kind", kind}, {"name", "owner"}, {"uid", uid}}};
    REQUIRE(backend->insert(kinds::pod, made).has_value());
  };
  owned("a", "uid-owner", "Deployment");
  owned("b", "uid-owner", "StatefulSet");
  owned("c", "uid-gone", "Deployment");
  CHECK(backend->owned_by("uid-owner").value() == std::vector<std::string>{"uid-a", "uid-b"});
  CHECK(backend->unowned().value() == std::vector<std::string>{"uid-b", "uid-c"});
  CHECK(backend->deleting().value().empty());
  auto dying = stored("a");
  dying.document().at_or_insert("metadata").at_or_insert("deletionTimestamp") = "2026-01-01T00:00:00Z";
  dying.document().at_or_insert("metadata").as_object().erase("ownerReferences");
  REQUIRE(backend->replace(kinds::pod, dying, 2).has_value());
  CHECK(backend->deleting().value() == std::vector<std::string>{"uid-a"});
  CHECK(backend->locate("uid-a").value()->is_being_deleted);
  CHECK(backend->owned_by("uid-owner").value() == std::vector<std::string>{"uid-b"});
  REQUIRE(backend->erase(kinds::pod, dying, 5).has_value());
  CHECK(backend->deleting().value().empty());
}

TEST_CASE("a database of the first version is taken over with its owners and deletions") {
  core::SimulatedWorld world(1);
  auto parts = world.world();
  const auto database = storage::open_sqlite(":memory:").value();
  REQUIRE(storage::migrate(*database, "objects", sqlite::migrations().first(1)).has_value());
  const auto body = [](const std::string& name, const std::string& more) {
    return R"({"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"demo","name":")" + name + R"(","uid":"uid-)" +
           name + R"(","resourceVersion":"1")" + more + "}}";
  };
  REQUIRE(database
              ->write([&](storage::Connection& c) -> Result<> {
                const auto put = [&](const std::string& name, const std::string& more) {
                  return c.execute(
                      "INSERT INTO object (grp, kind, ns, name, rv, uid, body) VALUES ('', 'Pod', 'demo', ?, 1, ?, ?)",
                      {name, "uid-" + name, body(name, more)});
                };
                TRY(put("a", R"(,"deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["x"])"));
                TRY(put("b", R"(,"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"a","uid":"uid-a"},)"
                             R"({"apiVersion":"apps/v1","kind":"Deployment","name":"d","uid":"uid-d"}])"));
                TRY(put("c", ""));
                return c.execute("UPDATE object_version SET rv = 7");
              })
              .has_value());
  const auto backend = make_sqlite_backend(parts, *database, nullptr).value();
  CHECK(backend->deleting().value() == std::vector<std::string>{"uid-a"});
  CHECK(backend->owned_by("uid-a").value() == std::vector<std::string>{"uid-b"});
  CHECK(backend->unowned().value() == std::vector<std::string>{"uid-b"});
  CHECK(backend->version(kinds::pod).value() == 7);
}

TEST_CASE_FIXTURE(Fixture, "after a restore no version from before can be watched, and none is given out twice") {
  insert("a");
  insert("b");
  REQUIRE(outdate_versions(*database).has_value());
  restart();
  CHECK(backend->watch(kinds::pod, 1, [](const auto&) {}).error().code == Code::gone);
  CHECK(backend->watch(kinds::pod, 2, [](const auto&) {}).error().code == Code::gone);
  CHECK(backend->watch(kinds::pod, 500, [](const auto&) {}).error().code == Code::gone);
  const auto listed = backend->list(kinds::pod, {}, [](const auto&) { return true; }).value();
  CHECK(listed > 1'000'000);
  const auto watching = watch(listed);
  const auto third = insert("c");
  CHECK(third.version == listed + 1);
  settle();
  CHECK(seen == Seen{"added c"});
  CHECK(backend->find(kinds::pod, {"demo", "a"}).value()->version == 1);

  const auto empty = storage::open_sqlite(":memory:").value();
  REQUIRE(outdate_versions(*empty).has_value());
  CHECK(make_sqlite_backend(parts, *empty, nullptr).value()->version(kinds::pod).value() == 0);
}
