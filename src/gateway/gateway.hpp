#pragma once
// The gateway room: users' requests on their way to model servers, by Istio's rules.
//   traffic/    Istio's rules, strictly parsed and compiled into a Snapshot; matching, splitting, balancing. Pure.
//   publisher/  control plane: watches the object store, publishes snapshots.
//   proxy/      data plane: `slipway gateway`, the process that carries the bytes.
//   simulated/  the same decisions inside the simulated world.
//   metrics/    what both count.
//   load/       `slipway load`.
//   http1/, io/ bytes and sockets under proxy/ and load/.
// validate.hpp, beside this one, judges rules before they are stored.
// Not here: which Pods run (pods/), which weights a rollout sets (delivery/), what the counters mean (slo/).

#include "gateway/load/load.hpp"
#include "gateway/proxy/gateway.hpp"
#include "gateway/publisher/publisher.hpp"
