#pragma once
// ValidatingAdmissionPolicy and its bindings: rules in CEL that a cluster's owner adds to those of each kind.
// https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/

#include <map>

#include "objects/admission/expressions.hpp"
#include "objects/admission/kept.hpp"

namespace slipway::objects::admission {

class Policies final : public api::AdmissionPlugin {
 public:
  explicit Policies(api::Context& context);
  // Also refuses policies and webhooks whose own expressions do not compile.
  api::Answer<> validate(const api::Review& review) override;

 private:
  struct Question;
  api::Answer<> check_own_expressions(const api::Review& review);
  const CompiledPolicy& compiled(const Object& policy);
  api::Answer<> ask(const Object& policy, const Object& binding, const Question& question);
  api::Answer<std::vector<doc::Value>> params_for(const Object& policy, const Object& binding,
                                                  const api::Review& review);
  doc::Value namespace_of(const api::Review& review);

  api::Context& context_;
  Kept policies_, bindings_, namespaces_;
  std::map<std::string, std::pair<std::string, CompiledPolicy>> compiled_;  // by name, with the version
};

}  // namespace slipway::objects::admission
