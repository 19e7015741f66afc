#pragma once
// The Endpoints controller: what a Service's EndpointSlices say, once more as the older kind that people and programs
// still read (`kubectl get endpoints`). Only for Services with a selector: Endpoints of others are people's own
// (endpoints_mirror.hpp). Inside the room only.

#include <set>

#include "objects/controller.hpp"
#include "objects/endpoints.hpp"

namespace slipway::pods::workloads {

using objects::endpoints_kind;

// Whose it is, which an endpoint of a slice and an address of Endpoints say alike.
void copy_whose(const doc::Value& from, doc::Object& to);
// `slices`: those of the Service that our own controller made. Pure.
doc::Value render_subsets(const std::vector<objects::Object>& slices);

class ServiceEndpointsReconciler final : public objects::Reconciler {
 public:
  explicit ServiceEndpointsReconciler(objects::Store& store) : store_(store) {}
  Result<objects::Outcome> reconcile(const objects::Name& service) override;

 private:
  Result<> follow_service_away(const objects::Name& service);
  Result<> keep(const objects::Object& service, doc::Value subsets);

  objects::Store& store_;
  std::set<objects::Name> services_;  // that were seen
};

// The Service that a slice belongs to.
std::vector<objects::Name> service_of_slice(const objects::Object& slice);

}  // namespace slipway::pods::workloads
