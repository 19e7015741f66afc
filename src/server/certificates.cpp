#include "server/certificates.hpp"

#include "net/certificates.hpp"

namespace slipway::server {
namespace {

constexpr auto day = std::chrono::hours(24);
constexpr auto authority_lasts = 3650 * day;
constexpr auto server_lasts = 397 * day;  // what clients take from anybody
constexpr auto renewed_before = 30 * day;
constexpr auto clocks_differ = std::chrono::hours(1);

bool lasts(const std::string& pem, core::Time until) {
  const auto facts = net::read_certificate(pem);
  return facts && facts->validity.until > until;
}

Result<net::CertifiedKey> ensure_authority(const core::Clock& clock, core::Files& files, const std::string& directory) {
  const std::string certificate_path = directory + "/ca.crt";
  const std::string key_path = directory + "/ca.key";
  const auto now = clock.now();
  net::CertifiedKey authority{files.read(certificate_path).value_or(""), files.read(key_path).value_or("")};
  if (!authority.key.empty() && lasts(authority.certificate, now + server_lasts)) return authority;
  TRY_ASSIGN(authority,
             net::make_certificate_authority("slipway authority", {now - clocks_differ, now + authority_lasts}));
  TRY(files.write_atomic(key_path, authority.key, 0600));
  TRY(files.write_atomic(certificate_path, authority.certificate, 0644));
  TRY(files.remove_tree(directory + "/server.crt"));  // signed by the one before
  return authority;
}

}  // namespace

Result<ServerCertificate> ensure_certificate(const core::Clock& clock, core::Files& files, const Layout& layout) {
  const std::string directory = layout.certificates();
  TRY_ASSIGN(const auto authority, ensure_authority(clock, files, directory));
  ServerCertificate result{authority.certificate, directory + "/server.crt", directory + "/server.key"};
  const auto now = clock.now();
  if (lasts(files.read(result.certificate_file).value_or(""), now + renewed_before) && files.exists(result.key_file)) {
    return result;
  }
  net::CertificateRequest request;
  request.common_name = "slipway";
  request.names = {"localhost", "127.0.0.1", "::1", "kubernetes", "kubernetes.default", "kubernetes.default.svc"};
  request.is_server = true;
  TRY_ASSIGN(const auto server, net::issue_certificate(authority, request, {now - clocks_differ, now + server_lasts}));
  TRY(files.write_atomic(result.key_file, server.key, 0600));
  TRY(files.write_atomic(result.certificate_file, server.certificate, 0644));
  return result;
}

}  // namespace slipway::server
