#pragma once
// What a Pod is given when it is made, and why it may be refused: the service account it runs as, its priority, how
// long it stays on a node that is lost, what its runtime asks for. kubernetes
// plugin/pkg/admission/{serviceaccount,priority,defaulttolerationseconds,runtimeclass}.

#include "objects/admission/kept.hpp"

namespace slipway::objects::admission {

// spec.serviceAccountName "default" where none is said; the account's imagePullSecrets, and the volume with its token
// unless Pod or account do not want it. Refused when the account is not there; "default" is made for every namespace,
// if not yet then soon.
class ServiceAccountOfPods final : public api::AdmissionPlugin {
 public:
  // `mounts_tokens`: see AdmissionOptions.
  ServiceAccountOfPods(api::Context& context, std::function<bool()> mounts_tokens)
      : context_(context), mounts_tokens_(std::move(mounts_tokens)), accounts_(context, "", "ServiceAccount") {}
  api::Answer<bool> mutate(api::Review& review) override;

 private:
  api::Context& context_;
  std::function<bool()> mounts_tokens_;
  Kept accounts_;
};

// spec.priority and preemptionPolicy from the PriorityClass that is named, or from the one that is everybody's; and of
// these there is one at most.
class PriorityOfPods final : public api::AdmissionPlugin {
 public:
  explicit PriorityOfPods(api::Context& context) : classes_(context, "scheduling.k8s.io", "PriorityClass") {}
  api::Answer<bool> mutate(api::Review& review) override;
  api::Answer<> validate(const api::Review& review) override;

 private:
  Kept classes_;
};

// Five minutes on a node that is not ready or not reachable, unless the Pod says something else. At updates too: what
// is replaced by a file that does not speak of it keeps it.
class TolerationsOfPods final : public api::AdmissionPlugin {
 public:
  api::Answer<bool> mutate(api::Review& review) override;
};

// The RuntimeClass that a Pod names must be there; its overhead and what it says of nodes become the Pod's.
class RuntimeClassOfPods final : public api::AdmissionPlugin {
 public:
  explicit RuntimeClassOfPods(api::Context& context) : classes_(context, "node.k8s.io", "RuntimeClass") {}
  api::Answer<bool> mutate(api::Review& review) override;
  api::Answer<> validate(const api::Review& review) override;

 private:
  Kept classes_;
};

// system-node-critical and system-cluster-critical.
std::vector<Object> system_priority_classes();

// A Pod that is made now.
bool makes_pod(const api::Review& review);

}  // namespace slipway::objects::admission
