#include "net/certificates.hpp"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>

#include "core/text.hpp"
#include "net/addresses.hpp"
#include "net/impl/openssl.hpp"

namespace slipway::net {
namespace {

using ExtensionPtr = std::unique_ptr<X509_EXTENSION, core::Releases<X509_EXTENSION_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, core::Releases<GENERAL_NAMES_free>>;

std::unexpected<Error> openssl_failed(const std::string& what) {
  return fail(Code::internal, "cannot " + what + ": " + take_openssl_reason());
}

bool is_dns_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return core::is_alphanumeric(c) || c == '-' || c == '.' || c == '*' || c == '_'; });
}

core::Result<std::string> subject_alternatives(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    const bool is_address = is_ip_address(name);
    if (!is_address && !is_dns_name(name)) {
      return fail(Code::invalid_argument, "\"" + name + "\" is neither a DNS name nor an IP address");
    }
    text += (text.empty() ? "" : ",") + std::string(is_address ? "IP:" : "DNS:") + name;
  }
  return text;
}

time_t seconds_of(core::Time time) { return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count(); }

core::Time time_of(const ASN1_TIME* when) {
  std::tm parts{};
  ASN1_TIME_to_tm(when, &parts);
  return core::Time(std::chrono::seconds(::timegm(&parts)));
}

// A certificate being made.
class Draft {
 public:
  Draft() : certificate_(X509_new()), key_(EVP_EC_gen("P-256")) {}

  core::Result<> fill(const std::string& common_name, const std::vector<std::string>& organizations,
                      const Validity& validity) {
    if (!certificate_ || !key_) return openssl_failed("make a key");
    std::array<unsigned char, 16> serial{};
    if (RAND_bytes(serial.data(), serial.size()) != 1) return openssl_failed("draw a serial number");
    serial[0] = static_cast<unsigned char>((serial[0] & 0x7fU) | 0x40U);  // positive, of one length
    BIGNUM* number = BN_bin2bn(serial.data(), serial.size(), nullptr);
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate_.get()));
    BN_free(number);
    X509_set_version(certificate_.get(), X509_VERSION_3);
    ASN1_TIME_set(X509_getm_notBefore(certificate_.get()), seconds_of(validity.from));
    ASN1_TIME_set(X509_getm_notAfter(certificate_.get()), seconds_of(validity.until));
    X509_set_pubkey(certificate_.get(), key_.get());
    for (const std::string& organization : organizations) TRY(add_to_subject("O", organization));
    return add_to_subject("CN", common_name);
  }

  core::Result<> extend(const X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, const_cast<X509*>(issuer), certificate_.get(), nullptr, nullptr, 0);
    const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    if (!extension || X509_add_ext(certificate_.get(), extension.get(), -1) != 1) {
      return openssl_failed(std::string("add the extension ") + OBJ_nid2sn(nid));
    }
    return {};
  }

  core::Result<CertifiedKey> sign(const X509* issuer, EVP_PKEY* issuer_key) {
    X509_set_issuer_name(certificate_.get(), X509_get_subject_name(issuer));
    if (X509_sign(certificate_.get(), issuer_key, EVP_sha256()) == 0) return openssl_failed("sign a certificate");
    CertifiedKey made;
    const BioPtr certificate(BIO_new(BIO_s_mem()));
    const BioPtr key(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509(certificate.get(), certificate_.get()) != 1 ||
        PEM_write_bio_PrivateKey(key.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
      return openssl_failed("write a certificate");
    }
    return CertifiedKey{text_of(certificate.get()), text_of(key.get())};
  }

  X509* certificate() const { return certificate_.get(); }
  EVP_PKEY* key() const { return key_.get(); }

 private:
  static std::string text_of(BIO* bio) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    return std::string(bytes, static_cast<std::size_t>(size));
  }

  core::Result<> add_to_subject(const char* field, const std::string& value) {
    if (value.empty()) return {};
    const auto* bytes = reinterpret_cast<const unsigned char*>(value.data());
    if (X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate_.get()), field, MBSTRING_UTF8, bytes,
                                   static_cast<int>(value.size()), -1, 0) == 1) {
      return {};
    }
    return fail(Code::invalid_argument,
                "\"" + value + "\" cannot be the " + field + " of a certificate: " + take_openssl_reason());
  }

  X509Ptr certificate_;
  KeyPtr key_;
};

std::vector<std::string> alternative_names(const X509* certificate) {
  std::vector<std::string> names;
  const NamesPtr found(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; found && i < sk_GENERAL_NAME_num(found.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(found.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    const ASN1_STRING* value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
    const unsigned char* bytes = ASN1_STRING_get0_data(value);
    const int size = ASN1_STRING_length(value);
    if (name->type == GEN_DNS) {
      names.emplace_back(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
      continue;
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (::inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes, text.data(), text.size()) != nullptr && size >= 4)
      names.emplace_back(text.data());
  }
  return names;
}

}  // namespace

core::Result<CertifiedKey> make_certificate_authority(const std::string& common_name, Validity validity) {
  Draft draft;
  TRY(draft.fill(common_name, {}, validity));
  TRY(draft.extend(draft.certificate(), NID_basic_constraints, "critical,CA:TRUE"));
  TRY(draft.extend(draft.certificate(), NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature"));
  TRY(draft.extend(draft.certificate(), NID_subject_key_identifier, "hash"));
  return draft.sign(draft.certificate(), draft.key());
}

core::Result<CertifiedKey> issue_certificate(const CertifiedKey& authority, const CertificateRequest& request,
                                             Validity validity) {
  TRY_ASSIGN(const auto issuers, parse_certificates(authority.certificate));
  TRY_ASSIGN(const KeyPtr issuer_key, parse_key(authority.key));
  const X509* issuer = issuers.front().get();
  if (X509_check_private_key(issuer, issuer_key.get()) != 1) {
    take_openssl_reason();
    return fail(Code::invalid_argument, "the authority's key does not belong to its certificate");
  }
  TRY_ASSIGN(const std::string alternatives, subject_alternatives(request.names));
  std::string usage = request.is_server ? "serverAuth" : "";
  if (request.is_client) usage += usage.empty() ? "clientAuth" : ",clientAuth";

  Draft draft;
  TRY(draft.fill(request.common_name, request.organizations, validity));
  TRY(draft.extend(issuer, NID_basic_constraints, "critical,CA:FALSE"));
  TRY(draft.extend(issuer, NID_key_usage, "critical,digitalSignature"));
  if (!usage.empty()) TRY(draft.extend(issuer, NID_ext_key_usage, usage));
  TRY(draft.extend(issuer, NID_authority_key_identifier, "keyid"));
  if (!alternatives.empty()) TRY(draft.extend(issuer, NID_subject_alt_name, alternatives));
  return draft.sign(issuer, issuer_key.get());
}

core::Result<CertificateFacts> read_certificate(std::string_view pem) {
  TRY_ASSIGN(const auto certificates, parse_certificates(pem));
  const X509* certificate = certificates.front().get();
  CertificateFacts facts;
  const auto common_names = subject_values(certificate, NID_commonName);
  if (!common_names.empty()) facts.common_name = common_names.back();
  facts.organizations = subject_values(certificate, NID_organizationName);
  facts.names = alternative_names(certificate);
  facts.validity = Validity{time_of(X509_get0_notBefore(certificate)), time_of(X509_get0_notAfter(certificate))};
  facts.is_authority = X509_check_ca(const_cast<X509*>(certificate)) == 1;
  return facts;
}

}  // namespace slipway::net
