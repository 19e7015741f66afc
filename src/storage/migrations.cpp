#include "storage/database.hpp"

namespace slipway::storage {

namespace {

constexpr std::string_view versions_table =
    "CREATE TABLE IF NOT EXISTS slipway_migrations (room TEXT PRIMARY KEY, version INTEGER NOT NULL)";

Result<int> version_of(Connection& connection, std::string_view room) {
  int version = 0;
  TRY(connection.query("SELECT version FROM slipway_migrations WHERE room = ?", {std::string(room)},
                       [&](const Row& row) { version = static_cast<int>(row.integer(0)); }));
  return version;
}

}  // namespace

Result<> migrate(Database& database, std::string_view room, std::span<const Migration> migrations) {
  int expected = 0;
  for (const Migration& migration : migrations) {
    if (migration.version != ++expected) {
      return fail(Code::internal, "migrations of " + std::string(room) + " have a gap before version " +
                                      std::to_string(migration.version));
    }
  }
  int present = 0;
  TRY(database.write([&](Connection& connection) -> Result<> {
    TRY(connection.execute(versions_table));
    TRY_ASSIGN(present, version_of(connection, room));
    return {};
  }));
  if (present > expected) {
    return fail(Code::failed_precondition,
                "the database was written by a newer program: " + std::string(room) + " is at version " +
                    std::to_string(present) + ", this program knows " + std::to_string(expected),
                "run the newer program, or restore a backup from before");
  }
  for (const Migration& migration : migrations) {
    auto result = database.write([&](Connection& connection) -> Result<> {
      // Read again: another process may have been faster.
      TRY_ASSIGN(const int version, version_of(connection, room));
      if (version >= migration.version) return {};
      TRY(connection.execute(migration.sql));
      return connection.execute(
          "INSERT INTO slipway_migrations (room, version) VALUES (?, ?) "
          "ON CONFLICT (room) DO UPDATE SET version = excluded.version",
          {std::string(room), std::int64_t{migration.version}});
    });
    if (!result) {
      Error error = std::move(result).error();
      error.message =
          "migration " + std::to_string(migration.version) + " of " + std::string(room) + ": " + error.message;
      return fail(std::move(error));
    }
  }
  return {};
}

}  // namespace slipway::storage
