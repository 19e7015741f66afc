#include "objects/kubernetes/credentials.hpp"

#include "core/digest.hpp"
#include "core/world/real.hpp"
#include "net/http.hpp"
#include "objects/kubernetes/wire_test.hpp"

using namespace slipway;
using namespace slipway::objects;
using namespace slipway::objects::kubernetes;

namespace {

struct Fixture {
  core::SimulatedWorld simulated{1};
  core::World world = simulated.world();
  test::ScriptedWire wire{world.loop};
  KubeConfig config;
  std::optional<Credentials> credentials;

  void start() { credentials.emplace(world.clock, world.files, wire, config); }
  // The Authorization header of the next request, or the error.
  std::string authorization() {
    core::HttpRequest request;
    const auto done = credentials->authorize(request);
    tls = request.tls;
    if (!done) return "error: " + done.error().render();
    return std::string(core::header(request.headers, "Authorization"));
  }
  void use_plugin() {
    config.user = "u";
    config.server = "https://api";
    config.tls.ca = "CA";
    config.environment = {{"PATH", "/bin"}, {"REGION", "old"}};
    ExecPlugin plugin;
    plugin.api_version = "client.authentication.k8s.io/v1";
    plugin.command = "get-token";
    plugin.args = {"--cluster", "k"};
    plugin.environment = {{"REGION", "new"}};
    plugin.wants_cluster_info = true;
    plugin.install_hint = "install get-token";
    config.exec = std::move(plugin);
    start();
  }
  void print(const std::string& status, int code = 0) {
    wire.next_output = core::RunOutput{
        {code, 0},
        R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":)" + status + "}",
        "s3cret complaint"};
  }
  std::shared_ptr<const core::TlsSettings> tls;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a token file is read again every minute, and at once when the server refuses it") {
  config.token_file = "/run/token";
  start();
  CHECK(authorization().starts_with("error: cannot read the token"));
  REQUIRE(world.files.make_directories("/run"));
  REQUIRE(world.files.write_atomic("/run/token", "one\n"));
  CHECK(authorization() == "Bearer one");
  REQUIRE(world.files.write_atomic("/run/token", "two\n"));
  CHECK(authorization() == "Bearer one");
  simulated.run_for(std::chrono::seconds(61));
  CHECK(authorization() == "Bearer two");
  REQUIRE(world.files.write_atomic("/run/token", "three\n"));
  CHECK(credentials->renew());
  CHECK(authorization() == "Bearer three");
}

TEST_CASE_FIXTURE(Fixture, "a password is sent as it is, and cannot be renewed") {
  config.username = "ana";
  config.password = "pw";
  start();
  CHECK(authorization() == "Basic " + core::base64("ana:pw"));
  CHECK_FALSE(credentials->renew());
}

TEST_CASE_FIXTURE(Fixture, "a plugin is asked once, with what it wants to know, until what it gave has expired") {
  use_plugin();
  print(R"({"token":"t1","expirationTimestamp":")" + core::render_rfc3339(world.clock.now() + std::chrono::minutes(5)) +
        "\"}");
  CHECK(authorization() == "Bearer t1");
  CHECK(authorization() == "Bearer t1");
  REQUIRE(wire.runs.size() == 1);
  const auto& run = wire.runs.front();
  CHECK(run.argv == std::vector<std::string>{"get-token", "--cluster", "k"});
  std::map<std::string, std::string> environment(run.environment.begin(), run.environment.end());
  CHECK(run.environment.size() == 3);
  CHECK(environment["REGION"] == "new");
  const auto info = *doc::parse_json(environment["KUBERNETES_EXEC_INFO"]);
  CHECK(info["apiVersion"].string_or("") == "client.authentication.k8s.io/v1");
  CHECK_FALSE(info["spec"]["interactive"].bool_or(true));
  CHECK(info["spec"]["cluster"]["server"].string_or("") == "https://api");
  CHECK(info["spec"]["cluster"]["certificate-authority-data"].string_or("") == core::base64("CA"));
  print(R"({"clientCertificateData":"CERT","clientKeyData":"KEY"})");
  simulated.run_for(std::chrono::minutes(6));
  CHECK(authorization().empty());
  REQUIRE(tls != nullptr);
  CHECK(tls->certificate == "CERT");
  CHECK(tls->ca == "CA");
  CHECK(credentials->renew());
  print(R"({"token":"t3"})");
  CHECK(authorization() == "Bearer t3");
  CHECK(wire.runs.size() == 3);
}

TEST_CASE_FIXTURE(Fixture, "a plugin that fails is named, and nothing that it printed is") {
  use_plugin();
  print(R"({"token":"s3cret"})", 3);
  CHECK(authorization() == "error: the plugin \"get-token\" of user \"u\" failed with exit code 3; install get-token");
  for (const auto* status : {"{}", R"({"token":"s3cret","expirationTimestamp":"soon"})", R"("s3cret")",
                             R"({"token":"s3cret\r\nX: y"})", R"({"clientKeyData":"s3cret"})"}) {
    CAPTURE(status);
    print(status);
    const auto text = authorization();
    CHECK(text.starts_with("error: the plugin"));
    CHECK(text.find("s3cret") == std::string::npos);
  }
  wire.next_output = core::RunOutput{{}, "s3cret", ""};
  CHECK(authorization().find("did not print an ExecCredential") != std::string::npos);
  wire.next_output = fail(Code::not_found, "no such program");
  CHECK(authorization().find("did not run; install get-token") != std::string::npos);
}

TEST_CASE("the real wire runs plugins, and knows when a request surely was not sent") {
  core::RealWorld outer;
  net::IoThread io;
  const auto wire = make_wire(io, outer.loop());
  core::RunRequest run;
  run.argv = {"/bin/sh", "-c", "echo $X"};
  run.environment = {{"X", "hello"}};
  const auto output = wire->run(run);
  REQUIRE(output);
  CHECK(output->out == "hello\n");
  core::HttpRequest request;
  request.url = "http://127.0.0.1:1/";
  const auto refused = wire->call(request);
  CHECK_FALSE(refused.response);
  CHECK_FALSE(refused.may_have_arrived);
  request.url = "http://no-such-host.invalid/";
  CHECK_FALSE(wire->call(request).may_have_arrived);
  CHECK_FALSE(wire->peek(request, std::chrono::milliseconds(10)));
}
