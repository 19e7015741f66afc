#pragma once
// For tests: an authority, certificates of all kinds, and the files that a server reads them from.

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/world/real.hpp"
#include "net/certificates.hpp"
#include "net/http.hpp"

namespace slipway::net::test {

inline constexpr Validity for_an_hour(core::Time now) {
  return {now - std::chrono::hours(1), now + std::chrono::hours(1)};
}

class Authority {
 public:
  explicit Authority(const std::string& name = "test authority")
      : now_(core::real_clock().now()), own_(make_certificate_authority(name, for_an_hour(now_)).value()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "slipway-tls-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    directory_ = pattern;
  }
  ~Authority() { std::filesystem::remove_all(directory_); }
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  const std::string& certificate() const { return own_.certificate; }
  CertifiedKey issue(const CertificateRequest& request) const {
    return issue_until(request, now_ + std::chrono::hours(1));
  }
  CertifiedKey issue_until(const CertificateRequest& request, core::Time until) const {
    return issue_certificate(own_, request, {now_ - std::chrono::hours(2), until}).value();
  }
  core::Time now() const { return now_; }

  std::string write(const std::string& name, const std::string& text) const {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  ServerTls serve(const CertifiedKey& own, bool wants_clients = false) const {
    return {write("server.crt", own.certificate), write("server.key", own.key),
            wants_clients ? write("clients.crt", certificate()) : ""};
  }
  // For 127.0.0.1 and localhost.
  ServerTls serve(bool wants_clients = false) const {
    CertificateRequest request;
    request.common_name = "server";
    request.names = {"127.0.0.1", "localhost"};
    request.is_server = true;
    return serve(issue(request), wants_clients);
  }
  CertifiedKey client(const std::string& name, std::vector<std::string> organizations = {}) const {
    CertificateRequest request;
    request.common_name = name;
    request.organizations = std::move(organizations);
    request.is_client = true;
    return issue(request);
  }

  core::TlsSettings trust() const {
    core::TlsSettings settings;
    settings.ca = certificate();
    return settings;
  }
  core::TlsSettings trust_as(const CertifiedKey& client) const {
    core::TlsSettings settings = trust();
    settings.certificate = client.certificate;
    settings.key = client.key;
    return settings;
  }

 private:
  core::Time now_;
  CertifiedKey own_;
  std::string directory_;
};

}  // namespace slipway::net::test
