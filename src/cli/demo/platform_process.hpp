#pragma once
// PlatformProcess: `slipway up` as a child of the demo. Started again when it dies, as systemd would; stopped with all
// its workloads at the end.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "core/result.hpp"

namespace slipway::cli::demo {

class PlatformProcess {
 public:
  // argv of `slipway up ...`. Its output goes to `log`.
  PlatformProcess(std::vector<std::string> argv, std::string data, std::string log);
  ~PlatformProcess();  // stop()

  // Returns when the platform answers. The error has the log's last lines.
  Result<> start();
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
  std::thread watcher_;
};

}  // namespace slipway::cli::demo
