#pragma once
// Reads Istio's objects strictly: a field that is unknown, or known and not carried out by this gateway, is refused
// by name with its position, all problems of an object at once. Nothing is silently ignored. Pure.

#include "gateway/traffic/model.hpp"

namespace slipway::gateway::traffic {

Result<GatewayRule> parse_gateway(const objects::Object& object);
Result<VirtualService> parse_virtual_service(const objects::Object& object);
Result<DestinationRule> parse_destination_rule(const objects::Object& object);

// One element of http[]; `path` prefixes messages: "spec.http[0]".
Result<HttpRoute> parse_http_route(const doc::Value& value, const std::string& path);

// "reviews" in namespace "prod" -> {"prod", "reviews"}; "reviews.prod.svc.cluster.local" likewise from anywhere.
// nullopt: not the name of a Service (Istio takes any other name with dots as a host outside the cluster).
std::optional<objects::Name> resolve_host(std::string_view host, std::string_view rule_namespace);

}  // namespace slipway::gateway::traffic
