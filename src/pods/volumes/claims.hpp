#pragma once
// Claims: PersistentVolumeClaims of the class "standard" are directories of this machine: made when the claim is, kept
// until it is deleted and no Pod uses it. A claim that names a volume which somebody made by hand is bound to that.
// For a node that is alone: a cluster binds its claims itself.

#include "objects/controller.hpp"
#include "objects/event_recorder.hpp"
#include "pods/volumes/disk.hpp"

namespace slipway::pods::volumes {

class Claims final : public objects::Reconciler {
 public:
  // Everything outlives it. The data is in `directory`, a directory a claim, by uid.
  Claims(core::World& world, objects::Store& store, VolumeDisk& disk, std::string directory);

  // Makes the class "standard", the default one, where it is absent; begins to watch.
  Result<> start();
  void stop() { controller_.reset(); }
  Result<objects::Outcome> reconcile(const objects::Name& name) override;

 private:
  Result<> make_class();
  Result<> let_go(const objects::Object& claim);
  void tell_no_class(const objects::Object& claim, const std::string& storage_class);
  Result<bool> is_used(const objects::Object& claim);
  Result<> make_for_pod(const objects::Name& claim);
  Result<> provision(objects::Object claim);
  Result<> bind(objects::Object claim, const objects::Object& volume);

  core::World& world_;
  objects::Store& store_;
  VolumeDisk& disk_;
  std::string directory_;
  objects::EventRecorder events_;
  std::unique_ptr<objects::Controller> controller_;
};

}  // namespace slipway::pods::volumes
