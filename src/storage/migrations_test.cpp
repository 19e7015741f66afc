#include <doctest/doctest.h>

#include "storage/database.hpp"

using namespace slipway;
using storage::Connection;
using storage::Migration;
using storage::Row;

namespace {

constexpr Migration first{1, "CREATE TABLE a (x INTEGER); CREATE INDEX a_x ON a (x); -- done\n"};
constexpr Migration second{2, "ALTER TABLE a ADD COLUMN y TEXT; INSERT INTO a (x, y) VALUES (1, 'semi;colon');"};
constexpr Migration broken{3, "CREATE TABLE b (x INTEGER); INSERT INTO nowhere VALUES (1)"};

std::string tables(storage::Database& database) {
  std::string out;
  (void)database.read([&](Connection& c) {
    return c.query("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", {},
                   [&](const Row& row) { out += row.text(0) + ";"; });
  });
  return out;
}

}  // namespace

TEST_CASE("migrations run once, in order, each room for itself") {
  auto database = std::move(*storage::open_sqlite(":memory:"));
  const Migration all[] = {first, second};
  CHECK(storage::migrate(*database, "objects", std::span(all, 1)).has_value());
  CHECK(storage::migrate(*database, "objects", all).has_value());
  CHECK(storage::migrate(*database, "objects", all).has_value());
  const Migration other[] = {{1, "CREATE TABLE c (x INTEGER)"}};
  CHECK(storage::migrate(*database, "team", other).has_value());
  CHECK(tables(*database) == "a;c;slipway_migrations;");
  std::string y;
  CHECK(database
            ->read([&](Connection& c) {
              return c.query("SELECT y FROM a", {}, [&](const Row& row) { y += row.text(0); });
            })
            .has_value());
  CHECK(y == "semi;colon");
}

TEST_CASE("a migration that fails leaves nothing of itself and the ones before in place") {
  auto database = std::move(*storage::open_sqlite(":memory:"));
  const Migration all[] = {first, second, broken};
  const auto result = storage::migrate(*database, "objects", all);
  REQUIRE(!result.has_value());
  CHECK(result.error().message.starts_with("migration 3 of objects: "));
  CHECK(result.error().message.find("no such table: nowhere") != std::string::npos);
  CHECK(tables(*database) == "a;slipway_migrations;");
  CHECK(storage::migrate(*database, "objects", std::span(all, 2)).has_value());
}

TEST_CASE("a database of a newer program is refused") {
  auto database = std::move(*storage::open_sqlite(":memory:"));
  const Migration all[] = {first, second};
  REQUIRE(storage::migrate(*database, "objects", all).has_value());
  const auto result = storage::migrate(*database, "objects", std::span(all, 1));
  REQUIRE(!result.has_value());
  CHECK(result.error().code == Code::failed_precondition);
  CHECK(result.error().message ==
        "the database was written by a newer program: objects is at version 2, this program knows 1");
}

TEST_CASE("a gap in the versions is a mistake of ours") {
  auto database = std::move(*storage::open_sqlite(":memory:"));
  const Migration gap[] = {first, {3, "SELECT 1"}};
  CHECK(storage::migrate(*database, "objects", gap).error().code == Code::internal);
}
