#pragma once
// ES256 of RFC 7518: ECDSA over the curve P-256 with SHA-256, as tokens are signed. Not for TLS (net).

#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"

struct evp_pkey_st;

namespace slipway::core {

// A key pair. Immutable, cheap to copy, safe from any thread.
class SigningKey {
 public:
  static Result<SigningKey> generate();
  // PKCS #8 or SEC 1; invalid_argument when it is no private key of P-256.
  static Result<SigningKey> from_pem(std::string_view pem);

  std::string pem() const;  // PKCS #8, with the private half
  std::string x() const;    // of the public point, 32 bytes
  std::string y() const;
  // r and s, 32 bytes each.
  Result<std::string> sign(std::string_view message) const;
  // Exactly what sign() gives; any other length or form is no signature.
  bool verify(std::string_view message, std::string_view signature) const;

 private:
  explicit SigningKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace slipway::core
