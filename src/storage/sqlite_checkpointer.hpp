#pragma once
// Checkpointer: moves what is in the write-ahead log into the database's file beside its writer, which would otherwise
// stand still for two fsyncs every thousand pages. Inside of storage.

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "storage/sqlite_connection.hpp"

namespace slipway::storage {

class Checkpointer {
 public:
  Checkpointer(std::string path, DatabaseOptions options) : path_(std::move(path)), options_(options) {}
  ~Checkpointer();  // waits for a checkpoint that is under way
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // After each commit, on the writer's thread, with the pages that are in the log. The log begins anew only when all of
  // it was moved, which somebody who never pauses keeps from happening: the writer moves the rest itself then.
  void committed(SqliteConnection& writer, int pages);

 private:
  void run(const std::stop_token& stop);

  const std::string path_;
  const DatabaseOptions options_;
  int moved_at_ = 0;  // pages when the thread was last woken; the writer's thread only

  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool is_due_ = false;  // guarded by mutex_
  std::jthread thread_;  // started when it is first needed
};

}  // namespace slipway::storage
