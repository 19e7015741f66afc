#pragma once
// The EndpointSlice controller: for each Service with a selector a slice of the Service's name, which says where its
// Pods are and which of them may be asked; and one more for those Pods whose ports of the same names have other
// numbers. Not for balancing between them: that is for the gateway and the proxy of Services.

#include <map>
#include <set>

#include "objects/controller.hpp"
#include "objects/endpoints.hpp"

namespace slipway::pods::workloads {

using objects::service_name_label;
inline constexpr const char* managed_by_label = "endpointslice.kubernetes.io/managed-by";

// The slices of a Service that `manager` keeps (managed_by_label).
Result<std::vector<objects::Object>> list_slices(objects::Store& store, const objects::Name& service,
                                                 const std::string& manager);

// The slices of `service` over `pods` (those of its namespace, in order): at least one. Pure.
std::vector<objects::Object> endpoint_slices(const objects::Object& service, const std::vector<objects::Object>& pods);

// What an endpoint, and which Service it is of, depends on (Controller::Minded). Pure.
doc::Value minded_of_endpoint(const objects::Object& pod);

class EndpointsReconciler final : public objects::Reconciler {
 public:
  explicit EndpointsReconciler(objects::Store& store) : store_(store) {}
  Result<objects::Outcome> reconcile(const objects::Name& service) override;
  // For the controller's watches: the Service itself; the Services that a change of this Pod concerns, since they
  // select it or did before.
  std::vector<objects::Name> note(const objects::Object& service);
  std::vector<objects::Name> services_of(const objects::Object& pod);

 private:
  Result<> keep(objects::Object slice);
  Result<> remove_others(const objects::Name& service, const std::set<objects::Name>& wanted);
  Result<> find_slices();

  objects::Store& store_;
  std::map<objects::Name, objects::LabelSelector> selectors_;           // of Services
  std::map<objects::Name, std::map<std::string, std::string>> labels_;  // of Pods, as they were told last
  std::map<objects::Name, std::set<objects::Name>> slices_;             // that are there, by Service
  bool has_found_slices_ = false;
};

}  // namespace slipway::pods::workloads
