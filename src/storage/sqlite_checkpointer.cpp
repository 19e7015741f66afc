#include "storage/sqlite_checkpointer.hpp"

#include "core/log.hpp"

namespace slipway::storage {
namespace {

constexpr int due_every = 1000;    // pages: as SQLite does it
constexpr int longest_log = 4250;  // pages, 17 MiB that a start after a crash has to read; most of them are moved then

}  // namespace

Checkpointer::~Checkpointer() = default;  // the thread is asked to stop, and joined, before what it uses goes

void Checkpointer::committed(SqliteConnection& writer, int pages) {
  if (pages < moved_at_) moved_at_ = 0;                 // the log began anew
  if (pages >= longest_log) (void)writer.checkpoint();  // what cannot be moved now is moved later
  if (pages - moved_at_ < due_every) return;
  moved_at_ = pages;
  const std::lock_guard lock(mutex_);
  is_due_ = true;
  changed_.notify_one();
  if (!thread_.joinable()) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Checkpointer::run(const std::stop_token& stop) {
  auto connection = SqliteConnection::open(path_, SqliteMode::keep, options_);
  if (!connection) {
    return log::warn("storage", "the log is not moved beside its writer",
                     {{"database", path_}, {"why", connection.error().one_line()}});
  }
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return is_due_; })) {
    is_due_ = false;
    lock.unlock();
    if (auto moved = (*connection)->checkpoint(); !moved)
      log::warn("storage", "the log was not moved into the database", {{"why", moved.error().one_line()}});
    lock.lock();
  }
}

}  // namespace slipway::storage
