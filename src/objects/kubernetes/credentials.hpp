#pragma once
// Credentials: puts into each request what proves who we are: a token, a certificate, or what a plugin printed. Keeps
// what it read for a while, and knows when to read it again. Inside of objects.
//
// Thread: the control loop only. Blocks on files and plugins.

#include <memory>
#include <optional>

#include "objects/kube_config.hpp"
#include "objects/kubernetes/wire.hpp"

namespace slipway::objects::kubernetes {

class Credentials {
 public:
  // What is handed over outlives this.
  Credentials(core::Clock& clock, const core::Files& files, Wire& wire, KubeConfig config);

  const KubeConfig& config() const { return config_; }
  // Sets headers and TLS. unauthenticated when a file or a plugin has nothing for us; no error has a secret in it.
  Result<> authorize(core::HttpRequest& request);
  // The server did not take them (401): the next request gets fresh ones. False when there are no others to be had.
  bool renew();

 private:
  struct Secrets {
    std::string token, certificate, key;
    std::optional<core::Time> expires;
    std::optional<core::Instant> reread_at;
  };
  Result<> refresh();
  Result<Secrets> from_files() const;
  Result<Secrets> from_plugin() const;
  std::string exec_info() const;

  core::Clock& clock_;
  const core::Files& files_;
  Wire& wire_;
  KubeConfig config_;
  std::optional<Secrets> secrets_;
  std::shared_ptr<const core::TlsSettings> tls_;
};

}  // namespace slipway::objects::kubernetes
