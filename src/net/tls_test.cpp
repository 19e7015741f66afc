#include "net/certificates.hpp"
#include "net/certificates_test.hpp"
#include "net/client.hpp"
#include "net/client_test.hpp"
#include "net/test_support.hpp"

namespace slipway::net {
namespace {

using test::Authority;
using test::Caller;
using test::Site;

core::HttpRequest get(const std::string& url, const core::TlsSettings& tls) {
  core::HttpRequest request;
  request.url = url;
  request.timeout = std::chrono::seconds(20);
  request.tls = std::make_shared<const core::TlsSettings>(tls);
  return request;
}

// Says who the client is, over https.
struct TlsSite : Site {
  explicit TlsSite(const ServerTls& tls) {
    options.tls = tls;
    router.add("GET", "/who", [](const Request& request, const std::shared_ptr<Responder>& responder) {
      std::string text = "\"" + request.client_subject + "\"";
      for (const std::string& organization : request.client_organizations) text += " [" + organization + "]";
      responder->send(Response::text(200, text));
    });
    router.add("GET", "/remote", [](const Request& request, const std::shared_ptr<Responder>& responder) {
      responder->send(Response::text(200, request.remote));
    });
    router.add("POST", "/size",
               [](const Request& request, const std::shared_ptr<Responder>& responder) {
                 responder->send(Response::text(200, std::string(request.read_body().value().size(), 'y')));
               },
               {.max_body = 8 * 1024 * 1024});
    start();
  }
  std::string at(const std::string& path, const std::string& host = "127.0.0.1") const {
    return "https://" + host + ":" + std::to_string(port()) + path;
  }
};

// The same of both clients.
void check_answer(const core::HttpRequest& request, const std::string& body) {
  CAPTURE(request.url);
  Caller caller;
  const auto late = caller.send(request);
  REQUIRE_MESSAGE(late, (late ? "" : late.error().one_line()));
  CHECK(late->body == body);
  const auto now = fetch(request);
  REQUIRE_MESSAGE(now, (now ? "" : now.error().one_line()));
  CHECK(now->body == body);
}

void check_failure(const core::HttpRequest& request, Code code, const std::string& words) {
  CAPTURE(request.url);
  Caller caller;
  for (const auto& answer : {caller.send(request), fetch(request)}) {
    REQUIRE_FALSE(answer);
    CHECK_MESSAGE(answer.error().code == code, answer.error().one_line());
    CHECK_MESSAGE(answer.error().one_line().contains(words), answer.error().one_line());
  }
}

}  // namespace

TEST_CASE("a certificate says what it was asked to say") {
  const Authority authority;
  CertificateRequest request;
  request.common_name = "system:admin";
  request.organizations = {"system:masters", "people"};
  request.names = {"localhost", "127.0.0.1", "::1", "api.example.org"};
  request.is_client = request.is_server = true;
  const core::Time until = core::parse_rfc3339("2031-02-03T04:05:06Z").value();
  const CertifiedKey made = authority.issue_until(request, until);
  const auto facts = read_certificate(made.certificate).value();
  CHECK(facts.common_name == "system:admin");
  CHECK(facts.organizations == request.organizations);
  CHECK(facts.names == request.names);
  CHECK(facts.validity.until == until);
  CHECK_FALSE(facts.is_authority);
  CHECK(made.key.contains("PRIVATE KEY"));
  const auto of_authority = read_certificate(authority.certificate()).value();
  CHECK(of_authority.is_authority);
  CHECK(of_authority.common_name == "test authority");
}

TEST_CASE("certificates that cannot be made or read are refused with a sentence") {
  const Authority authority;
  const Authority other;
  CHECK(read_certificate("nothing").error().code == Code::invalid_argument);
  CertificateRequest request;
  request.common_name = "x";
  request.names = {"not a name"};
  const Validity hour = test::for_an_hour(authority.now());
  const CertifiedKey ca = make_certificate_authority("a", hour).value();
  CHECK(issue_certificate(ca, request, hour).error().message.contains("\"not a name\""));
  request.names.clear();
  const CertifiedKey mixed{ca.certificate, other.client("y").key};
  CHECK(issue_certificate(mixed, request, hour).error().message.contains("does not belong"));
}

TEST_CASE("a request over TLS is answered, to a name and to an address") {
  const Authority authority;
  const TlsSite site(authority.serve());
  check_answer(get(site.at("/who"), authority.trust()), "\"\"");
  check_answer(get(site.at("/who", "localhost"), authority.trust()), "\"\"");
  core::TlsSettings by_file;
  by_file.ca_file = authority.write("ca.crt", authority.certificate());
  check_answer(get(site.at("/who"), by_file), "\"\"");
}

TEST_CASE("large bodies go both ways over TLS") {
  const Authority authority;
  const TlsSite site(authority.serve());
  core::HttpRequest request = get(site.at("/size"), authority.trust());
  request.method = "POST";
  request.body = std::string(3'000'000, 'x');
  check_answer(request, std::string(3'000'000, 'y'));
}

TEST_CASE("the request carries what the verified certificate of its client says") {
  const Authority authority;
  const TlsSite site(authority.serve(true));
  const CertifiedKey jane = authority.client("jane", {"developers", "system:masters"});
  check_answer(get(site.at("/who"), authority.trust_as(jane)), "\"jane\" [developers] [system:masters]");
  check_answer(get(site.at("/who"), authority.trust()), "\"\"");
}

TEST_CASE("a client's certificate that the server cannot verify is refused, and the client hears why") {
  const Authority authority;
  const Authority other("another authority");
  const TlsSite site(authority.serve(true));
  check_failure(get(site.at("/who"), authority.trust_as(other.client("jane"))), Code::unauthenticated, "certificate");
  CertificateRequest old;
  old.common_name = "jane";
  old.is_client = true;
  const CertifiedKey expired = authority.issue_until(old, authority.now() - std::chrono::minutes(1));
  check_failure(get(site.at("/who"), authority.trust_as(expired)), Code::unauthenticated, "expired");
  // A server that does not ask for certificates does not believe one either.
  const TlsSite indifferent(authority.serve(false));
  check_answer(get(indifferent.at("/who"), authority.trust_as(other.client("jane"))), "\"\"");
}

TEST_CASE("a server whose certificate proves nothing is not spoken to") {
  const Authority authority;
  const Authority other("another authority");
  CertificateRequest wanted;
  wanted.common_name = "127.0.0.1";
  wanted.names = {"api.example.org"};
  wanted.is_server = true;
  const TlsSite elsewhere(authority.serve(authority.issue(wanted)));
  check_failure(get(elsewhere.at("/who"), authority.trust()), Code::failed_precondition, "IP address mismatch");
  check_failure(get(elsewhere.at("/who", "localhost"), authority.trust()), Code::failed_precondition,
                "hostname mismatch");
  core::TlsSettings named = authority.trust();
  named.server_name = "api.example.org";
  check_answer(get(elsewhere.at("/who"), named), "\"\"");
  check_failure(get(elsewhere.at("/who"), other.trust()), Code::failed_precondition, "not trusted");
  check_failure(get(elsewhere.at("/who"), {}), Code::failed_precondition, "not trusted");
  core::TlsSettings careless;
  careless.insecure_skip_verify = true;
  check_answer(get(elsewhere.at("/who"), careless), "\"\"");

  wanted.names = {"127.0.0.1"};
  const TlsSite late(authority.serve(authority.issue_until(wanted, authority.now() - std::chrono::minutes(1))));
  check_failure(get(late.at("/who"), authority.trust()), Code::failed_precondition, "expired");
  wanted.is_server = false;
  wanted.is_client = true;
  const TlsSite impostor(authority.serve(authority.issue(wanted)));
  check_failure(get(impostor.at("/who"), authority.trust()), Code::failed_precondition, "purpose");
}

TEST_CASE("TLS and plain HTTP that meet by mistake fail with a sentence") {
  const Authority authority;
  const TlsSite site(authority.serve());
  const core::HttpRequest plain = get("http://127.0.0.1:" + std::to_string(site.port()) + "/who", {});
  const auto answer = fetch(plain);
  REQUIRE(answer);
  CHECK(answer->status == 400);
  CHECK(answer->body.contains("this port speaks HTTPS"));
  Site simple;
  simple.start();
  check_failure(get("https://127.0.0.1:" + std::to_string(simple.port()) + "/", authority.trust()), Code::unavailable,
                "does not speak TLS");
}

TEST_CASE("a kept TLS connection is used again, but only with the same settings") {
  const Authority authority;
  const TlsSite site(authority.serve(true));
  Caller caller;
  const core::HttpRequest nobody = get(site.at("/remote"), authority.trust());
  const core::HttpRequest jane = get(site.at("/remote"), authority.trust_as(authority.client("jane")));
  const std::string first = caller.send(nobody)->body;
  const std::string second = caller.send(jane)->body;
  CHECK(first != second);
  for (int i = 0; i < 5; ++i) {
    CHECK(caller.send(nobody)->body == first);
    CHECK(caller.send(jane)->body == second);
  }
}

TEST_CASE("a server does not start with certificates it cannot use, and names the file") {
  const Authority authority;
  const auto start = [](const ServerTls& tls) {
    IoThread io;
    Router router;
    ServerOptions options;
    options.tls = tls;
    const auto started = Server::start(io, router, options);
    REQUIRE_FALSE(started);
    return started.error().one_line();
  };
  ServerTls tls = authority.serve(true);
  tls.certificate_file = "/does/not/exist.crt";
  CHECK(start(tls).contains("/does/not/exist.crt"));
  tls = authority.serve(true);
  tls.key_file = authority.write("other.key", authority.client("x").key);
  CHECK(start(tls).contains("other.key"));
  tls = authority.serve(true);
  tls.key_file = authority.write("empty.key", "");
  CHECK(start(tls).contains("empty.key"));
  tls = authority.serve(true);
  tls.client_ca_file = authority.write("bad-ca.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  CHECK(start(tls).contains("bad-ca.crt"));
}

TEST_CASE("client settings that cannot be used say which part is wrong") {
  const Authority authority;
  const TlsSite site(authority.serve());
  core::TlsSettings half = authority.trust();
  half.certificate = authority.client("x").certificate;
  check_failure(get(site.at("/who"), half), Code::invalid_argument, "without its key");
  core::TlsSettings nonsense;
  nonsense.ca = "nonsense";
  check_failure(get(site.at("/who"), nonsense), Code::invalid_argument, "the CA certificates");
  core::TlsSettings missing;
  missing.ca_file = "/does/not/exist.crt";
  check_failure(get(site.at("/who"), missing), Code::not_found, "/does/not/exist.crt");
}

TEST_CASE("a client that begins TLS and falls silent is let go") {
  const Authority authority;
  Site site;
  site.options.tls = authority.serve();
  site.options.header_timeout = std::chrono::milliseconds(50);
  site.start();
  CHECK(site.talk("\x16\x03\x01").empty());
}

TEST_CASE("more connections than the cap are closed, and there is room again when one goes") {
  Site site;
  site.options.max_connections = 2;
  site.router.add("GET", "/", [](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->send(Response::text(200, "here"));
  });
  site.start();
  const std::string request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  test::RawClient one(site.port());
  one.send(request).read_until("here");
  {
    test::RawClient two(site.port());
    two.send(request).read_until("here");
    CHECK(site.talk(request).empty());
  }
  std::string answer;
  while (answer.empty()) answer = site.talk("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  CHECK(answer.ends_with("here"));
}

}  // namespace slipway::net
