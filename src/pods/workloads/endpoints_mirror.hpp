#pragma once
// EndpointSlices of Endpoints that somebody wrote by hand for a Service without a selector: who reads slices alone
// finds them, too. Inside the room only.
// https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors

#include "objects/controller.hpp"
#include "objects/event_recorder.hpp"

namespace slipway::pods::workloads {

// One slice for each subset and family of addresses, without names: they are generated. Pure.
std::vector<objects::Object> mirror_of(const objects::Object& endpoints);

class EndpointsMirrorReconciler final : public objects::Reconciler {
 public:
  explicit EndpointsMirrorReconciler(objects::Store& store) : store_(store) {}
  Result<objects::Outcome> reconcile(const objects::Name& endpoints) override;

 private:
  Result<std::vector<objects::Object>> wanted_for(const objects::Name& endpoints);
  objects::Store& store_;
};

}  // namespace slipway::pods::workloads
