#pragma once
// The platform's own certificates: an authority made at the first start, and a server certificate for loopback that is
// issued again before it runs out. Their names differ: OpenSSL takes a certificate of its own issuer for self-signed.
// kubectl sends a token over TLS only.

#include <string>

#include "core/world/world.hpp"
#include "server/layout.hpp"

namespace slipway::server {

struct ServerCertificate {
  std::string authority;         // PEM, for clients
  std::string certificate_file;  // PEM
  std::string key_file;
};

// Files below Layout::certificates(), keys with mode 0600.
Result<ServerCertificate> ensure_certificate(const core::Clock& clock, core::Files& files, const Layout& layout);

}  // namespace slipway::server
