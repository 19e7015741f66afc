#include "storage/sqlite_connection.hpp"

#include <sqlite3.h>

#include <cstring>
#include <unordered_map>
#include <utility>

namespace slipway::storage {

namespace {

constexpr std::size_t cached_statements = 200;

struct StatementDeleter {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using StatementPtr = std::unique_ptr<sqlite3_stmt, StatementDeleter>;

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

Code code_of(int result) {
  switch (result & 0xFF) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return Code::resource_exhausted;
    case SQLITE_CONSTRAINT:
      return Code::conflict;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return Code::data_loss;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Code::unavailable;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      return Code::permission_denied;
    case SQLITE_CANTOPEN:
      return Code::failed_precondition;
    case SQLITE_INTERRUPT:
      return Code::cancelled;
    default:
      return Code::internal;
  }
}

std::string hint_of(int result) {
  switch (result & 0xFF) {
    case SQLITE_FULL:
      return "free some disk space; nothing was changed";
    case SQLITE_IOERR:
      return "look at the disk and its file system (dmesg); nothing was changed";
    case SQLITE_NOTADB:
      return "this file is something else, or its beginning was overwritten; restore a backup";
    case SQLITE_CORRUPT:
      return "the file is damaged; restore a backup";
    case SQLITE_BUSY:
      return "another program holds this database; stop it";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return "check that the directory exists, and who owns it";
    default:
      return "";
  }
}

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  bool is_null(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
  double real(int column) const override { return sqlite3_column_double(statement_, column); }
  std::string text(int column) const override {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    const int size = sqlite3_column_bytes(statement_, column);
    return bytes ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
  }

 private:
  sqlite3_stmt* statement_;
};

// The values live in the caller's Args until the statement is reset.
int bind(sqlite3_stmt* statement, const Args& args) {
  int index = 0;
  for (const SqlValue& value : args) {
    ++index;
    int result = SQLITE_OK;
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      result = sqlite3_bind_int64(statement, index, *integer);
    } else if (const auto* real = std::get_if<double>(&value)) {
      result = sqlite3_bind_double(statement, index, *real);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      result = sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
    } else {
      result = sqlite3_bind_null(statement, index);
    }
    if (result != SQLITE_OK) return result;
  }
  return SQLITE_OK;
}

bool only_space(std::string_view sql) { return sql.find_first_not_of(" \t\r\n;") == std::string_view::npos; }

}  // namespace

struct SqliteConnection::Cache {
  using Map = std::unordered_map<std::string, StatementPtr, TextHash, std::equal_to<>>;
  Map idle;
};

// A prepared statement taken out of the cache; goes back, reset, at its end. Taken out, so that a query inside of a
// query's callback cannot reset the outer one.
class SqliteConnection::Statement {
 public:
  Statement(SqliteConnection& connection, std::string_view sql) : cache_(*connection.cache_) {
    if (const auto found = cache_.idle.find(sql); found != cache_.idle.end()) {
      node_ = cache_.idle.extract(found);
      return;
    }
    sqlite3_stmt* prepared = nullptr;
    const char* tail = nullptr;
    result_ = sqlite3_prepare_v3(connection.handle_, sql.data(), static_cast<int>(sql.size()),
                                 SQLITE_PREPARE_PERSISTENT, &prepared, &tail);
    Cache::Map fresh;
    node_ = fresh.extract(fresh.emplace(sql, StatementPtr(prepared)).first);
    if (tail) rest_ = sql.substr(static_cast<std::size_t>(tail - sql.data()));
    if (only_space(rest_)) rest_ = {};
  }

  ~Statement() {
    if (!get()) return;
    sqlite3_reset(get());
    sqlite3_clear_bindings(get());
    if (!rest_.empty()) return;
    if (cache_.idle.size() >= cached_statements) cache_.idle.clear();
    cache_.idle.insert(std::move(node_));
  }

  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  int result() const { return result_; }
  std::string_view rest() const { return rest_; }  // the statements behind this one
  sqlite3_stmt* get() const { return node_.mapped().get(); }

 private:
  Cache& cache_;
  Cache::Map::node_type node_;
  std::string_view rest_;
  int result_ = SQLITE_OK;
};

SqliteConnection::SqliteConnection(std::string path) : path_(std::move(path)), cache_(std::make_unique<Cache>()) {}

SqliteConnection::~SqliteConnection() {
  cache_->idle.clear();
  sqlite3_close_v2(handle_);
}

Error SqliteConnection::error(int code, std::string_view doing) const {
  const int extended = handle_ ? sqlite3_extended_errcode(handle_) : code;
  std::string message = handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
  if ((extended & 0xFF) == SQLITE_IOERR || (extended & 0xFF) == SQLITE_CANTOPEN) {
    if (const int number = handle_ ? sqlite3_system_errno(handle_) : 0; number != 0) {
      message += std::string(": ") + strerrordesc_np(number);
    }
  }
  Error out(code_of(code), std::move(message), hint_of(code));
  if (out.code != Code::conflict) {
    out.message = "database " + path_ + ": " + out.message;
    if (out.code == Code::internal) out.message += " in: " + std::string(doing.substr(0, 200));
  }
  return out;
}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::string& path, SqliteMode mode,
                                                                 DatabaseOptions options) {
  // Its counters of memory cost a lock at every allocation, and nobody reads them. Refused once SQLite is in use.
  static const int ignored = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)ignored;
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(path));
  // Readers open for writing too: the first one after a crash may have to recover the write-ahead log.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (mode == SqliteMode::read ? 0 : SQLITE_OPEN_CREATE);
  const int result = sqlite3_open_v2(path.c_str(), &connection->handle_, flags, nullptr);
  if (result != SQLITE_OK) return fail(connection->error(result, "open"));
  sqlite3_extended_result_codes(connection->handle_, 1);
  sqlite3_busy_timeout(connection->handle_, 5000);
  if (mode == SqliteMode::scratch) {
    TRY(connection->execute("PRAGMA journal_mode = OFF", {}));
    TRY(connection->execute("PRAGMA synchronous = FULL", {}));
    return connection;
  }
  // The first statement that reads the file: what is no database is found here.
  if (mode == SqliteMode::create) {
    TRY(connection->execute("PRAGMA journal_mode = WAL", {}));
    TRY(connection->execute("PRAGMA journal_size_limit = 67108864", {}));
    // What is deleted is overwritten in pages that are written anyway. All of it, Debian's choice, writes every page
    // that becomes free, and the ring of changes frees them all the time.
    TRY(connection->execute("PRAGMA secure_delete = FAST", {}));
  } else if (mode == SqliteMode::read) {
    TRY(connection->execute("PRAGMA query_only = ON", {}));
  }
  TRY(connection->execute(
      options.durability == Durability::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", {}));
  TRY(connection->execute("PRAGMA foreign_keys = ON", {}));
  TRY(connection->execute("PRAGMA temp_store = MEMORY", {}));
  TRY(connection->execute("PRAGMA cache_size = -" + std::to_string(options.cache_mib * 1024), {}));
  TRY(connection->execute("SELECT count(*) FROM sqlite_schema", {}));
  return connection;
}

Result<> SqliteConnection::execute(std::string_view sql, const Args& args, bool read_only) {
  while (true) {
    std::string_view rest;
    {
      const Statement statement(*this, sql);
      rest = statement.rest();
      if (!rest.empty() && !args.empty()) {
        return fail(Code::internal, "several statements cannot share arguments: " + std::string(sql.substr(0, 200)));
      }
      TRY(run(statement, sql, args, nullptr, read_only));
    }
    if (rest.empty()) return {};
    sql = rest;
  }
}

Result<> SqliteConnection::scan(std::string_view sql, const Args& args, const std::function<bool(const Row&)>& row,
                                bool read_only) {
  const Statement statement(*this, sql);
  if (!statement.rest().empty()) return fail(Code::internal, "one query at a time: " + std::string(sql.substr(0, 200)));
  return run(statement, sql, args, row, read_only);
}

Result<> SqliteConnection::run(const Statement& statement, std::string_view sql, const Args& args,
                               const std::function<bool(const Row&)>& row, bool read_only) {
  if (statement.result() != SQLITE_OK) return fail(error(statement.result(), sql));
  if (!statement.get()) return {};  // a comment alone
  if (read_only && sqlite3_stmt_readonly(statement.get()) == 0) {
    return fail(Code::internal, "read() must not change the database: " + std::string(sql.substr(0, 200)));
  }
  if (sqlite3_bind_parameter_count(statement.get()) != static_cast<int>(args.size())) {
    return fail(Code::internal, std::to_string(args.size()) + " arguments for: " + std::string(sql.substr(0, 200)));
  }
  if (const int result = bind(statement.get(), args); result != SQLITE_OK) return fail(error(result, sql));
  const SqliteRow current(statement.get());
  while (true) {
    const int result = sqlite3_step(statement.get());
    if (result == SQLITE_DONE) return {};
    if (result != SQLITE_ROW) return fail(error(result, sql));
    if (row && !row(current)) return {};
  }
}

std::int64_t SqliteConnection::last_insert_id() const { return sqlite3_last_insert_rowid(handle_); }
std::int64_t SqliteConnection::changed_rows() const { return sqlite3_changes64(handle_); }
std::int64_t SqliteConnection::total_changes() const { return sqlite3_total_changes64(handle_); }
bool SqliteConnection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

void SqliteConnection::on_commit(std::function<void(int pages)> committed) {
  committed_ = std::move(committed);
  const auto hook = [](void* self, sqlite3*, const char*, int pages) {
    static_cast<SqliteConnection*>(self)->committed_(pages);
    return SQLITE_OK;
  };
  sqlite3_wal_hook(handle_, hook, this);
}

Result<> SqliteConnection::checkpoint() {
  const int result = sqlite3_wal_checkpoint_v2(handle_, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (result == SQLITE_OK || result == SQLITE_BUSY || result == SQLITE_LOCKED) return {};
  return fail(error(result, "checkpoint"));
}

Result<> SqliteConnection::copy_to(SqliteConnection& target) {
  sqlite3_backup* backup = sqlite3_backup_init(target.handle_, "main", handle_, "main");
  if (!backup) return fail(target.error(sqlite3_errcode(target.handle_), "backup"));
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped != SQLITE_DONE) return fail(target.error(finished != SQLITE_OK ? finished : stepped, "backup"));
  return {};
}

}  // namespace slipway::storage
