#pragma once
// One SQLite connection with its cache of prepared statements. Inside of storage: others see database.hpp.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "storage/database.hpp"

struct sqlite3;

namespace slipway::storage {

// scratch: a new file without a journal, for backups. keep: moves the log into the file, and nothing else.
enum class SqliteMode { create, read, scratch, keep };

// One thread at a time; sessions on it too.
class SqliteConnection {
 public:
  static Result<std::unique_ptr<SqliteConnection>> open(const std::string& path, SqliteMode mode,
                                                        DatabaseOptions options);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  // `read_only` refuses statements that would change the database.
  Result<> execute(std::string_view sql, const Args& args, bool read_only = false);
  // Until `row` says false.
  Result<> scan(std::string_view sql, const Args& args, const std::function<bool(const Row&)>& row,
                bool read_only = false);
  std::int64_t last_insert_id() const;
  std::int64_t changed_rows() const;
  std::int64_t total_changes() const;  // rows since it was opened; those that were undone too
  // False when SQLite undid the transaction by itself, as it does when the disk is full.
  bool in_transaction() const;

  // Instead of SQLite's own checkpoints: `committed` gets the pages in the log after each commit that wrote some.
  void on_commit(std::function<void(int pages)> committed);
  // Moves what is in the log into the file, as far as readers let it, while the writer goes on.
  Result<> checkpoint();

  // Copies this database into `target`, page by page, in one snapshot.
  Result<> copy_to(SqliteConnection& target);

 private:
  struct Cache;
  class Statement;
  explicit SqliteConnection(std::string path);
  Error error(int code, std::string_view doing) const;
  Result<> run(const Statement& statement, std::string_view sql, const Args& args,
               const std::function<bool(const Row&)>& row, bool read_only);

  std::string path_;
  sqlite3* handle_ = nullptr;
  std::function<void(int)> committed_;
  std::unique_ptr<Cache> cache_;
};

// What read() and write() hand to their caller.
class SqliteSession final : public Connection {
 public:
  SqliteSession(SqliteConnection& connection, bool read_only) : connection_(connection), read_only_(read_only) {}
  Result<> execute(std::string_view sql, const Args& args) override {
    return connection_.execute(sql, args, read_only_);
  }
  Result<> query(std::string_view sql, const Args& args, const std::function<void(const Row&)>& row) override {
    return connection_.scan(sql, args, [&row](const Row& r) { return row(r), true; }, read_only_);
  }
  Result<> scan(std::string_view sql, const Args& args, const std::function<bool(const Row&)>& row) override {
    return connection_.scan(sql, args, row, read_only_);
  }
  std::int64_t last_insert_id() const override { return connection_.last_insert_id(); }
  std::int64_t changed_rows() const override { return connection_.changed_rows(); }

 private:
  SqliteConnection& connection_;
  bool read_only_;
};

}  // namespace slipway::storage
