#pragma once
// DiskPressure: says on the Node when the disk of the data directory is nearly full (its condition DiskPressure), and
// keeps new Pods away meanwhile, by the taint that a cluster has for it. It evicts nobody.
//
// Thread: the control loop only.

#include "objects/event_recorder.hpp"
#include "pods/volumes/disk.hpp"

namespace slipway::pods {

// Less than a twentieth of the disk is left, or less than 512 MiB where that is more. Once there is pressure, it takes
// half as much again to end it. Pure.
bool is_under_pressure(const volumes::Room& room, bool was_under_pressure);

class DiskPressure {
 public:
  // All outlive it. `taints`: nobody else taints nodes by their conditions, as a cluster does.
  DiskPressure(core::World& world, objects::Store& store, const volumes::VolumeDisk& disk, std::string directory,
               std::string node, bool taints);
  ~DiskPressure();
  void start();

 private:
  void look();
  Result<> tell(const volumes::Room& room);
  Result<> set_taint(const objects::Name& node, bool wanted);

  core::World& world_;
  objects::Store& store_;
  const volumes::VolumeDisk& disk_;
  std::string directory_, node_;
  bool taints_;
  objects::EventRecorder events_;
  core::TimerId timer_ = 0;
};

}  // namespace slipway::pods
