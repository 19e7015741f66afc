#pragma once
// The Service `kubernetes` in `default`, by which programs of every cluster find its API server, with the EndpointSlice
// and Endpoints that say where it is. Whoever deletes one gets it back. Inside server/ only.
//
// Thread: the control loop only.

#include <string>

#include "objects/controller.hpp"

namespace slipway::server {

struct ApiAddress {
  std::string host;        // "127.0.0.1", "192.0.2.7"
  int port = 0;            // with TLS
  std::string cluster_ip;  // of the Service, while nobody else holds it; the first one, as in every cluster
};

class KubernetesService final : public objects::Reconciler {
 public:
  // World and store outlive it.
  KubernetesService(core::World& world, objects::Store& store, ApiAddress address);
  Result<> start() { return controller_.start(); }
  Result<objects::Outcome> reconcile(const objects::Name& name) override;

 private:
  Result<> keep_service();
  Result<> keep_slice();
  Result<> keep_endpoints();

  objects::Store& store_;
  ApiAddress address_;
  objects::Controller controller_;
};

}  // namespace slipway::server
