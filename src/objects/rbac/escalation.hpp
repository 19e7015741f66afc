#pragma once
// Nobody gives away what he does not hold: roles and bindings are refused that would allow more than their writer may,
// unless he may `escalate` that role, or `bind` it.

#include "objects/api/admission.hpp"
#include "objects/rbac/authorizer.hpp"

namespace slipway::objects::rbac {

class EscalationCheck final : public api::AdmissionPlugin {
 public:
  explicit EscalationCheck(Authorizer& authorizer) : authorizer_(authorizer) {}
  api::Answer<> validate(const api::Review& review) override;

 private:
  api::Answer<> check_role(const api::Review& review);
  api::Answer<> check_binding(const api::Review& review);
  bool may(const api::Review& review, const char* verb, const char* resource, const std::string& name);
  api::Answer<> refuse_unheld(const api::Review& review, const Rules& wanted);
  Authorizer& authorizer_;
};

}  // namespace slipway::objects::rbac
