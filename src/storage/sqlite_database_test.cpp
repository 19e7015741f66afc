#include <doctest/doctest.h>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "storage/database.hpp"
#include "storage/test_directory.hpp"

using namespace slipway;
using storage::Args;
using storage::Connection;
using storage::Database;
using storage::Row;
using storage::TestDirectory;

namespace {

std::unique_ptr<Database> opened(const std::string& path) {
  auto database = storage::open_sqlite(path);
  REQUIRE_MESSAGE(database.has_value(), database.error().render());
  return std::move(*database);
}

Result<> run(Database& database, std::string_view sql, Args args = {}) {
  return database.write([&](Connection& c) { return c.execute(sql, args); });
}

std::string names(Database& database) {
  std::string out;
  const auto result = database.read([&](Connection& c) {
    return c.query("SELECT name FROM t ORDER BY id", {}, [&](const Row& row) { out += row.text(0) + ";"; });
  });
  REQUIRE_MESSAGE(result.has_value(), result.error().render());
  return out;
}

constexpr const char* table =
    "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, size INTEGER CHECK (size >= 0), x REAL)";

// The same story for a file and for a database in memory.
template <class Story>
void both(Story story) {
  TestDirectory directory;
  for (const std::string& path : {directory.path() + "/d.sqlite", std::string(":memory:")}) {
    CAPTURE(path);
    auto database = opened(path);
    REQUIRE(run(*database, table).has_value());
    story(*database);
  }
}

}  // namespace

TEST_CASE("what was written is read, with its types") {
  both([](Database& database) {
    const std::string with_nul("a\0b", 3);
    auto result = database.write([&](Connection& c) -> Result<> {
      TRY(c.execute("INSERT INTO t (name, size, x) VALUES (?, ?, ?)", {with_nul, std::int64_t{1} << 40, 0.5}));
      CHECK(c.last_insert_id() == 1);
      TRY(c.execute("INSERT INTO t (name) VALUES (?)", {nullptr}));
      TRY(c.execute("UPDATE t SET x = 1"));
      CHECK(c.changed_rows() == 2);
      return c.execute("UPDATE t SET x = 0.5 WHERE id = 1");
    });
    REQUIRE(result.has_value());
    int rows = 0;
    result = database.read([&](Connection& c) {
      return c.query("SELECT name, size, x FROM t ORDER BY id", {}, [&](const Row& row) {
        if (rows++ == 0) {
          CHECK(row.text(0) == with_nul);
          CHECK(row.integer(1) == std::int64_t{1} << 40);
          CHECK(row.real(2) == 0.5);
        } else {
          CHECK(row.is_null(0));
          CHECK(row.text(0) == "");
          CHECK(row.is_null(1));
        }
      });
    });
    CHECK(result.has_value());
    CHECK(rows == 2);
  });
}

TEST_CASE("a write that fails undoes only its own changes") {
  both([](Database& database) {
    REQUIRE(run(database, "INSERT INTO t (name) VALUES ('kept')").has_value());
    const auto result = database.write([&](Connection& c) -> Result<> {
      TRY(c.execute("INSERT INTO t (name) VALUES ('gone')"));
      return fail(Code::failed_precondition, "changed my mind");
    });
    CHECK(result.error().message == "changed my mind");
    CHECK(names(database) == "kept;");
  });
}

TEST_CASE("a constraint is a conflict that names itself") {
  both([](Database& database) {
    REQUIRE(run(database, "INSERT INTO t (name) VALUES ('a')").has_value());
    const auto unique = run(database, "INSERT INTO t (name) VALUES ('a')");
    CHECK(unique.error().code == Code::conflict);
    CHECK(unique.error().message == "UNIQUE constraint failed: t.name");
    const auto check = run(database, "INSERT INTO t (size) VALUES (-1)");
    CHECK(check.error().code == Code::conflict);
    CHECK(check.error().message.find("size >= 0") != std::string::npos);
    REQUIRE(run(database, "CREATE TABLE child (t INTEGER NOT NULL REFERENCES t (id))").has_value());
    CHECK(run(database, "INSERT INTO child VALUES (99)").error().code == Code::conflict);
  });
}

TEST_CASE("a commit that fails leaves nothing and the next one works") {
  both([](Database& database) {
    database.set_commit_fault([]() -> Result<> { return fail(Code::resource_exhausted, "disk full"); });
    CHECK(run(database, "INSERT INTO t (name) VALUES ('a')").error().message == "disk full");
    CHECK(names(database) == "");
    database.set_commit_fault(nullptr);
    CHECK(run(database, "INSERT INTO t (name) VALUES ('b')").has_value());
    CHECK(names(database) == "b;");
  });
}

TEST_CASE("work that throws is undone, told, and blocks nobody") {
  both([](Database& database) {
    const auto result = database.write([](Connection& c) -> Result<> {
      TRY(c.execute("INSERT INTO t (name) VALUES ('a')"));
      throw std::runtime_error("boom");
    });
    CHECK(result.error().code == Code::internal);
    CHECK(result.error().message == "a write threw: boom");
    CHECK(names(database) == "");
    CHECK(run(database, "INSERT INTO t (name) VALUES ('b')").has_value());
  });
}

TEST_CASE("wrong use is an error that says how, not a hang or a surprise") {
  both([](Database& database) {
    const auto nested =
        database.write([&](Connection&) { return database.write([](Connection&) -> Result<> { return {}; }); });
    CHECK(nested.error().message == "write() was called inside of a write()");
    const auto change = database.read([](Connection& c) { return c.execute("INSERT INTO t (name) VALUES ('a')"); });
    CHECK(change.error().message.starts_with("read() must not change the database"));
    CHECK(run(database, "INSERT INTO t (name) VALUES (?)").error().message.starts_with("0 arguments for"));
    CHECK(run(database, "INSERT INTO t (name) VALUES (?); SELECT 1", {std::string("a")})
              .error()
              .message.starts_with("several statements"));
    const auto typo = run(database, "INSRT INTO t");
    CHECK(typo.error().code == Code::internal);
    CHECK(typo.error().message.find("near \"INSRT\": syntax error in: INSRT INTO t") != std::string::npos);
    const auto commit = database.write([](Connection& c) { return c.execute("COMMIT"); });
    CHECK(commit.error().message == "a write ended the transaction it ran in");
    CHECK(names(database) == "");
    CHECK(run(database, "INSERT INTO t (name) VALUES ('b')").has_value());
  });
}

TEST_CASE("a query may run the same query for each of its rows") {
  both([](Database& database) {
    REQUIRE(run(database, "INSERT INTO t (name) VALUES ('a'), ('b')").has_value());
    std::string seen;
    const auto result = database.read([&](Connection& c) {
      return c.query("SELECT name FROM t WHERE id > ? ORDER BY id", {std::int64_t{0}}, [&](const Row& outer) {
        (void)c.query("SELECT name FROM t WHERE id > ? ORDER BY id", {std::int64_t{1}},
                      [&](const Row& inner) { seen += outer.text(0) + inner.text(0) + ";"; });
      });
    });
    CHECK(result.has_value());
    CHECK(seen == "ab;bb;");
  });
}

TEST_CASE("a read keeps its snapshot while others write") {
  TestDirectory directory;
  auto database = opened(directory.path() + "/d.sqlite");
  REQUIRE(run(*database, table).has_value());
  REQUIRE(run(*database, "INSERT INTO t (name) VALUES ('a')").has_value());
  const auto count = [](Connection& c) {
    std::int64_t rows = 0;
    (void)c.query("SELECT count(*) FROM t", {}, [&](const Row& row) { rows = row.integer(0); });
    return rows;
  };
  const auto result = database->read([&](Connection& c) -> Result<> {
    CHECK(count(c) == 1);
    TRY(run(*database, "INSERT INTO t (name) VALUES ('b')"));
    CHECK(count(c) == 1);
    // Another reader sees it at once.
    return database->read([&](Connection& other) -> Result<> {
      CHECK(count(other) == 2);
      return {};
    });
  });
  CHECK(result.has_value());
}

TEST_CASE("a database file is private, durable, and found again") {
  TestDirectory directory;
  const std::string path = directory.path() + "/d.sqlite";
  {
    auto database = opened(path);
    REQUIRE(run(*database, table).has_value());
    REQUIRE(run(*database, "INSERT INTO t (name) VALUES ('a')").has_value());
    struct stat status{};
    for (const std::string& file : {path, path + "-wal", path + "-shm"}) {
      CAPTURE(file);
      REQUIRE(::stat(file.c_str(), &status) == 0);
      CHECK((status.st_mode & 0777) == 0600);
    }
  }
  CHECK(names(*opened(path)) == "a;");
}

TEST_CASE("what is no database is data loss, and a missing directory is told") {
  TestDirectory directory;
  const std::string path = directory.path() + "/d.sqlite";
  std::ofstream(path) << std::string(8192, 'x');
  const auto garbage = storage::open_sqlite(path);
  REQUIRE(!garbage.has_value());
  CHECK(garbage.error().code == Code::data_loss);
  CHECK(garbage.error().message.find(path) != std::string::npos);
  CHECK(storage::open_sqlite(directory.path() + "/none/d.sqlite").error().code == Code::not_found);
}

TEST_CASE("a damaged page is data loss") {
  TestDirectory directory;
  const std::string path = directory.path() + "/d.sqlite";
  {
    auto database = opened(path);
    REQUIRE(run(*database, table).has_value());
    for (int i = 0; i < 200; ++i)
      REQUIRE(run(*database, "INSERT INTO t (name) VALUES (hex(randomblob(100)))").has_value());
  }
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 4);
    file << std::string(4096 * 4, '\x55');
  }
  auto database = opened(path);
  const auto result = database->read(
      [](Connection& c) { return c.query("SELECT name FROM t", {}, [](const Row& row) { (void)row.text(0); }); });
  REQUIRE(!result.has_value());
  CHECK(result.error().code == Code::data_loss);
}

TEST_CASE("a backup is a whole database of its own") {
  both([](Database& database) {
    TestDirectory directory;
    const std::string path = directory.path() + "/backup.sqlite";
    REQUIRE(run(database, "INSERT INTO t (name) VALUES ('a')").has_value());
    for (int round = 0; round < 2; ++round) {  // the second one replaces the first
      const auto result = database.backup_to(path);
      REQUIRE_MESSAGE(result.has_value(), result.error().render());
    }
    REQUIRE(run(database, "INSERT INTO t (name) VALUES ('later')").has_value());
    CHECK(names(*opened(path)) == "a;");
    CHECK(!std::filesystem::exists(path + ".unfinished"));
    const auto nowhere = database.backup_to(directory.path() + "/none/backup.sqlite");
    CHECK(nowhere.error().code == Code::not_found);
  });
}

TEST_CASE("a full disk is resource_exhausted, changes nothing, and passes") {
  TestDirectory directory;
  if (!directory.mount_tmpfs("1m")) {
    MESSAGE("skipped: no right to mount");
    return;
  }
  auto database = opened(directory.path() + "/d.sqlite");
  REQUIRE(run(*database, table).has_value());
  REQUIRE(run(*database, "INSERT INTO t (name) VALUES ('a')").has_value());
  const auto result = run(*database, "INSERT INTO t (name) VALUES (hex(randomblob(2000000)))");
  REQUIRE(!result.has_value());
  CHECK(result.error().code == Code::resource_exhausted);
  CHECK(names(*database) == "a;");
  const auto small = run(*database, "INSERT INTO t (name) VALUES ('b')");
  CHECK_MESSAGE(small.has_value(), small.error().render());
  CHECK(names(*database) == "a;b;");
}

TEST_CASE("a writer that never pauses keeps a bounded log, and all that it wrote") {
  TestDirectory directory;
  const auto path = directory.path() + "/d.sqlite";
  constexpr int writes = 800;
  {
    auto database = opened(path);
    REQUIRE(run(*database, table).has_value());
    std::uintmax_t longest = 0;
    for (int i = 0; i < writes; ++i) {  // 25 pages each
      REQUIRE(run(*database, "INSERT INTO t (name) VALUES (?)", {std::to_string(i) + std::string(100'000, 'x')}));
      longest = std::max(longest, std::filesystem::file_size(path + "-wal"));
    }
    CHECK(longest < 40'000'000);  // of 80 MB
  }
  std::int64_t rows = 0;
  REQUIRE(opened(path)->read([&](Connection& c) {
    return c.query("SELECT count(*) FROM t", {}, [&](const Row& row) { rows = row.integer(0); });
  }));
  CHECK(rows == writes);
}
