#pragma once
// X.509 certificates for TLS between our own parts: a small authority that signs server and client certificates (ECDSA
// P-256), and what a certificate says. Not a public key infrastructure: no revocation, no intermediate authorities.
// Pure but for the randomness of keys and serial numbers; safe from any thread.

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace slipway::net {

struct CertifiedKey {
  std::string certificate;  // PEM
  std::string key;          // PEM (PKCS #8), a secret
};

struct Validity {
  core::Time from;
  core::Time until;
};

struct CertificateRequest {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> names;  // DNS names and IP addresses that a server answers for
  bool is_server = false;          // what the certificate may be used for
  bool is_client = false;
};

// A self-signed authority. internal: OpenSSL failed.
core::Result<CertifiedKey> make_certificate_authority(const std::string& common_name, Validity validity);
// invalid_argument: `authority` is not a certificate with its key, or a name is not one.
core::Result<CertifiedKey> issue_certificate(const CertifiedKey& authority, const CertificateRequest& request,
                                             Validity validity);

struct CertificateFacts {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> names;  // DNS names and IP addresses
  Validity validity;
  bool is_authority = false;
};
// Of the first certificate in `pem`. invalid_argument when there is none.
core::Result<CertificateFacts> read_certificate(std::string_view pem);

}  // namespace slipway::net
