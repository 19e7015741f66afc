#include "net/impl/openssl.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace slipway::net {
namespace {

BioPtr read_only(std::string_view text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// A key under a password is refused instead of asking the terminal for it.
int no_password(char*, int, int, void*) { return -1; }

}  // namespace

std::string take_openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return reason != nullptr ? reason : "unknown reason";
}

core::Result<std::vector<X509Ptr>> parse_certificates(std::string_view pem) {
  std::vector<X509Ptr> certificates;
  const BioPtr bio = read_only(pem);
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)) {
    certificates.emplace_back(certificate);
  }
  const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = take_openssl_reason();
  if (!is_end) {
    return fail(Code::invalid_argument,
                "certificate " + std::to_string(certificates.size() + 1) + " is malformed: " + reason);
  }
  if (certificates.empty()) return fail(Code::invalid_argument, "there is no PEM certificate in it");
  return certificates;
}

core::Result<KeyPtr> parse_key(std::string_view pem) {
  const BioPtr bio = read_only(pem);
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (!key) return fail(Code::invalid_argument, "there is no usable PEM private key in it: " + take_openssl_reason());
  return key;
}

std::vector<std::string> subject_values(const X509* certificate, int nid) {
  std::vector<std::string> values;
  const X509_NAME* name = X509_get_subject_name(certificate);
  for (int i = X509_NAME_get_index_by_NID(name, nid, -1); i >= 0; i = X509_NAME_get_index_by_NID(name, nid, i)) {
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i)));
    if (size < 0) continue;
    values.emplace_back(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
  }
  return values;
}

}  // namespace slipway::net
