#include "net/impl/tls.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <atomic>
#include <limits>

#include "core/world/real.hpp"
#include "net/impl/openssl.hpp"

namespace slipway::net {
namespace {

constexpr std::string_view alpn = "\x08http/1.1";

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  unsigned char* chosen = nullptr;
  const int verdict = SSL_select_next_proto(&chosen, out_size, bytes_of(alpn), static_cast<unsigned int>(alpn.size()),
                                            offered, offered_size);
  *out = chosen;
  return verdict == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool is_address(const std::string& host) {
  ASN1_OCTET_STRING* address = a2i_IPADDRESS(host.c_str());
  ASN1_OCTET_STRING_free(address);
  ERR_clear_error();
  return address != nullptr;
}

// Alerts by which a peer says that our certificate is the trouble (RFC 8446, 6.2).
bool is_about_certificate(int alert) {
  return (alert >= 42 && alert <= 46) || alert == 48 || alert == 49 || alert == 116;
}

Error about(const std::string& what, Error why) { return Error(why.code, what + ": " + why.message, why.hint); }

core::Result<std::string> read_file(const std::string& path, const char* what) {
  auto text = core::real_files().read(path);
  if (!text) return fail(about(std::string("cannot read the ") + what, std::move(text).error()));
  return text;
}

}  // namespace

TlsContext::TlsContext(ssl_ctx_st* context, bool is_server) : context_(context), is_server_(is_server) {
  static std::atomic<std::uint64_t> last{0};
  id_ = ++last;
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  // Nothing is resumed: a connection lives long, and a resumed one would carry an old check of the certificates.
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context_, 0);
  SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context_,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

core::Result<> TlsContext::use_certificate(const std::string& chain, const std::string& key) {
  auto certificates = parse_certificates(chain);
  if (!certificates) return fail(about("the certificate is not usable", std::move(certificates).error()));
  auto private_key = parse_key(key);
  if (!private_key) return fail(about("the key is not usable", std::move(private_key).error()));
  if (X509_check_private_key(certificates->front().get(), private_key->get()) != 1) {
    ERR_clear_error();
    return fail(Code::invalid_argument, "the key does not belong to the certificate");
  }
  bool is_good = SSL_CTX_use_certificate(context_, certificates->front().get()) == 1;
  for (std::size_t i = 1; is_good && i < certificates->size(); ++i)
    is_good = SSL_CTX_add1_chain_cert(context_, (*certificates)[i].get()) == 1;
  is_good = is_good && SSL_CTX_use_PrivateKey(context_, private_key->get()) == 1;
  if (!is_good) return fail(Code::invalid_argument, "the certificate is not usable: " + take_openssl_reason());
  return {};
}

core::Result<> TlsContext::trust(const std::string& authorities) {
  TRY_ASSIGN(const auto certificates, parse_certificates(authorities));
  X509_STORE* store = SSL_CTX_get_cert_store(context_);
  for (const X509Ptr& certificate : certificates) {
    X509_STORE_add_cert(store, certificate.get());
    if (is_server_) SSL_CTX_add_client_CA(context_, certificate.get());
  }
  ERR_clear_error();
  return {};
}

core::Result<std::shared_ptr<const TlsContext>> TlsContext::for_client(const core::TlsSettings& settings) {
  ssl_ctx_st* raw = SSL_CTX_new(TLS_client_method());
  if (raw == nullptr) return fail(Code::internal, "cannot start TLS: " + take_openssl_reason());
  const std::shared_ptr<TlsContext> made(new TlsContext(raw, false));
  made->server_name_ = settings.server_name;
  made->verifies_ = !settings.insecure_skip_verify;
  SSL_CTX_set_verify(raw, made->verifies_ ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_alpn_protos(raw, bytes_of(alpn), static_cast<unsigned int>(alpn.size()));

  std::string authorities = settings.ca;
  if (authorities.empty() && !settings.ca_file.empty()) {
    TRY_ASSIGN(authorities, read_file(settings.ca_file, "CA certificates"));
  }
  if (!authorities.empty()) {
    const std::string where =
        settings.ca.empty() ? "the CA certificates in " + settings.ca_file : "the CA certificates";
    if (auto trusted = made->trust(authorities); !trusted) return fail(about(where, std::move(trusted).error()));
  } else {
    SSL_CTX_set_default_verify_paths(raw);
    ERR_clear_error();
  }
  if (settings.certificate.empty() != settings.key.empty()) {
    return fail(Code::invalid_argument, settings.key.empty() ? "the client certificate is given without its key"
                                                             : "the client key is given without its certificate");
  }
  if (!settings.certificate.empty()) {
    auto used = made->use_certificate(settings.certificate, settings.key);
    if (!used) return fail(about("the client certificate", std::move(used).error()));
  }
  return std::shared_ptr<const TlsContext>(made);
}

core::Result<std::shared_ptr<const TlsContext>> TlsContext::for_server(const ServerTls& settings) {
  ssl_ctx_st* raw = SSL_CTX_new(TLS_server_method());
  if (raw == nullptr) return fail(Code::internal, "cannot start TLS: " + take_openssl_reason());
  const std::shared_ptr<TlsContext> made(new TlsContext(raw, true));
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  TRY_ASSIGN(const std::string chain, read_file(settings.certificate_file, "server's certificate"));
  TRY_ASSIGN(const std::string key, read_file(settings.key_file, "server's key"));
  auto used = made->use_certificate(chain, key);
  if (!used) return fail(about(settings.certificate_file + " and " + settings.key_file, std::move(used).error()));
  made->verifies_ = !settings.client_ca_file.empty();
  SSL_CTX_set_verify(raw, made->verifies_ ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (made->verifies_) {
    TRY_ASSIGN(const std::string authorities, read_file(settings.client_ca_file, "CA certificates of clients"));
    if (auto trusted = made->trust(authorities); !trusted)
      return fail(about(settings.client_ca_file, std::move(trusted).error()));
  }
  return std::shared_ptr<const TlsContext>(made);
}

TlsEngine::TlsEngine(std::shared_ptr<const TlsContext> context, const std::string& host)
    : context_(std::move(context)),
      ssl_(SSL_new(context_->get())),
      in_(BIO_new(BIO_s_mem())),
      out_(BIO_new(BIO_s_mem())) {
  BIO_set_mem_eof_return(in_, -1);  // an empty buffer means "not yet", not "the end"
  SSL_set_bio(ssl_, in_, out_);
  if (context_->is_server()) {
    SSL_set_accept_state(ssl_);
    return;
  }
  SSL_set_connect_state(ssl_);
  const std::string& name = context_->server_name().empty() ? host : context_->server_name();
  if (is_address(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), name.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl_, const_cast<char*>(name.c_str()));
    SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl_, name.c_str());
  }
}

TlsEngine::~TlsEngine() { SSL_free(ssl_); }

void TlsEngine::receive(std::string_view wire_bytes) {
  BIO_write(in_, wire_bytes.data(), static_cast<int>(wire_bytes.size()));
}

std::string TlsEngine::take_output() {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out_, &bytes);
  std::string output(bytes, size > 0 ? static_cast<std::size_t>(size) : 0);
  BIO_reset(out_);
  return output;
}

Error TlsEngine::failure() const {
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  const char* words = code != 0 ? ERR_reason_error_string(code) : nullptr;
  const std::string text = words != nullptr ? words : "the peer broke off";
  ERR_clear_error();
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const std::string why = X509_verify_cert_error_string(SSL_get_verify_result(ssl_));
    const char* whose = context_->is_server() ? "the client's certificate" : "the server's certificate";
    return Error(Code::failed_precondition, std::string(whose) + " is not trusted: " + why);
  }
  if (reason == SSL_R_HTTP_REQUEST) {
    return Error(Code::invalid_argument, "this port speaks HTTPS, and the request came as plain HTTP",
                 "use an https:// address");
  }
  if (reason == SSL_R_WRONG_VERSION_NUMBER) return Error(Code::unavailable, "the peer does not speak TLS: " + text);
  if (is_about_certificate(reason - SSL_AD_REASON_OFFSET))
    return Error(Code::unauthenticated, "the peer does not take our certificate: " + text);
  return Error(Code::unavailable, "TLS failed: " + text);
}

core::Result<bool> TlsEngine::handshake() {
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  if (done == 1) return true;
  if (SSL_get_error(ssl_, done) == SSL_ERROR_WANT_READ) return false;
  return fail(failure());
}

core::Result<TlsEngine::Read> TlsEngine::read(std::span<char> into) {
  ERR_clear_error();
  std::size_t size = 0;
  const int done = SSL_read_ex(ssl_, into.data(), into.size(), &size);
  if (done == 1) return Read{Got::bytes, size};
  switch (SSL_get_error(ssl_, done)) {
    case SSL_ERROR_WANT_READ:
      return Read{Got::nothing_yet, 0};
    case SSL_ERROR_ZERO_RETURN:
      return Read{Got::end, 0};
    default:
      return fail(failure());
  }
}

bool TlsEngine::is_readable() {
  ERR_clear_error();
  char byte = 0;
  std::size_t size = 0;
  const int done = SSL_peek_ex(ssl_, &byte, 1, &size);
  return done == 1 || SSL_get_error(ssl_, done) != SSL_ERROR_WANT_READ;
}

core::Result<> TlsEngine::write(std::string_view bytes) {
  ERR_clear_error();
  while (!bytes.empty()) {
    std::size_t taken = 0;
    if (SSL_write_ex(ssl_, bytes.data(), bytes.size(), &taken) != 1) return fail(failure());
    bytes.remove_prefix(taken);
  }
  return {};
}

void TlsEngine::finish() {
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

TlsIdentity TlsEngine::identity() const {
  TlsIdentity identity;
  const X509* certificate = SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr || !context_->verifies() || SSL_get_verify_result(ssl_) != X509_V_OK) return identity;
  const auto common_names = subject_values(certificate, NID_commonName);
  if (!common_names.empty()) identity.common_name = common_names.back();
  identity.organizations = subject_values(certificate, NID_organizationName);
  return identity;
}

}  // namespace slipway::net
