#pragma once
// How others than this machine's owner get at the platform: the address that they use, and kubeconfigs with a client
// certificate.

#include <string>

#include "server/certificates.hpp"
#include "server/platform.hpp"

namespace slipway::server {

// The address by which others reach the platform, when it is shared; of loopback otherwise.
std::string shared_host(const PlatformOptions& options);
// Where others reach the platform, when it is shared; loopback otherwise.
std::string shared_url(const Platform::State& state);

// The routes over TLS: on loopback, and on the first address of the block of this data directory, for clients of the
// Kubernetes API, which send no token without it, and at the profile's address for everybody who is elsewhere.
Result<> open_tls_servers(Platform::State& state, const ServerCertificate& certificate);
// What that needs, for the names that others know this machine by; it may take a while. Safe from any thread.
Result<ServerCertificate> make_server_certificate(const PlatformOptions& options);

// DATA/kubeconfig for kubectl on this machine, with a context for each person and that of the owner (identities.hpp)
// as the current one; and DATA/kubeconfigs/PERSON, by which one acts as that person or program. What others wrote into
// them stays. With a cluster there are none: it has its own.
Result<> write_kubeconfigs(const Platform::State& state);

// POST /api/slipway/v1/kubeconfigs {person, days, server}: a client certificate for somebody, in a kubeconfig. For
// administrators, and on record.
void add_kubeconfig_route(Platform::State& state);

}  // namespace slipway::server
