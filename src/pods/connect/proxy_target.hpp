#pragma once
// What a request to .../proxy/... is about: which name, port and scheme, what of its path and headers goes on. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "core/world/world.hpp"
#include "objects/object.hpp"

namespace slipway::pods::connect {

// "name", "name:port", "scheme:name:port"; the scheme is http or https, and may be empty.
struct ProxyName {
  std::string name;
  std::string port;  // a number, a name, or empty
  bool is_https = false;
};
std::optional<ProxyName> parse_proxy_name(std::string_view text);

// From "/api/v1/namespaces/n/pods/p/proxy/a%20b?x=1" to "/a%20b?x=1", as it was sent; nullopt when the target is
// another's.
std::optional<std::string> proxied_target(std::string_view target);

// Without what is of this connection (RFC 9110, 7.6.1) and what is between the client and us: credentials, cookies,
// who it is.
core::Headers headers_for_peer(const core::Headers& headers);
// Without what is of the connection or would speak for our own origin, and with what keeps a browser from taking a
// page of a Pod for one of ours.
core::Headers headers_for_client(const core::Headers& headers);

// The port of a Service's endpoints that ?port names, as the EndpointSlice calls it; nullopt when it has no such port.
std::optional<std::string> endpoint_port_name(const objects::Object& service, const std::string& port);
// Addresses "127.20.0.1:8080" of the ready endpoints of a slice, of that port.
std::vector<std::string> ready_addresses(const objects::Object& slice, const std::string& port_name);
// The number; else the Pod's first port; else 80 or 443. nullopt: not a number.
std::optional<int> pod_port(const objects::Object& pod, const ProxyName& name);

}  // namespace slipway::pods::connect
