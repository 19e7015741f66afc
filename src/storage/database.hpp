#pragma once
// Database: SQL with one writer, group commit and migrations. SQLite now; PostgreSQL comes behind the same door.
// Not for bytes over 100 KB (blobs.hpp) and not for derived state.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.hpp"

namespace slipway::storage {

using SqlValue = std::variant<std::nullptr_t, std::int64_t, double, std::string>;  // text is bound as TEXT
using Args = std::vector<SqlValue>;

// One row of a result; valid only inside the callback. Columns count from 0.
class Row {
 public:
  virtual ~Row() = default;
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual double real(int column) const = 0;
  virtual std::string text(int column) const = 0;
};

// A connection inside read() or write(). Statements are prepared once and cached by their text.
class Connection {
 public:
  virtual ~Connection() = default;
  // conflict when a UNIQUE or CHECK constraint refuses (message names it); resource_exhausted when the disk is full.
  virtual Result<> execute(std::string_view sql, const Args& args = {}) = 0;
  virtual Result<> query(std::string_view sql, const Args& args, const std::function<void(const Row&)>& row) = 0;
  // As query(), until `row` says false.
  virtual Result<> scan(std::string_view sql, const Args& args, const std::function<bool(const Row&)>& row) = 0;
  virtual std::int64_t last_insert_id() const = 0;
  virtual std::int64_t changed_rows() const = 0;
};

enum class Durability {
  full,    // synchronous=FULL: a write that returned survives a power cut
  normal,  // survives kill -9, may lose the last writes in a power cut (Leases, Events)
};

struct DatabaseOptions {
  Durability durability = Durability::full;
  int cache_mib = 8;  // of each connection; the system keeps the file's pages beside
};

// Thread-safe. write() calls of several threads share one transaction and one fsync (group commit: the first
// thread becomes the leader and runs what others queued meanwhile, each in its own savepoint). Without other
// threads it runs inline, so a simulated world stays on one thread.
class Database {
 public:
  virtual ~Database() = default;
  // Runs `work` and returns when it is durable. When `work` returns an error, only its own changes are undone and
  // the error is returned. When the commit fails, every member of the group gets that error and nothing is changed.
  // `work` must not call write() again and must not block.
  virtual Result<> write(const std::function<Result<>(Connection&)>& work) = 0;
  // As write(), cheaper in a group(): without a savepoint. `work` finds out all that it may refuse before its first
  // change. An error after a change, as of a full disk, is every later write's of the group too, and the commit's.
  virtual Result<> write_checked(const std::function<Result<>(Connection&)>& work) = 0;

  // Runs `work` on this thread, now. Every write() of this thread inside of it shares one transaction and one fsync,
  // each in a savepoint of its own: one that fails undoes only itself, what join_next_write() brought goes along with
  // its write. A write() that returned inside is seen by read() and is not durable yet. Returns the commit's outcome:
  // after an error nothing of the group is changed. A group() inside joins the outer one and returns at once. An
  // exception out of `work` undoes the group and goes on. Other threads' writes wait, so `work` must not block.
  virtual Result<> group(const std::function<void()>& work) = 0;
  // Runs `done` when it is known whether the open group of this thread is durable, in the order of these calls, after
  // the transaction; at once, with true, when there is none (a write() that returned is durable then). `done` must not
  // write() and must not throw; it may post to a loop.
  virtual void after_group(std::function<void(bool durable)> done) = 0;

  // Inside of a write(), as the last thing it does: `work` is done once at the end of the open group, however often the
  // group's writes ask for it under the same `key`; the last one counts. At once when there is no group. Its error is
  // the commit's.
  virtual Result<> before_commit(Connection& connection, const void* key,
                                 std::function<Result<>(Connection&)> work) = 0;

  // `work` goes along with the next write() of this thread, in its transaction and after it: both are durable, or
  // neither. Nothing runs when that write fails. One at a time; end_join() says whether it is durable, and gives it up
  // when no write came.
  virtual void join_next_write(std::function<Result<>(Connection&)> work) = 0;
  virtual bool end_join() = 0;  // inside a group(): as durable as the group

  // A consistent snapshot; readers do not block the writer. Sees everything whose write() returned, and, inside a
  // group(), what that wrote. `work` must not call write(): a database in memory has one connection.
  virtual Result<> read(const std::function<Result<>(Connection&)>& work) = 0;
  // A consistent copy while running.
  virtual Result<> backup_to(const std::string& path) = 0;

  // For tests and the simulated world: called before each commit; an error makes the commit fail with it.
  virtual void set_commit_fault(std::function<Result<>()> fault) = 0;
};

// Opens or makes `path` (mode 0600); ":memory:" is a private database. data_loss when the file is not a database.
Result<std::unique_ptr<Database>> open_sqlite(const std::string& path, DatabaseOptions options = {});

// Reads the whole file. data_loss says what is damaged.
Result<> check_integrity(Database& database);

struct Migration {
  int version;           // 1, 2, 3 ... without gaps
  std::string_view sql;  // one or more statements
};
// Brings the tables of one room up to date, each migration in a transaction of its own. failed_precondition when
// the database was written by a newer program.
Result<> migrate(Database& database, std::string_view room, std::span<const Migration> migrations);

}  // namespace slipway::storage
