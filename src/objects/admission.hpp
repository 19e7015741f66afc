#pragma once
// What has a say in writes over HTTP beside the rules of each kind: service accounts, priorities, LimitRanges,
// ResourceQuotas, PodSecurity, ValidatingAdmissionPolicies, webhooks; and the controllers that belong to them.
// Conversion webhooks are asked from here, too.
//
// Thread: the control loop only.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "objects/embedded.hpp"

namespace slipway::objects {

struct AdmissionOptions {
  std::vector<std::string> exempt_from_pod_security = {};  // namespaces
  // Whether whoever runs Pods mounts volumes: then each is given the token of its account where programs look for it
  // (kube-api-access). Asked for each Pod; empty: no.
  std::function<bool()> mounts_tokens = {};
};

class Admission {
 public:
  // From now on writes are looked at. `embedded` outlives this.
  explicit Admission(Embedded& embedded, AdmissionOptions options = {});
  ~Admission();
  // The controllers, and the PriorityClasses that every cluster has.
  Result<> start();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::objects
