#pragma once
// The EndpointSlice controller: for each Service with a selector one slice of the Service's name, which says where its
// Pods are and which of them may be asked. Not for balancing between them: that is the gateway's.

#include <map>
#include <set>

#include "objects/controller.hpp"

namespace slipway::pods::workloads {

inline constexpr const char* service_name_label = "kubernetes.io/service-name";
inline constexpr const char* managed_by_label = "endpointslice.kubernetes.io/managed-by";

// The slice of `service` over `pods` (those of its namespace, in order). Pure.
objects::Object endpoint_slice(const objects::Object& service, const std::vector<objects::Object>& pods);

class EndpointsReconciler final : public objects::Reconciler {
 public:
  explicit EndpointsReconciler(objects::Store& store) : store_(store) {}
  Result<objects::Outcome> reconcile(const objects::Name& service) override;
  // The Services a change of this Pod concerns: that select it, or did before.
  std::vector<objects::Name> services_of(const objects::Object& pod);

 private:
  objects::Store& store_;
  std::map<objects::Name, std::set<objects::Name>> selected_by_;  // Services, by Pod, when it was last looked at
};

}  // namespace slipway::pods::workloads
