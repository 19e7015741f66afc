#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "storage/posix_file.hpp"
#include "storage/sqlite_connection.hpp"

namespace slipway::storage {

namespace {

using Work = std::function<Result<>(Connection&)>;

constexpr std::size_t largest_group = 128;  // writes in one transaction: bounds how long the first one waits
constexpr std::size_t idle_readers = 8;

// A call of write() that waits for its group.
struct Pending {
  explicit Pending(const Work& w) : work(w) {}
  const Work& work;
  Result<> result;
  bool done = false;
  bool leads = false;
  std::condition_variable changed;
};

// What goes along with this thread's next write.
struct Joined {
  const Database* database = nullptr;
  Work work;
  bool is_durable = false;
};
thread_local Joined joined;

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(std::string path, DatabaseOptions options, std::unique_ptr<SqliteConnection> writer)
      : path_(std::move(path)), options_(options), in_memory_(path_ == ":memory:"), writer_(std::move(writer)) {}

  Result<> write(const Work& work) override {
    if (joined.database != this || joined.is_durable) return write_alone(work);
    // Another thread may lead the group and run this: nothing of this thread's may be looked up in there.
    const Work both = [&work, &along = joined.work](Connection& connection) -> Result<> {
      TRY(work(connection));
      return along(connection);
    };
    auto result = write_alone(both);
    joined.is_durable = result.has_value();
    return result;
  }

  void join_next_write(Work work) override { joined = {this, std::move(work), false}; }
  bool end_join() override { return std::exchange(joined, {}).is_durable; }

  Result<> write_alone(const Work& work) {
    Pending mine(work);
    std::unique_lock lock(queue_mutex_);
    if (leader_thread_ == std::this_thread::get_id()) {
      return fail(Code::internal, "write() was called inside of a write()");
    }
    queue_.push_back(&mine);
    if (has_leader_) {
      mine.changed.wait(lock, [&] { return mine.done || mine.leads; });
      if (mine.done) return std::move(mine.result);
    }
    has_leader_ = true;
    leader_thread_ = std::this_thread::get_id();
    lead(lock);
    leader_thread_ = std::thread::id();
    if (queue_.empty()) {
      has_leader_ = false;
    } else {  // who waits longest leads next; this thread has its answer
      queue_.front()->leads = true;
      queue_.front()->changed.notify_one();
    }
    return std::move(mine.result);
  }

  Result<> read(const Work& work) override {
    if (in_memory_) {
      const std::lock_guard lock(writer_mutex_);
      SqliteSession session(*writer_, true);
      return work(session);
    }
    TRY_ASSIGN(std::unique_ptr<SqliteConnection> reader, take_reader());
    TRY(reader->execute("BEGIN", {}));
    Result<> result;
    try {
      SqliteSession session(*reader, true);
      result = work(session);
    } catch (...) {
      return_reader(std::move(reader));
      throw;
    }
    return_reader(std::move(reader));
    return result;
  }

  Result<> backup_to(const std::string& path) override {
    const std::string unfinished = path + ".unfinished";
    (void)::unlink(unfinished.c_str());
    auto result = copy_into(unfinished);
    if (result) result = publish_file(unfinished, path);
    if (!result) {
      (void)::unlink(unfinished.c_str());
      return result;
    }
    // Left by somebody who had an older backup of that name open; they do not belong to this one.
    (void)::unlink((path + "-wal").c_str());
    (void)::unlink((path + "-shm").c_str());
    return {};
  }

  void set_commit_fault(std::function<Result<>()> fault) override {
    const std::lock_guard lock(writer_mutex_);
    commit_fault_ = std::move(fault);
  }

 private:
  // Runs what is queued as one transaction and gives every member its result. `lock` holds the queue and is given up
  // while the database works, so that others can queue; they join until the commit begins.
  void lead(std::unique_lock<std::mutex>& lock) {
    std::vector<Pending*> group;
    lock.unlock();
    Result<> outcome;
    {
      const std::lock_guard writer_lock(writer_mutex_);
      outcome = writer_->execute("BEGIN IMMEDIATE", {});
      lock.lock();
      while (!queue_.empty() && group.size() < largest_group) {
        Pending* const member = queue_.front();
        queue_.pop_front();
        group.push_back(member);
        if (!outcome) continue;  // the transaction is lost: they share its error
        lock.unlock();
        outcome = run(*member);
        lock.lock();
      }
      lock.unlock();
      const bool changes =
          std::any_of(group.begin(), group.end(), [](const Pending* member) { return member->result.has_value(); });
      if (outcome && changes) outcome = commit();
      if (writer_->in_transaction()) (void)writer_->execute("ROLLBACK", {});
    }
    lock.lock();
    for (Pending* member : group) {
      if (!outcome) member->result = outcome;
      member->done = true;
      member->changed.notify_one();
    }
  }

  // The member's own error goes to member.result; what is returned is the transaction's state.
  Result<> run(Pending& member) {
    TRY(writer_->execute("SAVEPOINT member", {}));
    try {
      SqliteSession session(*writer_, false);
      member.result = member.work(session);
    } catch (const std::exception& exception) {
      // Another thread's work must not end this thread.
      member.result = fail(Code::internal, std::string("a write threw: ") + exception.what());
    } catch (...) {
      member.result = fail(Code::internal, "a write threw something that is no exception");
    }
    if (!writer_->in_transaction()) {  // as SQLite does when the disk is full
      if (!member.result) return member.result;
      return fail(Code::internal, "a write ended the transaction it ran in");
    }
    if (!member.result) TRY(writer_->execute("ROLLBACK TO member", {}));
    return writer_->execute("RELEASE member", {});
  }

  Result<> commit() {
    if (commit_fault_) TRY(commit_fault_());
    return writer_->execute("COMMIT", {});
  }

  Result<std::unique_ptr<SqliteConnection>> take_reader() {
    {
      const std::lock_guard lock(readers_mutex_);
      if (!readers_.empty()) {
        std::unique_ptr<SqliteConnection> reader = std::move(readers_.back());
        readers_.pop_back();
        return reader;
      }
    }
    return SqliteConnection::open(path_, SqliteMode::read, options_);
  }

  void return_reader(std::unique_ptr<SqliteConnection> reader) {
    if (!reader->execute("ROLLBACK", {})) return;  // its snapshot must not live on; closing ends it
    const std::lock_guard lock(readers_mutex_);
    if (readers_.size() < idle_readers) readers_.push_back(std::move(reader));
  }

  Result<> copy_into(const std::string& path) {
    TRY(make_private_file(path));
    TRY_ASSIGN(std::unique_ptr<SqliteConnection> target, SqliteConnection::open(path, SqliteMode::scratch, options_));
    if (in_memory_) {
      const std::lock_guard lock(writer_mutex_);
      return writer_->copy_to(*target);
    }
    TRY_ASSIGN(std::unique_ptr<SqliteConnection> reader, take_reader());
    auto result = reader->copy_to(*target);
    const std::lock_guard lock(readers_mutex_);
    if (readers_.size() < idle_readers) readers_.push_back(std::move(reader));
    return result;
  }

  const std::string path_;
  const DatabaseOptions options_;
  const bool in_memory_;

  std::mutex queue_mutex_;
  std::deque<Pending*> queue_;
  bool has_leader_ = false;
  std::thread::id leader_thread_;

  // Recursive, because a database in memory has one connection: work inside of write() may read().
  std::recursive_mutex writer_mutex_;
  std::unique_ptr<SqliteConnection> writer_;
  std::function<Result<>()> commit_fault_;

  std::mutex readers_mutex_;
  std::vector<std::unique_ptr<SqliteConnection>> readers_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const std::string& path, DatabaseOptions options) {
  if (path != ":memory:") TRY(make_private_file(path));  // SQLite gives its log files the same mode
  TRY_ASSIGN(std::unique_ptr<SqliteConnection> writer, SqliteConnection::open(path, SqliteMode::create, options));
  return std::make_unique<SqliteDatabase>(path, options, std::move(writer));
}

}  // namespace slipway::storage
