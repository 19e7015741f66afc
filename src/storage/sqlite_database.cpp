#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "storage/posix_file.hpp"
#include "storage/sqlite_checkpointer.hpp"
#include "storage/sqlite_connection.hpp"

namespace slipway::storage {

namespace {

using Work = std::function<Result<>(Connection&)>;

constexpr std::size_t largest_group = 128;  // writes in one transaction: bounds how long the first one waits
constexpr std::size_t idle_readers = 8;

// How a write that fails is undone.
enum class Undo : std::uint8_t { by_savepoint, never_needed };

// A call of write() or group() that waits for its transaction.
struct Pending {
  const Work& work;
  Undo undo = Undo::by_savepoint;
  bool on_own_thread = false;  // a group(): it leads its transaction
  bool has_changes = false;    // of a group: whether a write() in it succeeded
  Result<> result = {};
  bool done = false;
  bool leads = false;
  std::condition_variable changed = {};
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
      : path_(std::move(path)), options_(options), in_memory_(path_ == ":memory:"), writer_(std::move(writer)) {
    if (in_memory_) return;
    checkpointer_ = std::make_unique<Checkpointer>(path_, options_);
    writer_->on_commit([this](int pages) { checkpointer_->committed(*writer_, pages); });
  }

  Result<> write(const Work& work) override { return write_undoing(work, Undo::by_savepoint); }
  Result<> write_checked(const Work& work) override { return write_undoing(work, Undo::never_needed); }

  Result<> before_commit(Connection& connection, const void* key, Work work) override {
    if (!in_group()) return work(connection);
    const auto known = std::ranges::find(before_commit_, key, &std::pair<const void*, Work>::first);
    if (known != before_commit_.end()) {
      known->second = std::move(work);
    } else {
      before_commit_.emplace_back(key, std::move(work));
    }
    return {};
  }

  void join_next_write(Work work) override { joined = {this, std::move(work), false}; }
  bool end_join() override { return std::exchange(joined, {}).is_durable; }

  Result<> group(const std::function<void()>& work) override {
    if (in_group()) {
      work();
      return {};
    }
    std::exception_ptr thrown;
    std::vector<std::function<void(bool)>> callbacks;
    const Work all = [&](Connection& connection) -> Result<> {
      group_thread_ = std::this_thread::get_id();
      try {
        work();
      } catch (...) {
        thrown = std::current_exception();
      }
      group_thread_ = std::thread::id();
      callbacks = std::exchange(after_group_, {});
      const auto last_works = std::exchange(before_commit_, {});
      TRY(std::exchange(group_error_, {}));
      if (thrown) return fail(Code::internal, "a group of writes was ended by an exception");
      for (const auto& [key, last_work] : last_works) TRY(last_work(connection));
      return {};
    };
    Pending mine{.work = all, .undo = Undo::never_needed, .on_own_thread = true};
    const auto result = enter(mine);
    for (const auto& done : callbacks) done(result.has_value());
    if (thrown) std::rethrow_exception(thrown);
    return result;
  }

  void after_group(std::function<void(bool)> done) override {
    if (!in_group()) return done(true);
    after_group_.push_back(std::move(done));
  }

  Result<> read(const Work& work) override {
    if (in_memory_ || in_group()) {
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
  // Only the thread of the open group finds its own id there.
  bool in_group() const { return group_thread_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

  Result<> write_undoing(const Work& work, Undo undo) {
    if (joined.database != this || joined.is_durable) return write_alone(work, undo);
    // Another thread may lead the group and run this: nothing of this thread's may be looked up in there.
    const Work both = [&work, &along = joined.work](Connection& connection) -> Result<> {
      TRY(work(connection));
      return along(connection);
    };
    auto result = write_alone(both, undo);
    joined.is_durable = result.has_value();
    return result;
  }

  Result<> write_alone(const Work& work, Undo undo) {
    Pending mine{.work = work, .undo = undo};
    if (in_group()) return write_in_group(mine);
    mine.undo = Undo::by_savepoint;  // other threads may be in the transaction
    return enter(mine);
  }

  // The group holds the writer and its transaction.
  Result<> write_in_group(Pending& mine) {
    if (is_writing_) return fail(Code::internal, "write() was called inside of a write()");
    if (!group_error_) return group_error_;  // the transaction is lost
    is_writing_ = true;
    group_error_ = run(mine);
    is_writing_ = false;
    if (!group_error_) return group_error_;
    group_has_changes_ = group_has_changes_ || mine.result.has_value();
    return std::move(mine.result);
  }

  // Waits until it leads or another thread has run it.
  Result<> enter(Pending& mine) {
    std::unique_lock lock(queue_mutex_);
    if (leader_thread_ == std::this_thread::get_id()) {
      return fail(Code::internal, mine.on_own_thread ? "group() was called inside of a write()"
                                                     : "write() was called inside of a write()");
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

  // Runs what is queued as one transaction and gives every member its result. The first member is this thread's.
  // `lock` holds the queue and is given up while the database works, so that others can queue; they join until the
  // commit begins, or until one comes that has to lead.
  void lead(std::unique_lock<std::mutex>& lock) {
    std::vector<Pending*> members;
    lock.unlock();
    Result<> outcome;
    {
      const std::lock_guard writer_lock(writer_mutex_);
      group_has_changes_ = false;
      outcome = writer_->execute("BEGIN IMMEDIATE", {});
      lock.lock();
      while (!queue_.empty() && members.size() < largest_group && (members.empty() || !queue_.front()->on_own_thread)) {
        Pending* const member = queue_.front();
        queue_.pop_front();
        members.push_back(member);
        // Without a transaction the members share its error; a group runs all the same, and each of its writes fails.
        if (!outcome && !member->on_own_thread) continue;
        lock.unlock();
        group_error_ = outcome;
        outcome = outcome ? run(*member) : run_in_vain(*member);
        member->has_changes = member->on_own_thread ? group_has_changes_ : member->result.has_value();
        lock.lock();
        if (!outcome && member->on_own_thread) break;  // the others have nothing to do with it
      }
      lock.unlock();
      const bool changes =
          std::any_of(members.begin(), members.end(), [](const Pending* member) { return member->has_changes; });
      if (outcome && changes) outcome = commit();
      if (writer_->in_transaction()) (void)writer_->execute("ROLLBACK", {});
    }
    lock.lock();
    for (Pending* member : members) {
      if (!outcome) member->result = outcome;
      member->done = true;
      member->changed.notify_one();
    }
  }

  // The member's own error goes to member.result; what is returned is the transaction's state.
  Result<> run(Pending& member) {
    const bool has_savepoint = member.undo == Undo::by_savepoint;
    if (has_savepoint) TRY(writer_->execute("SAVEPOINT member", {}));
    const auto before = writer_->total_changes();
    work_on(member);
    if (!writer_->in_transaction()) {  // as SQLite does when the disk is full
      if (!member.result) return member.result;
      return fail(Code::internal, "a write ended the transaction it ran in");
    }
    if (!has_savepoint) return member.result || writer_->total_changes() == before ? Result<>() : member.result;
    if (!member.result) TRY(writer_->execute("ROLLBACK TO member", {}));
    return writer_->execute("RELEASE member", {});
  }

  void work_on(Pending& member) {
    try {
      SqliteSession session(*writer_, false);
      member.result = member.work(session);
    } catch (const std::exception& exception) {
      // Another thread's work must not end this thread.
      member.result = fail(Code::internal, std::string("a write threw: ") + exception.what());
    } catch (...) {
      member.result = fail(Code::internal, "a write threw something that is no exception");
    }
  }

  Result<> run_in_vain(const Pending& group) {
    SqliteSession session(*writer_, true);
    return group.work(session);
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
    // Its snapshot must not live on; closing ends it.
    if (reader->in_transaction() && !reader->execute("ROLLBACK", {})) return;
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
    return_reader(std::move(reader));
    return result;
  }

  const std::string path_;
  const DatabaseOptions options_;
  const bool in_memory_;

  std::mutex queue_mutex_;
  std::deque<Pending*> queue_;
  bool has_leader_ = false;
  std::thread::id leader_thread_;

  // Of the open group: only its thread uses them.
  std::atomic<std::thread::id> group_thread_;
  std::vector<std::function<void(bool)>> after_group_;
  std::vector<std::pair<const void*, Work>> before_commit_;  // in the order in which they were asked for first
  Result<> group_error_;
  bool group_has_changes_ = false;
  bool is_writing_ = false;

  // Recursive: work inside of write() may read() a database in memory, which has one connection, and a group holds it.
  std::recursive_mutex writer_mutex_;
  std::unique_ptr<SqliteConnection> writer_;
  std::function<Result<>()> commit_fault_;

  std::mutex readers_mutex_;
  std::vector<std::unique_ptr<SqliteConnection>> readers_;

  std::unique_ptr<Checkpointer> checkpointer_;  // of a file; ends before the writer
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const std::string& path, DatabaseOptions options) {
  if (path != ":memory:") TRY(make_private_file(path));  // SQLite gives its log files the same mode
  TRY_ASSIGN(std::unique_ptr<SqliteConnection> writer, SqliteConnection::open(path, SqliteMode::create, options));
  return std::make_unique<SqliteDatabase>(path, options, std::move(writer));
}

}  // namespace slipway::storage
