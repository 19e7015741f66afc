#pragma once
// PlatformProcess: `slipway up` as a child, for the demo and --detach. The demo has it started again when it dies, as
// systemd would.

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/result.hpp"

namespace slipway::cli {

class PlatformProcess {
 public:
  // argv of `slipway up ...`. Its output goes to `log`.
  PlatformProcess(std::vector<std::string> argv, std::string data, std::string log);
  ~PlatformProcess();  // stop()

  // Returns when the platform answers. The error has the log's last lines. `watched`: it is started again when it dies.
  Result<> start(bool watched = true);
  int pid() const { return pid_; }
  // Stops platform and workloads, waits; safe to call twice.
  void stop();
  // Leaves it running (--keep): the child goes on without us.
  void release();
  int restarts() const { return restarts_; }

 private:
  Result<> spawn();
  void watch();

  std::vector<std::string> argv_;
  std::string data_, log_;
  std::atomic<int> pid_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<int> restarts_{0};
  std::mutex stop_mutex_;
  std::thread watcher_;
};

}  // namespace slipway::cli
