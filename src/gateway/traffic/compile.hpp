#pragma once
// Turns rules, Services, EndpointSlices and Pods into a Snapshot. Pure. A rule that names what does not exist still
// compiles (it answers 503, as Envoy does) and is warned about; rules that do not parse never get here.

#include "gateway/traffic/snapshot.hpp"

namespace slipway::gateway::traffic {

using ObjectsByName = std::map<objects::Name, objects::Object>;

struct Inputs {
  std::map<objects::Name, GatewayRule> gateways;
  std::map<objects::Name, VirtualService> virtual_services;
  std::map<objects::Name, DestinationRule> destination_rules;
  ObjectsByName services, endpoint_slices, pods;
};

struct Compiled {
  Snapshot snapshot;  // version 0: the publisher numbers it
  std::vector<Error> warnings;
};
Compiled compile(const Inputs& inputs);

}  // namespace slipway::gateway::traffic
