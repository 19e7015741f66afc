// The store and servers that are not as they should be, over real sockets: what is said of it, and that it goes on.

#include <atomic>
#include <chrono>
#include <fstream>

#include "core/world/real.hpp"
#include "net/certificates.hpp"
#include "net/client.hpp"
#include "objects/kinds.hpp"
#include "objects/kubernetes_store.hpp"
#include "storage/database.hpp"
#include "storage/test_directory.hpp"
#include "support/api_server.hpp"

#include <doctest/doctest.h>

using namespace slipway;
using namespace slipway::objects;
using namespace std::chrono_literals;

namespace {

// One client with its loop.
struct Client {
  explicit Client(KubeConfig given, Duration deadline = 10s) {
    given.cluster = "upstream";
    given.user = "robot";
    real.set_http(*http);
    world.emplace(real.world());
    KubernetesOptions options{.deadline = deadline};
    options.groups.clear();
    store = make_kubernetes_store(*world, io, std::move(given), options);
  }
  Error refused() {
    const auto listed = store->list(kinds::namespace_);
    REQUIRE_FALSE(listed);
    return listed.error();
  }
  void watch() {
    watching =
        store->watch(kinds::config_map, "", [this](const WatchEvent& event) { seen += event.object.name().name + " "; })
            .value();
  }
  void put(const std::string& name) {
    const auto put = store->create(Object::make(kinds::config_map, {"default", name}));
    REQUIRE_MESSAGE(put, (put ? "" : put.error().one_line()));
  }
  bool run_until(const std::function<bool()>& done) {
    for (int i = 0; i < 1000 && !done(); ++i) {
      real.loop().after(10ms, [this] { real.stop(); });
      real.run();
    }
    return done();
  }

  core::RealWorld real;
  net::IoThread io;
  std::unique_ptr<core::HttpClient> http = net::make_client(io, real.loop());
  std::optional<core::World> world;
  std::unique_ptr<KubernetesStore> store;
  std::string seen;
  std::unique_ptr<Watch> watching;
};

KubeConfig at(const std::string& scheme, int port) {
  KubeConfig config;
  config.server = scheme + "://127.0.0.1:" + std::to_string(port);
  return config;
}

struct Ground {
  storage::TestDirectory directory;
  std::unique_ptr<storage::Database> database = storage::open_sqlite(":memory:").value();

  std::string file(const std::string& name, const std::string& text) const {
    const auto path = directory.path() + "/" + name;
    std::ofstream(path, std::ios::trunc) << text;
    return path;
  }
};

net::Validity this_year() {
  const auto now = core::real_clock().now();
  return {now - 24h, now + 24h * 365};
}

bool takes(const std::string& token, const net::Request& request, net::Responder& responder) {
  if (request.header("Authorization") == "Bearer " + token) return true;
  responder.send(net::Response::json(401, doc::Object{{"kind", "Status"},
                                                      {"apiVersion", "v1"},
                                                      {"status", "Failure"},
                                                      {"message", "Unauthorized"},
                                                      {"reason", "Unauthorized"},
                                                      {"code", 401}}));
  return false;
}

}  // namespace

TEST_CASE_FIXTURE(Ground,
                  "a certificate that proves nothing is refused, and the kubeconfig's lines about it are named") {
  const auto authority = net::make_certificate_authority("ours", this_year()).value();
  const auto other = net::make_certificate_authority("another's", this_year()).value();
  const net::CertificateRequest wanted{
      .common_name = "api", .organizations = {}, .names = {"api.example.com"}, .is_server = true};
  const auto pair = net::issue_certificate(authority, wanted, this_year()).value();
  support::ApiServerOptions options;
  options.tls = net::ServerTls{file("server.crt", pair.certificate), file("server.key", pair.key), ""};
  const support::ApiServer server(*database, options);

  auto config = at("https", server.port());
  config.tls.ca = authority.certificate;
  config.tls.server_name = "api.example.com";
  CHECK(Client(config).store->list(kinds::namespace_).has_value());

  const auto check_refused = [&](const KubeConfig& wrong, const std::string& why) {
    Client client(wrong);
    const auto error = client.refused();
    CHECK(error.code == Code::unauthenticated);
    CHECK_MESSAGE(error.message.find(why) != std::string::npos, error.one_line());
    CHECK(error.hint ==
          "certificate-authority and tls-server-name of cluster \"upstream\" in the kubeconfig say whose certificate "
          "it must be");
    CHECK(client.store->find_kind("shop.example.com/v1", "Shirt").error().code == Code::unauthenticated);
    CHECK_FALSE(client.store->watch(kinds::pod, "", [](const WatchEvent&) {}));
  };
  auto wrong = config;
  wrong.tls.ca = other.certificate;
  check_refused(wrong, "the server's certificate is not trusted");
  wrong = config;
  wrong.tls.server_name = "elsewhere.example.com";
  check_refused(wrong, "the server's certificate is not trusted");

  Client plain(at("http", server.port()));
  CHECK(plain.refused().message.find("HTTPS") != std::string::npos);
}

TEST_CASE_FIXTURE(Ground, "a server that takes connections and says nothing costs one deadline, once") {
  net::IoThread io;
  net::Router router;
  std::vector<std::shared_ptr<net::Responder>> waiting;
  std::atomic<int> asked = 0;
  router.add("GET", "/api/{rest...}", [&](const net::Request&, std::shared_ptr<net::Responder> responder) {
    waiting.push_back(std::move(responder));
    ++asked;
  });
  const auto server = net::Server::start(io, router, {}).value();
  Client client(at("http", server->port()), 300ms);
  const auto error = client.refused();
  CHECK(error.code == Code::deadline_exceeded);
  CHECK(error.message.find("/api/v1/namespaces") != std::string::npos);
  CHECK(error.message.find("no answer within") != std::string::npos);
  for (int i = 0; i < 1000; ++i) CHECK(client.refused().code == Code::deadline_exceeded);
  CHECK(asked < 100);
}

TEST_CASE_FIXTURE(Ground, "a token that is rotated is read again, by calls and by watches") {
  std::atomic<int> current = 1;
  support::ApiServerOptions options;
  options.guard = [&](net::Request& request, net::Responder& responder) {
    return takes("t" + std::to_string(current), request, responder);
  };
  std::optional<support::ApiServer> server(std::in_place, *database, options);
  options.port = server->port();
  auto config = at("http", options.port);
  config.token_file = file("token", "t1");
  Client client(config);
  REQUIRE(client.store->create(Object::make(kinds::namespace_, {"", "default"})));
  client.watch();
  client.put("a");
  REQUIRE(client.run_until([&] { return client.seen == "a "; }));

  current = 2;
  file("token", "t2");
  client.put("b");
  REQUIRE(client.run_until([&] { return client.seen == "a b "; }));  // over the connection that it has

  current = 3;
  file("token", "t3");
  server.reset();
  server.emplace(*database, options);
  REQUIRE(client.run_until([&] { return client.store->list(kinds::namespace_).has_value(); }));
  client.put("c");
  REQUIRE(client.run_until([&] { return client.seen == "a b c "; }));

  current = 4;  // and nobody told us
  const auto error = client.refused();
  CHECK(error.code == Code::unauthenticated);
  CHECK(error.one_line() == "Unauthorized; renew the credentials of user \"robot\" in " + config.token_file);
}

TEST_CASE_FIXTURE(Ground,
                  "something else that answers is no API server, and is told apart from a kind that is not served") {
  net::IoThread io;
  net::Router router;
  for (const auto* path : {"/api/{rest...}", "/apis/{rest...}"}) {
    router.add("GET", path, [](const net::Request& request, const std::shared_ptr<net::Responder>& responder) {
      const bool is_login = request.path.starts_with("/api/");
      responder->send(net::Response::text(is_login ? 200 : 502, "<html>log in</html>"));
    });
  }
  const auto server = net::Server::start(io, router, {}).value();
  Client client(at("http", server->port()), 300ms);
  const auto error = client.refused();
  CHECK(error.one_line().find("GET /api/v1/namespaces was not answered with JSON; is this the address of a Kubernetes "
                              "API server?") != std::string::npos);
  CHECK(client.store->list(kinds::deployment).error().message ==
        "GET /apis/apps/v1/deployments was answered with status 502");
}
