#include "server/certificates.hpp"

#include <algorithm>

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

bool has_names(const std::string& pem, const std::vector<std::string>& wanted) {
  const auto facts = net::read_certificate(pem);
  return facts && std::ranges::all_of(wanted, [&](const std::string& name) {
           return std::ranges::find(facts->names, name) != facts->names.end();
         });
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

Result<ServerCertificate> ensure_certificate(const core::Clock& clock, core::Files& files, const Layout& layout,
                                             const std::vector<std::string>& names) {
  const std::string directory = layout.certificates();
  TRY_ASSIGN(const auto authority, ensure_authority(clock, files, directory));
  ServerCertificate result{authority.certificate, directory + "/ca.crt", directory + "/server.crt",
                           directory + "/server.key"};
  net::CertificateRequest request;
  request.common_name = "slipway";
  request.names = {"localhost",
                   "127.0.0.1",
                   "::1",
                   "kubernetes",
                   "kubernetes.default",
                   "kubernetes.default.svc",
                   "kubernetes.default.svc.cluster.local"};
  request.names.insert(request.names.end(), names.begin(), names.end());
  request.is_server = true;
  const auto now = clock.now();
  const auto old = files.read(result.certificate_file).value_or("");
  if (lasts(old, now + renewed_before) && has_names(old, request.names) && files.exists(result.key_file)) return result;
  TRY_ASSIGN(const auto server, net::issue_certificate(authority, request, {now - clocks_differ, now + server_lasts}));
  TRY(files.write_atomic(result.key_file, server.key, 0600));
  TRY(files.write_atomic(result.certificate_file, server.certificate, 0644));
  return result;
}

Result<net::CertifiedKey> issue_client_certificate(const core::World& world, const Layout& layout,
                                                   const std::string& person, const std::string& membership,
                                                   Duration lifetime) {
  TRY_ASSIGN(const auto authority, ensure_authority(world.clock, world.files, layout.certificates()));
  net::CertificateRequest request;
  request.common_name = person;
  if (!membership.empty()) request.organizations.push_back(membership);
  request.is_client = true;
  const auto now = world.clock.now();
  return net::issue_certificate(authority, request, {now - clocks_differ, now + lifetime});
}

}  // namespace slipway::server
