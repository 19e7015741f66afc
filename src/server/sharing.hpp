#pragma once
// How others than this machine's owner get at the platform: the address that they use, and kubeconfigs with a client
// certificate.

#include <string>

#include "core/doc.hpp"
#include "server/certificates.hpp"
#include "server/platform.hpp"

namespace slipway::server {

// A kubeconfig of one cluster and one user, as YAML. `authority`: PEM. `user`: {"token": ...}, or
// {"client-certificate-data": ..., "client-key-data": ...}; empty for nobody.
std::string kubeconfig_of(const std::string& server, const std::string& authority, const std::string& name,
                          doc::Object user);

// Where others reach the platform, when it is shared; loopback otherwise.
std::string shared_url(const Platform::State& state);

// The routes over TLS: on loopback for clients of the Kubernetes API, which send no token without it, and at the
// profile's address for everybody who is elsewhere.
Result<> open_tls_servers(Platform::State& state, const ServerCertificate& certificate);
// What that needs, for the names that others know this machine by; it may take a while. Safe from any thread.
Result<ServerCertificate> make_server_certificate(const PlatformOptions& options);

// POST /api/slipway/v1/kubeconfigs {person, days, server}: a client certificate for somebody, in a kubeconfig. For
// administrators, and on record.
void add_kubeconfig_route(Platform::State& state);

}  // namespace slipway::server
