#pragma once
// For tests: somebody's webhooks over https, on a thread of their own.

#include "core/digest.hpp"
#include "net/certificates_test.hpp"
#include "net/http.hpp"

namespace slipway::objects::test {

class HookServer {
 public:
  using Answer = std::function<doc::Value(const doc::Value& review)>;
  HookServer() {
    net::CertificateRequest request;
    request.common_name = "hooks";
    request.names = {"127.0.0.1", "hooks.demo.svc"};
    request.is_server = true;
    options_.tls = authority_.serve(authority_.issue(request));
    options_.allowed_hosts = {"*"};
  }
  void add(const std::string& path, Answer answer) {
    router_.add(
        "POST", path,
        [answer = std::move(answer)](const net::Request& request, const std::shared_ptr<net::Responder>& responder) {
          responder->send(net::Response::json(200, answer(*doc::parse_json(request.body))));
        });
  }
  void start() { server_ = std::move(*net::Server::start(io_, router_, options_)); }
  // In YAML.
  std::string client_config(const std::string& path) const {
    return "{url: 'https://127.0.0.1:" + std::to_string(server_->port()) + path +
           "', caBundle: " + core::base64(authority_.certificate()) + "}";
  }
  // By the Service demo/hooks.
  std::string service_config(const std::string& path) const {
    return "{service: {namespace: demo, name: hooks, path: " + path +
           "}, caBundle: " + core::base64(authority_.certificate()) + "}";
  }
  int port() const { return server_->port(); }

 private:
  net::test::Authority authority_;
  net::IoThread io_;
  net::Router router_;
  net::ServerOptions options_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace slipway::objects::test
