#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "storage/database.hpp"
#include "storage/test_directory.hpp"

using namespace slipway;
using storage::Connection;
using storage::Database;
using storage::Row;
using storage::TestDirectory;

namespace {

std::unique_ptr<Database> opened(const std::string& path) {
  auto database = storage::open_sqlite(path);
  REQUIRE(database.has_value());
  REQUIRE(
      (*database)
          ->write([](Connection& c) { return c.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, who TEXT UNIQUE)"); })
          .has_value());
  return std::move(*database);
}

std::int64_t count(Database& database) {
  std::int64_t rows = -1;
  REQUIRE(database
              .read([&](Connection& c) {
                return c.query("SELECT count(*) FROM t", {}, [&](const Row& row) { rows = row.integer(0); });
              })
              .has_value());
  return rows;
}

// Opens once `number` threads came to it: how a test knows that they have queued, without a clock.
class Gate {
 public:
  void arrive() {
    const std::lock_guard lock(mutex_);
    ++arrived_;
    changed_.notify_all();
  }
  void wait_for(int number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ >= number; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
};

// One thread writes; while its commit is held back, `others` more threads queue. Gives each thread's result, and counts
// the commits. All but the first one fail when asked for.
std::vector<Result<>> write_together(Database& database, int others, std::atomic<int>& commits,
                                     const std::function<Result<>(Connection&, int)>& work, bool fail_later_commits) {
  Gate first_commits;
  Gate queued;
  database.set_commit_fault([&]() -> Result<> {
    if (++commits > 1) return fail_later_commits ? fail(Code::resource_exhausted, "disk full") : Result<>();
    first_commits.arrive();
    queued.wait_for(others);
    // They announce themselves before they queue: give them the processor until they wait.
    for (int i = 0; i < 100'000; ++i) std::this_thread::yield();
    return {};
  });
  std::vector<Result<>> results(static_cast<std::size_t>(others) + 1);
  {
    std::vector<std::jthread> threads;
    threads.emplace_back([&] { results[0] = database.write([&](Connection& c) { return work(c, 0); }); });
    first_commits.wait_for(1);
    for (int i = 1; i <= others; ++i) {
      threads.emplace_back([&, i] {
        queued.arrive();
        results[static_cast<std::size_t>(i)] = database.write([&, i](Connection& c) { return work(c, i); });
      });
    }
  }
  database.set_commit_fault(nullptr);
  return results;
}

Result<> insert(Connection& c, int who) { return c.execute("INSERT INTO t (who) VALUES (?)", {std::to_string(who)}); }

}  // namespace

TEST_CASE("eight threads' writes share transactions, and all are there") {
  TestDirectory directory;
  for (const std::string& path : {directory.path() + "/d.sqlite", std::string(":memory:")}) {
    CAPTURE(path);
    auto database = opened(path);
    std::atomic<int> commits{0};
    database->set_commit_fault([&]() -> Result<> {
      ++commits;
      return {};
    });
    std::atomic<int> failures{0};
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
          for (int i = 0; i < 100; ++i) {
            if (!database->write([&](Connection& c) { return insert(c, t * 1000 + i); })) ++failures;
          }
        });
      }
    }
    CHECK(failures == 0);
    CHECK(count(*database) == 800);
    CHECK(commits <= 800);
    MESSAGE(commits.load(), " commits for 800 writes");
  }
}

TEST_CASE("writes that queue during a commit share the next one") {
  auto database = opened(":memory:");
  std::atomic<int> commits{0};
  const auto results = write_together(*database, 7, commits, insert, false);
  for (const auto& result : results) CHECK(result.has_value());
  CHECK(count(*database) == 8);
  CHECK(commits < 8);
}

TEST_CASE("in a group each failure is its own") {
  TestDirectory directory;
  auto database = opened(directory.path() + "/d.sqlite");
  std::atomic<int> commits{0};
  const auto work = [](Connection& c, int who) -> Result<> {
    TRY(insert(c, who));
    if (who % 2 == 1) return fail(Code::failed_precondition, "odd " + std::to_string(who));
    return {};
  };
  const auto results = write_together(*database, 7, commits, work, false);
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (i % 2 == 0)
      CHECK(results[i].has_value());
    else
      CHECK(results[i].error().message == "odd " + std::to_string(i));
  }
  CHECK(count(*database) == 4);
}

TEST_CASE("a commit that fails fails its whole group and changes nothing") {
  TestDirectory directory;
  auto database = opened(directory.path() + "/d.sqlite");
  std::atomic<int> commits{0};
  const auto results = write_together(*database, 7, commits, insert, true);
  CHECK(results[0].has_value());
  for (std::size_t i = 1; i < results.size(); ++i) CHECK(results[i].error().message == "disk full");
  CHECK(count(*database) == 1);
  CHECK(database->write([](Connection& c) { return insert(c, 99); }).has_value());
}

TEST_CASE("readers see every write that returned, while writers go on") {
  TestDirectory directory;
  auto database = opened(directory.path() + "/d.sqlite");
  std::atomic<int> written{0};
  std::atomic<bool> stop{false};
  std::atomic<int> stale{0};
  {
    std::vector<std::jthread> readers;
    for (int r = 0; r < 3; ++r) {
      readers.emplace_back([&] {
        while (!stop) {
          const int known = written;
          std::int64_t rows = 0;
          const auto result = database->read([&](Connection& c) {
            return c.query("SELECT count(*) FROM t", {}, [&](const Row& row) { rows = row.integer(0); });
          });
          if (!result || rows < known) ++stale;
        }
      });
    }
    for (int i = 0; i < 200; ++i) {
      if (database->write([&](Connection& c) { return insert(c, i); })) ++written;
    }
    stop = true;
  }
  CHECK(written == 200);
  CHECK(stale == 0);
}

TEST_CASE("work that is joined to a write is durable with it, or not at all") {
  const auto database = opened(":memory:");
  const auto insert = [](const char* who) {
    return [who](Connection& c) { return c.execute("INSERT INTO t (who) VALUES (?)", {who}); };
  };
  SUBCASE("with the write") {
    database->join_next_write(insert("record"));
    CHECK(database->write(insert("effect")).has_value());
    CHECK(database->end_join());
    CHECK(count(*database) == 2);
    CHECK(database->write(insert("next")).has_value());
    CHECK(count(*database) == 3);
  }
  SUBCASE("a write that is refused takes it back; the next one carries it") {
    CHECK(database->write(insert("effect")).has_value());
    database->join_next_write(insert("record"));
    CHECK(!database->write(insert("effect")));
    CHECK(count(*database) == 1);
    CHECK(database->write(insert("other")).has_value());
    CHECK(database->end_join());
    CHECK(count(*database) == 3);
  }
  SUBCASE("work that is refused takes the write back") {
    CHECK(database->write(insert("record")).has_value());
    database->join_next_write(insert("record"));
    CHECK(!database->write(insert("effect")));
    CHECK(!database->end_join());
    CHECK(count(*database) == 1);
  }
  SUBCASE("a commit that fails, and no write at all") {
    database->join_next_write(insert("record"));
    database->set_commit_fault([] { return fail(core::Code::resource_exhausted, "the disk is full"); });
    CHECK(!database->write(insert("effect")));
    database->set_commit_fault({});
    CHECK(!database->end_join());
    database->join_next_write(insert("record"));
    CHECK(!database->end_join());
    CHECK(count(*database) == 0);
  }
}
