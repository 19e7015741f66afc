#pragma once
// The platform's own certificates: an authority made at the first start, a server certificate that is issued again
// before it runs out or when it lacks a name, and certificates for clients, by which people prove who they are without
// a token. Server and authority have different names: OpenSSL takes a certificate of its own issuer for self-signed.
// kubectl sends a token over TLS only.

#include <string>
#include <vector>

#include "core/world/world.hpp"
#include "net/certificates.hpp"
#include "server/layout.hpp"

namespace slipway::server {

struct ServerCertificate {
  std::string authority;         // PEM, for clients
  std::string authority_file;    // the same; it signs certificates of clients, too
  std::string certificate_file;  // PEM
  std::string key_file;
};

// Files below Layout::certificates(), keys with mode 0600. `names`: what the server is called beside loopback.
Result<ServerCertificate> ensure_certificate(const core::Clock& clock, core::Files& files, const Layout& layout,
                                             const std::vector<std::string>& names = {});

// By which `person`, the CN, is known to the platform from now on, for as long as `membership` is that person's
// (Team::membership_of), whatever time the certificate still has. What that person may do is up to team.yaml and to
// RBAC, at each request.
Result<net::CertifiedKey> issue_client_certificate(const core::World& world, const Layout& layout,
                                                   const std::string& person, const std::string& membership,
                                                   Duration lifetime);

}  // namespace slipway::server
