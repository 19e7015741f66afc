#pragma once
// Devices: who of the Pods has which of the node's GPUs and other countable things. Each is one Pod's at a time, from
// before its program starts until the Pod has ended; what was given is in the Pod's directory, and outlives us.
//
// Thread: the control loop only.

#include <map>
#include <set>

#include "core/doc.hpp"
#include "core/world/world.hpp"
#include "pods/runtime.hpp"

namespace slipway::pods {

// The ids of what there is, by resource: {"nvidia.com/gpu": ["0", "1"]}.
using DeviceIds = std::map<std::string, std::vector<std::string>>;

// Those that the machine shows: /dev/nvidia0 and so on.
DeviceIds find_devices(const core::Files& files);
// How many of each a container asks for.
std::map<std::string, std::size_t> devices_wanted(const doc::Value& container, const DeviceIds& known);
// The variables that say it to programs.
std::vector<std::pair<std::string, std::string>> device_variables(const DeviceIds& given);

class Devices {
 public:
  // `files` outlives it.
  Devices(core::Files& files, DeviceIds all) : files_(files), all_(std::move(all)) {}

  const DeviceIds& all() const { return all_; }
  // What an earlier control plane gave to a Pod whose directory that is.
  Result<> restore(const std::string& pod_uid, const std::string& pod_directory);
  // The same for the same container each time; durable on return. resource_exhausted says what is short.
  Result<DeviceIds> take(const std::string& pod_uid, const std::string& container, const std::string& pod_directory,
                         const std::map<std::string, std::size_t>& wanted);
  void release(const std::string& pod_uid);

 private:
  using OfPod = std::map<std::string, DeviceIds>;  // by container
  std::vector<std::string> free_of(const std::string& resource) const;

  core::Files& files_;
  DeviceIds all_;
  std::map<std::string, OfPod> given_;  // by Pod's uid
};

}  // namespace slipway::pods
