#pragma once
// RootCertificates: the ConfigMap kube-root-ca.crt in every namespace, by which a Pod knows the API server that its
// account's token is for.
//
// Thread: the control loop only.

#include <memory>
#include <string>

#include "objects/controller.hpp"

namespace slipway::server {

class RootCertificates final : public objects::Reconciler {
 public:
  // World and store outlive it. `authority` is PEM.
  RootCertificates(core::World& world, objects::Store& store, std::string authority);
  Result<> start();
  Result<objects::Outcome> reconcile(const objects::Name& ns) override;

 private:
  core::World& world_;
  objects::Store& store_;
  std::string authority_;
  std::unique_ptr<objects::Controller> controller_;
};

}  // namespace slipway::server
