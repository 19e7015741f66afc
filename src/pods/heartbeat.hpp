#pragma once
// Heartbeat: renews a node's Lease, by which a cluster's controllers know that the node is alive.
// https://kubernetes.io/docs/reference/node/node-status/#heartbeats
//
// Thread: the control loop only.

#include <string>

#include "objects/store.hpp"

namespace slipway::pods {

class Heartbeat {
 public:
  // Both outlive it.
  Heartbeat(core::World& world, objects::Store& store, std::string node);
  ~Heartbeat();
  void start();

 private:
  void beat();
  Result<> renew();

  core::World& world_;
  objects::Store& store_;
  std::string node_;
  core::TimerId timer_ = 0;
};

}  // namespace slipway::pods
