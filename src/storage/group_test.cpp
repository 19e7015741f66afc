#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "storage/database.hpp"
#include "storage/test_directory.hpp"

using namespace slipway;
using storage::Connection;
using storage::Database;
using storage::Row;

namespace {

struct Fixture {
  storage::TestDirectory directory;
  std::unique_ptr<Database> database;
  int commits = 0;
  int failing_commit = 0;  // 0: none
  std::vector<std::string> told;

  Fixture() { open(directory.path() + "/d.sqlite"); }
  void open(const std::string& path) {
    database = storage::open_sqlite(path).value();
    REQUIRE(database->write([](Connection& c) { return c.execute("CREATE TABLE t (who TEXT UNIQUE)"); }).has_value());
    database->set_commit_fault([this]() -> Result<> {
      if (++commits == failing_commit) return fail(Code::resource_exhausted, "disk full");
      return {};
    });
  }
  Result<> insert(const std::string& who) {
    return database->write([&](Connection& c) { return c.execute("INSERT INTO t (who) VALUES (?)", {who}); });
  }
  void tell(const std::string& what) {
    database->after_group([this, what](bool durable) { told.push_back(what + (durable ? " durable" : " undone")); });
  }
  std::string all() {
    std::string names;
    REQUIRE(database
                ->read([&](Connection& c) {
                  return c.query("SELECT who FROM t ORDER BY who", {}, [&](const Row& row) { names += row.text(0); });
                })
                .has_value());
    return names;
  }
};
using Told = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(Fixture, "the writes of a group share one commit, are seen inside of it, and are told in order") {
  for (const std::string& path : {std::string("file"), std::string(":memory:")}) {
    CAPTURE(path);
    if (path == ":memory:") open(path);
    commits = 0;
    told.clear();
    const auto outcome = database->group([&] {
      CHECK(insert("a").has_value());
      tell("a");
      CHECK(all() == "a");
      CHECK(!insert("a"));  // undoes only itself
      CHECK(database->group([&] { CHECK(insert("b").has_value()); }).has_value());
      tell("b");
      CHECK(all() == "ab");
      CHECK(commits == 0);
      CHECK(told.empty());
    });
    CHECK(outcome.has_value());
    CHECK(commits == 1);
    CHECK(told == Told{"a durable", "b durable"});
    CHECK(all() == "ab");
  }
}

TEST_CASE_FIXTURE(Fixture, "a commit that fails undoes every write of the group, and the next group is a new one") {
  failing_commit = 1;
  commits = 0;
  const auto outcome = database->group([&] {
    CHECK(insert("a").has_value());
    tell("a");
    CHECK(insert("b").has_value());
    tell("b");
  });
  CHECK(outcome.error().message == "disk full");
  CHECK(told == Told{"a undone", "b undone"});
  CHECK(all().empty());
  CHECK(database->group([&] { CHECK(insert("a").has_value()); }).has_value());
  CHECK(all() == "a");
}

TEST_CASE_FIXTURE(Fixture, "outside of a group what was written is durable at once") {
  CHECK(insert("a").has_value());
  tell("a");
  CHECK(told == Told{"a durable"});
}

TEST_CASE_FIXTURE(Fixture, "a group that wrote nothing, or whose writes were all refused, commits nothing") {
  CHECK(insert("a").has_value());
  commits = 0;
  CHECK(database->group([] {}).has_value());
  CHECK(database->group([&] { CHECK(!insert("a")); }).has_value());
  CHECK(commits == 0);
}

TEST_CASE_FIXTURE(Fixture, "an exception undoes the group and goes on") {
  CHECK_THROWS_AS((void)database->group([&] {
    CHECK(insert("a").has_value());
    tell("a");
    throw std::runtime_error("out of the window");
  }),
                  std::runtime_error);
  CHECK(told == Told{"a undone"});
  CHECK(all().empty());
  CHECK(insert("a").has_value());
}

TEST_CASE_FIXTURE(Fixture, "a write inside of a write is refused in a group too, and so is a group inside of a write") {
  CHECK(database
            ->group([&] {
              CHECK(!database->write([&](Connection&) { return insert("inner"); }));
              CHECK(insert("outer").has_value());
            })
            .has_value());
  CHECK(all() == "outer");
  CHECK(!database->write([&](Connection&) { return database->group([] {}); }));
}

TEST_CASE_FIXTURE(Fixture, "what is joined to a write of a group goes along with that write") {
  const auto along = [&](const std::string& who) {
    database->join_next_write([who](Connection& c) { return c.execute("INSERT INTO t (who) VALUES (?)", {who}); });
  };
  CHECK(insert("x").has_value());
  CHECK(database
            ->group([&] {
              along("1");
              CHECK(insert("a").has_value());
              CHECK(database->end_join());
              along("2");
              CHECK(!insert("x"));
              CHECK(!database->end_join());
              along("x");  // refused: takes its write back
              CHECK(!insert("b"));
              CHECK(!database->end_join());
            })
            .has_value());
  CHECK(all() == "1ax");
}

TEST_CASE_FIXTURE(Fixture,
                  "a checked write that refuses in time undoes nothing, and one that fails later loses the group") {
  const auto checked = [&](const std::string& who, bool fails_later) {
    return database->write_checked([&](Connection& c) -> Result<> {
      TRY(c.execute("INSERT INTO t (who) VALUES (?)", {who}));
      return fails_later ? fail(Code::internal, "too late") : Result<>();
    });
  };
  CHECK(database
            ->group([&] {
              CHECK(checked("a", false).has_value());
              CHECK(checked("a", false).error().code == Code::conflict);
              CHECK(checked("b", false).has_value());
            })
            .has_value());
  CHECK(all() == "ab");
  const auto lost = database->group([&] {
    CHECK(checked("c", false).has_value());
    tell("c");
    CHECK(checked("d", true).error().message == "too late");
    CHECK(insert("e").error().message == "too late");
  });
  CHECK(lost.error().message == "too late");
  CHECK(told == Told{"c undone"});
  CHECK(all() == "ab");
  // Alone it has others' writes in its transaction, perhaps: it undoes itself.
  CHECK(checked("f", true).error().message == "too late");
  CHECK(checked("f", false).has_value());
  CHECK(all() == "abf");
}

TEST_CASE_FIXTURE(Fixture, "whatever commit fails, each group is there as a whole or not at all") {
  for (int failing = 1; failing <= 6; ++failing) {
    CAPTURE(failing);
    open(":memory:");
    commits = 0;
    failing_commit = failing;
    std::string expected;
    for (const std::string& group : {std::string("ab"), std::string("cd"), std::string("ef"), std::string("gh")}) {
      const auto outcome = database->group([&] {
        for (const char c : group) CHECK(insert(std::string(1, c)).has_value());
      });
      CHECK(outcome.has_value() == (commits != failing));
      if (outcome) expected += group;
    }
    CHECK(all() == expected);
  }
}

TEST_CASE_FIXTURE(Fixture, "groups of one thread and writes of others share the database without loss") {
  database->set_commit_fault({});
  std::atomic<int> failures{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) {
          const auto name = std::to_string(t) + "-" + std::to_string(i);
          if (t % 2 == 0) {
            if (!insert(name)) ++failures;
            continue;
          }
          const auto caller = std::this_thread::get_id();
          const auto outcome = database->group([&] {
            if (caller != std::this_thread::get_id()) ++failures;
            if (!insert(name) || !insert(name + "b")) ++failures;
          });
          if (!outcome) ++failures;
        }
      });
    }
  }
  CHECK(failures == 0);
  std::int64_t rows = 0;
  REQUIRE(database
              ->read([&](Connection& c) {
                return c.query("SELECT count(*) FROM t", {}, [&](const Row& row) { rows = row.integer(0); });
              })
              .has_value());
  CHECK(rows == 300);
}

TEST_CASE_FIXTURE(Fixture, "a disk that fills up inside of a group loses the group and nothing else") {
  storage::TestDirectory small;
  if (!small.mount_tmpfs("512k")) return;
  open(small.path() + "/d.sqlite");
  database->set_commit_fault({});
  CHECK(insert("before").has_value());
  const auto outcome = database->group([&] {
    CHECK(insert("a").has_value());
    tell("a");
    (void)insert(std::string(2'000'000, 'x'));  // SQLite may notice now, or at the commit
    (void)insert("b");
  });
  CHECK_FALSE(outcome.has_value());
  CHECK(told == Told{"a undone"});
  CHECK(all() == "before");
  CHECK(database->group([&] { CHECK(insert("after").has_value()); }).has_value());
}

TEST_CASE_FIXTURE(Fixture, "a scan ends when it has seen enough") {
  for (const auto* name : {"a", "b", "c"}) CHECK(insert(name).has_value());
  std::string seen;
  REQUIRE(database
              ->read([&](Connection& c) {
                return c.scan("SELECT who FROM t ORDER BY who", {}, [&](const Row& row) {
                  seen += row.text(0);
                  return seen.size() < 2;
                });
              })
              .has_value());
  CHECK(seen == "ab");
}

TEST_CASE_FIXTURE(Fixture, "what several ask for before a commit is done in the order in which they asked first") {
  const char keys[3] = {};
  std::string order;
  const auto ask = [&](int key) {
    CHECK(database->write([&](Connection& c) {
      return database->before_commit(c, &keys[key], [&order, key](Connection&) -> Result<> {
        order += std::to_string(key);
        return {};
      });
    }));
  };
  CHECK(database->group([&] {
    for (const int key : {2, 0, 1, 2}) ask(key);
  }));
  CHECK(order == "201");
}

TEST_CASE_FIXTURE(
    Fixture, "what is to be done before a commit is done once for a group, with its last word, and at once outside") {
  const auto ask = [&](const std::string& who, const std::string& last) {
    return database->write([&](Connection& c) -> Result<> {
      TRY(c.execute("INSERT INTO t (who) VALUES (?)", {who}));
      return database->before_commit(
          c, this, [last](Connection& inner) { return inner.execute("INSERT INTO t (who) VALUES (?)", {last}); });
    });
  };
  CHECK(ask("a", "x").has_value());
  CHECK(all() == "ax");
  CHECK(database
            ->group([&] {
              CHECK(ask("b", "y").has_value());
              CHECK(ask("c", "z").has_value());
              CHECK(all() == "abcx");
            })
            .has_value());
  CHECK(all() == "abcxz");
  const auto refused = database->group([&] {
    CHECK(ask("d", "a").has_value());
    tell("d");
  });
  CHECK(refused.error().code == Code::conflict);
  CHECK(told == Told{"d undone"});
  CHECK(all() == "abcxz");
  CHECK(database->group([&] { CHECK(insert("e").has_value()); }).has_value());  // nothing is left of it
  CHECK(all() == "abcexz");
}
