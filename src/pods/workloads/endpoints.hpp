#pragma once
// The EndpointSlice controller: for each Service with a selector a slice of the Service's name, which says where its
// Pods are and which of them may be asked; and one more for those Pods whose ports of the same names have other
// numbers. Not for balancing between them: that is for the gateway and the proxy of Services.

#include <map>
#include <set>

#include "objects/controller.hpp"

namespace slipway::pods::workloads {

inline constexpr const char* service_name_label = "kubernetes.io/service-name";
inline constexpr const char* managed_by_label = "endpointslice.kubernetes.io/managed-by";

// The slices of `service` over `pods` (those of its namespace, in order): at least one. Pure.
std::vector<objects::Object> endpoint_slices(const objects::Object& service, const std::vector<objects::Object>& pods);

class EndpointsReconciler final : public objects::Reconciler {
 public:
  explicit EndpointsReconciler(objects::Store& store) : store_(store) {}
  Result<objects::Outcome> reconcile(const objects::Name& service) override;
  // The Services a change of this Pod concerns: that select it, or did before.
  std::vector<objects::Name> services_of(const objects::Object& pod);

 private:
  Result<> keep(objects::Object slice);
  Result<> remove_others(const objects::Name& service, const std::set<objects::Name>& wanted);
  Result<> find_slices();

  objects::Store& store_;
  std::map<objects::Name, std::set<objects::Name>> slices_;  // that are there, by Service
  bool has_found_slices_ = false;
  std::map<objects::Name, std::set<objects::Name>> selected_by_;  // Services, by Pod, when it was last looked at
};

}  // namespace slipway::pods::workloads
