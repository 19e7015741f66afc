#pragma once
// What a Pod is called, and its own /etc/hosts, by which it finds Services and other Pods by name: one file a Pod, kept
// up to date in place while the Pod lives. For Pods that have a view of their own (Confinement); others see the
// machine's. Inside the room only.
//
// Thread: the control loop only.

#include <memory>

#include "objects/store.hpp"
#include "pods/service_names.hpp"
#include "pods/volumes/disk.hpp"

namespace slipway::pods {

// What the programs of a Pod get from gethostname(); empty: the machine's name, for a Pod of the host's network.
std::string host_name_of(const objects::Object& pod);
// The file of a Pod. `service_lines` are ServiceNames', `of_machine` what the machine's own file says.
std::string render_hosts(const objects::Object& pod, const std::string& address, const std::string& service_lines,
                         const std::string& of_machine);

class Hosts {
 public:
  // They outlive it.
  Hosts(core::World& world, objects::Store& store, volumes::VolumeDisk& disk);
  // Knows the Services from now on. Without it there are none: over a cluster, whose addresses lead elsewhere.
  Result<> start();

  // Makes `file`, and keeps it.
  Result<> keep(const objects::Object& pod, const std::string& address, const std::string& file);
  void forget(const std::string& pod_uid);
  // Of the Services that the Pod sees; none where it wants none (enableServiceLinks).
  Variables variables(const objects::Object& pod) const;

 private:
  struct Kept {
    objects::Object pod;  // what its lines are made of, and no more
    std::string address, file, written;
  };
  std::string of_machine() const;
  Result<> write(Kept& kept, const std::string& service_lines, const std::string& of_machine);
  void on_event(const objects::WatchEvent& event);
  void plan(Duration delay);
  void write_all();

  core::World& world_;
  objects::Store& store_;
  volumes::VolumeDisk& disk_;
  ServiceNames names_;
  std::map<std::string, Kept> kept_;  // by the Pod's uid
  std::vector<std::unique_ptr<objects::Watch>> watches_;
  bool is_planned_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::pods
