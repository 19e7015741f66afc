#pragma once
// OpenSSL's objects with owners, and its errors as sentences. For the sources that speak OpenSSL.

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/owner.hpp"
#include "core/result.hpp"

namespace slipway::net {

using BioPtr = std::unique_ptr<BIO, core::Releases<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, core::Releases<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, core::Releases<EVP_PKEY_free>>;

// Why the last call of this thread failed: "no start line"; forgets it.
std::string take_openssl_reason();

// Every certificate of a PEM text, at least one. invalid_argument says that there is none, or which is broken.
core::Result<std::vector<X509Ptr>> parse_certificates(std::string_view pem);
core::Result<KeyPtr> parse_key(std::string_view pem);

// The values of one kind (NID_commonName) in a certificate's subject, in order.
std::vector<std::string> subject_values(const X509* certificate, int nid);

}  // namespace slipway::net
