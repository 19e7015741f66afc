#pragma once
// Cgroups: holds containers to their limits of memory, cpu and processes, by the kernel: version 2 where its
// controllers are to be had, else version 1. The shim's child joins them (shim/group.hpp), and the shim takes them
// away.
//
// Thread: the control loop only.

#include <functional>
#include <memory>
#include <optional>

#include "core/doc.hpp"
#include "pods/runtime.hpp"

namespace slipway::pods {

struct Limits {
  std::optional<std::int64_t> memory;     // bytes
  std::optional<std::int64_t> milli_cpu;  // thousandths of a processor
  std::optional<std::int64_t> processes;  // and threads
  bool empty() const { return !memory && !milli_cpu && !processes; }
};
// Of resources.limits. Pure.
Limits limits_of(const doc::Value& container);

class Cgroups {
 public:
  // nullptr: none can be written here. `name` is of the node alone.
  static std::unique_ptr<Cgroups> find(const std::string& name, const std::string& mounted_at = "/sys/fs/cgroup");

  std::string version() const { return is_v2_ ? "v2" : "v1"; }
  bool limits_processes() const { return has_pids_; }
  // The directories that the program joins.
  Result<std::vector<std::string>> make(const ContainerId& id, const Limits& limits);
  // Those that a killed shim left. What still has processes stays.
  void sweep(const std::function<bool(const std::string& pod_uid)>& is_alive);

 private:
  Cgroups(std::string mounted_at, std::string name, bool is_v2, bool has_pids)
      : mounted_at_(std::move(mounted_at)), name_(std::move(name)), is_v2_(is_v2), has_pids_(has_pids) {}
  std::string directory(const char* controller) const;
  std::vector<const char*> controllers() const;
  Result<> make_own(const char* controller) const;

  std::string mounted_at_;
  std::string name_;
  bool is_v2_;
  bool has_pids_;
};

}  // namespace slipway::pods
