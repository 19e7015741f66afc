#pragma once
// PodSecurity: holds Pods to the level that their namespace is labelled with, pod-security.kubernetes.io/enforce, and
// warns as `warn` says, of templates for Pods too. What `audit` would note goes to the log of the server.
// https://kubernetes.io/docs/concepts/security/pod-security-admission/

#include <string>
#include <vector>

#include "objects/admission/pod_standards.hpp"
#include "objects/api/context.hpp"
#include "objects/validation/problem.hpp"

namespace slipway::objects::admission {

struct PodSecurityPolicy {
  SecurityStandard enforce, audit, warn;
};
// Of a Namespace's labels. What is no level or version goes into `problems`, and counts as restricted where it is
// enforced, as privileged elsewhere.
PodSecurityPolicy pod_security_policy_of(const Object& space, validation::Problems& problems);

class PodSecurity final : public api::AdmissionPlugin {
 public:
  // The context outlives this. Nothing is asked of Pods in the `exempt` namespaces.
  PodSecurity(api::Context& context, std::vector<std::string> exempt) : context_(context), exempt_(std::move(exempt)) {}
  api::Answer<> validate(const api::Review& review) override;

 private:
  api::Answer<> look_at_namespace(const api::Review& review);
  api::Answer<> look_at_pod(const api::Review& review);
  api::Answer<> look_at_template(const api::Review& review, const doc::Value& pod);
  void warn(const api::Review& review, const PodSecurityPolicy& policy, const doc::Value& pod) const;
  void warn_of_pods_that_violate(const api::Review& review, const SecurityStandard& standard) const;
  Result<PodSecurityPolicy> policy_of(const std::string& ns) const;
  bool is_exempt(const std::string& ns) const;

  api::Context& context_;
  std::vector<std::string> exempt_;
};

}  // namespace slipway::objects::admission
