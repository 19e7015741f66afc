#pragma once
// What of a Service the server gives out, and what becomes of it when the Service changes: clients leave addresses and
// node ports out of what they send, and a type that has no use for them loses them. Pure.
// Facts of Kubernetes' registry of Services.

#include <optional>
#include <string>
#include <vector>

#include "objects/object.hpp"
#include "objects/schema/resource.hpp"

namespace slipway::objects::services {

bool is_service(const schema::Resource& resource);

// Of a spec: whether its type has a cluster IP (a headless one has "None"), and node ports.
bool needs_address(const doc::Value& spec);
bool needs_node_ports(const doc::Value& spec);
bool needs_health_check_port(const doc::Value& spec);
bool is_headless(const doc::Value& spec);

// An update on its way: what was given out and `after` leaves out stays, what its new type has no use for goes unless
// the client changed that, too. Both are canonical.
void settle_update(const doc::Value& before, doc::Value& after);

// The claims (backend.hpp) of an address and of a port on the node.
std::string address_claim(const std::string& address);
std::string port_claim(std::int64_t port);
// Those of an object; nullopt for one that is no Service.
std::optional<std::vector<std::string>> claims_of(const Kind& kind, const Object& object);

}  // namespace slipway::objects::services
