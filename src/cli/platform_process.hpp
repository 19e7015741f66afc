#pragma once
// PlatformProcess: `slipway up` as a child, for the demo and --detach. The demo has it started again when it dies, as
// systemd would.

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/doc.hpp"
#include "core/result.hpp"

namespace slipway::cli {

// How a `slipway up` that was started by a PlatformProcess tells it, once, whether it serves. Says nothing when
// nobody asked.
class StartReport {
 public:
  StartReport();  // takes the request from the environment, so that no child of ours finds it
  void serves(const std::vector<std::string>& warnings);
  void failed(const core::Error& error);

 private:
  void write(const core::doc::Object& verdict);
  std::string path_;
};

class PlatformProcess {
 public:
  // argv of `slipway up ...`. Its output goes to `log`.
  PlatformProcess(std::vector<std::string> argv, std::string data, std::string log);
  ~PlatformProcess();  // stop()

  // Returns when the child says that it serves, or why not: the error reads as the child's own would. One that died
  // without a word has this start's last log lines. `watched`: it is started again when it dies.
  Result<> start(bool watched = true);
  int pid() const { return pid_; }
  const std::vector<std::string>& warnings() const { return warnings_; }  // of the start
  // Stops platform and workloads, waits; safe to call twice.
  void stop();
  // Leaves it running (--keep): the child goes on without us.
  void release();
  int restarts() const { return restarts_; }

 private:
  Result<> spawn(const std::string& report = {});
  Error died(int status) const;
  void watch();

  std::vector<std::string> argv_;
  std::string data_, log_;
  std::vector<std::string> warnings_;
  std::atomic<int> pid_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<int> restarts_{0};
  std::mutex stop_mutex_;
  std::thread watcher_;
};

}  // namespace slipway::cli
