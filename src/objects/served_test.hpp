#pragma once
// For tests: the whole embedded API with access and admission behind a real server on a free port. The control loop has
// a thread of its own, as in the product. Who calls is said in a header, as the guard would; a service account's token
// is found out as in the product.

#include <doctest/doctest.h>

#include <future>
#include <thread>

#include "core/world/real.hpp"
#include "net/client.hpp"
#include "objects/access.hpp"
#include "objects/admission.hpp"
#include "objects/api/server.hpp"
#include "storage/database.hpp"
#include "storage/test_directory.hpp"

namespace slipway::objects::test {

class Cluster {
 public:
  explicit Cluster(bool rbac = true) : client_(net::make_client(io_, world_.loop())) {
    world_.set_http(*client_);
    parts_.emplace(world_.world());
    embedded_ = std::move(*Embedded::open(*parts_, *database_, nullptr, {}));
    REQUIRE(embedded_->store().create(Object::make({"", "v1", "Namespace", "namespaces", false}, {"", "demo"})));
    admission_.emplace(*embedded_);
    AccessOptions options;
    options.rbac = rbac;
    options.key_file = directory() + "/accounts.key";
    options.other_tokens = [](std::string_view token) -> Result<api::Caller> {
      if (token == "adas") return api::person("ada", {"ml-engineer"});
      return fail(Code::unauthenticated, "this token is not known");
    };
    auto access = Access::open(*embedded_, std::move(options));
    REQUIRE(access.has_value());
    access_ = std::move(*access);
    embedded_->add_routes(router_);
    access_->add_routes(router_);
    router_.set_guard([this](net::Request& request, net::Responder& responder) { return guard(request, responder); });
    REQUIRE(embedded_->start());
    const auto started = access_->start();
    REQUIRE_MESSAGE(started, (started ? "" : started.error().one_line()));
    REQUIRE(admission_->start());
    net::ServerOptions server;
    server.loop = &world_.loop();
    server_ = std::move(*net::Server::start(io_, router_, server));
    loop_thread_ = std::jthread([this] { world_.run(); });
  }
  ~Cluster() {
    server_.reset();
    world_.stop();
    loop_thread_.join();
  }

  struct Answer {
    int status = 0;
    doc::Value body;
    core::Headers headers;
    std::string message() const { return body["message"].string_or(""); }
    std::string reason() const { return body["reason"].string_or(""); }
  };
  // `as`: "ada", "ada/platform-engineer"; "" is nobody; "Bearer X" a token.
  Answer send(const std::string& as, std::string method, const std::string& path, std::string body = {},
              core::Headers headers = {}) {
    core::HttpRequest request;
    request.method = std::move(method);
    request.url = url() + path;
    request.body = std::move(body);
    request.headers = std::move(headers);
    if (!request.body.empty() && core::header(request.headers, "Content-Type").empty())
      request.headers.emplace_back("Content-Type", "application/json");
    const auto slash = as.find('/');
    if (as.starts_with("Bearer ")) {
      request.headers.emplace_back("Authorization", as);
    } else if (!as.empty()) {
      request.headers.emplace_back(net::principal_header, as.substr(0, slash));
      if (slash != std::string::npos) request.headers.emplace_back(net::roles_header, as.substr(slash + 1));
    }
    const auto response = net::fetch(std::move(request));
    REQUIRE(response.has_value());
    auto parsed = doc::parse_json(response->body);
    CAPTURE(response->body);
    return {response->status, parsed ? std::move(*parsed) : doc::Value(response->body), response->headers};
  }
  // As the one who may do everything.
  Answer send_as_admin(std::string method, const std::string& path, std::string body = {}, core::Headers headers = {}) {
    return send("root/platform-engineer", std::move(method), path, std::move(body), std::move(headers));
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
  const std::string& directory() const { return directory_.path(); }
  Embedded& embedded() { return *embedded_; }  // on the loop only
  void on_loop(const std::function<void()>& work) {
    std::promise<void> done;
    world_.loop().post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  bool guard(net::Request& request, net::Responder& responder) {
    const auto said = request.header("Authorization");
    constexpr std::string_view bearer = "Bearer ";
    if (!said.starts_with(bearer)) return true;
    const auto account = access_->authenticate(said.substr(bearer.size()));
    if (!account || !*account) {
      responder.send(
          net::Response::json(401, doc::Object{{"message", account ? "no account's token" : account.error().message}}));
      return false;
    }
    request.headers.emplace_back(net::principal_header, (*account)->name);
    request.headers.emplace_back(net::account_header, api::account_header_of(**account));
    return true;
  }

  storage::TestDirectory directory_;
  core::RealWorld world_;
  net::IoThread io_;
  std::unique_ptr<core::HttpClient> client_;
  std::optional<core::World> parts_;
  std::unique_ptr<storage::Database> database_ = std::move(*storage::open_sqlite(":memory:"));
  std::unique_ptr<Embedded> embedded_;
  std::optional<Admission> admission_;
  std::unique_ptr<Access> access_;
  net::Router router_;
  std::unique_ptr<net::Server> server_;
  std::jthread loop_thread_;
};

}  // namespace slipway::objects::test
