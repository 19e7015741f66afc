#include <doctest/doctest.h>

#include "core/digest.hpp"
#include "core/world/simulated.hpp"
#include "storage/database.hpp"
#include "team/guard.hpp"
#include "team/team.hpp"

using namespace slipway;

namespace {

struct Office {
  core::SimulatedWorld world{1};
  std::unique_ptr<storage::Database> database = storage::open_sqlite(":memory:").value();
  std::unique_ptr<team::Team> people = team::Team::open(world.world(), *database,
                                                        {{"ada@example.com", "Ada", {"ml-engineer"}},
                                                         {"grace@example.com", "Grace", {"platform-engineer"}},
                                                         {"ci@example.com", "the workflow", {"ci"}, true}})
                                           .value();

  Result<std::optional<team::Principal>> with(std::string authorization) const {
    return people->authenticate({{"Authorization", std::move(authorization)}});
  }
};

struct Recorder final : net::Responder {
  std::optional<net::Response> answer;
  void send(net::Response response) override { answer = std::move(response); }
  void begin(int, core::Headers) override {}
  bool write(std::string_view) override { return false; }
  void end() override {}
  bool is_open() const override { return !answer; }
  void on_close(std::function<void()>) override {}
};

struct Sink final : core::EventSink {
  std::vector<core::Event> events;
  void record(core::Event event) override { events.push_back(std::move(event)); }
};

}  // namespace

TEST_CASE("a token proves who is calling, as a bearer and as git's password") {
  Office office;
  const auto token = office.people->issue_token("ada@example.com", "laptop").value();
  CHECK(token.secret.size() == 4 + 64);
  CHECK(office.with("Bearer " + token.secret).value()->id == "ada@example.com");
  CHECK(office.with("bearer  " + token.secret).value()->id == "ada@example.com");
  CHECK(office.with("Basic " + core::base64("ada:" + token.secret)).value()->roles ==
        std::vector<std::string>{"ml-engineer"});
  CHECK_FALSE(office.people->authenticate({}).value().has_value());
}

TEST_CASE("a wrong, revoked or expired token is refused, and so is one whose owner left") {
  Office office;
  CHECK(office.with("Bearer slw_wrong").error().code == Code::unauthenticated);
  CHECK(office.with("Basic %%%").error().code == Code::unauthenticated);
  CHECK(office.with("Digest x").error().code == Code::unauthenticated);

  const auto revoked = office.people->issue_token("ada@example.com", "").value();
  CHECK(office.with("Bearer " + revoked.secret).has_value());
  CHECK(office.people->revoke(revoked.id).has_value());
  CHECK(office.with("Bearer " + revoked.secret).error().message == "this token was revoked");

  const auto brief = office.people->issue_token("ada@example.com", "", std::chrono::minutes(5)).value();
  CHECK(office.with("Bearer " + brief.secret).has_value());
  office.world.run_for(std::chrono::minutes(6));
  CHECK(office.with("Bearer " + brief.secret).error().message == "this token has expired");

  const auto grace = office.people->issue_token("grace@example.com", "").value();
  REQUIRE(office.people->set_people({{"ada@example.com", "Ada", {"ml-engineer"}}}));
  CHECK(office.with("Bearer " + grace.secret).error().message == "grace@example.com is no longer in team.yaml");
  REQUIRE(office.people->set_people({{"grace@example.com", "Grace", {"platform-engineer"}}}));
  CHECK(office.with("Bearer " + grace.secret).error().message == "this token was revoked");
  REQUIRE(office.people->set_people({{"ada@example.com", "Ada", {"ml-engineer"}}}));
  CHECK(office.people->issue_token("ada@exmple.com", "").error().hint == "did you mean \"ada@example.com\"?");
}

TEST_CASE("a certificate is good while its owner is in the team, and no more when he comes back") {
  Office office;
  const team::Person grace{"grace@example.com", "Grace", {"platform-engineer"}};
  const team::Person ada{"ada@example.com", "Ada", {"ml-engineer"}};
  const auto ask = [&](const std::string& subject, std::vector<std::string> organizations) -> std::string {
    const auto owner = office.people->owner_of_certificate(subject, organizations);
    if (!owner) return owner.error().message;
    return owner->id + (owner->roles.empty() ? "" : " " + owner->roles.front()) +
           (organizations.empty() ? "" : " in " + organizations.front());
  };
  const auto first = office.people->membership_of(grace.id).value();
  CHECK(ask(grace.id, {first, "dev"}) == "grace@example.com platform-engineer in dev");
  CHECK(ask(grace.id, {}) == "this certificate of grace@example.com is of an earlier time in the team");
  CHECK(ask(ada.id, {first}) == "this certificate of ada@example.com is of an earlier time in the team");
  CHECK(ask("stranger", {"system:masters"}) == "stranger in system:masters");

  REQUIRE(office.people->set_people({ada}));
  CHECK(ask(grace.id, {first}) == "grace@example.com is no longer in team.yaml");
  CHECK(ask(grace.id, {}) == "grace@example.com is no longer in team.yaml");
  CHECK_FALSE(office.people->membership_of(grace.id));
  CHECK(office.people->has_left(grace.id));
  CHECK_FALSE(office.people->has_left(ada.id));

  // A platform that starts again remembers who left, and a person who is back begins anew.
  office.people = team::Team::open(office.world.world(), *office.database, {ada, grace}).value();
  const auto second = office.people->membership_of(grace.id).value();
  CHECK(second != first);
  CHECK(ask(grace.id, {first}) == "this certificate of grace@example.com is of an earlier time in the team");
  CHECK(ask(grace.id, {second}) == "grace@example.com platform-engineer");
  office.people = team::Team::open(office.world.world(), *office.database, {grace, ada}).value();
  CHECK(ask(grace.id, {second}) == "grace@example.com platform-engineer");
}

TEST_CASE("the secret of a token is nowhere in the database") {
  Office office;
  const auto token = office.people->issue_token("ada@example.com", "laptop").value();
  bool found = false;
  REQUIRE(office.database
              ->read([&](storage::Connection& c) {
                return c.query("SELECT id || hash || person || label FROM team_tokens", {},
                               [&](const storage::Row& row) {
                                 found = found || row.text(0).find(token.secret.substr(4)) != std::string::npos;
                               });
              })
              .has_value());
  CHECK_FALSE(found);
}

TEST_CASE("the guard: what each request needs") {
  struct Row {
    const char *method, *path, *caller;
    bool open_reading;
    int status;  // 0: let through
  };
  const std::vector<Row> rows = {
      {"GET", "/api/slipway/v1/overview", "", true, 0},
      {"GET", "/api/slipway/v1/overview", "", false, 401},
      {"GET", "/api/slipway/v1/overview", "ada", false, 0},
      {"GET", "/api/slipway/v1/overview", "wrong", true, 401},
      {"GET", "/api/slipway/v1/tokens", "", true, 401},
      {"GET", "/api/slipway/v1/tokens", "ada", true, 403},
      {"POST", "/api/slipway/v1/blobs", "", true, 401},
      {"POST", "/api/slipway/v1/blobs", "ada", true, 0},
      {"POST", "/api/slipway/v1/promotions", "ada", true, 0},
      {"POST", "/api/slipway/v1/promotions/production/x/approve", "ada", true, 0},
      {"POST", "/api/slipway/v1/promotions/production/x/approve", "ci", true, 403},
      {"POST", "/api/slipway/v1/promotions", "ci", true, 0},
      {"POST", "/api/slipway/v1/promotions/", "", true, 401},
      {"POST", "/api/slipway/v1/tokens/", "ada", true, 403},
      {"GET", "/api/v1/secrets", "", true, 401},
      {"GET", "/api/v1/namespaces/dev/secrets/x", "ada", true, 403},
      {"GET", "/api/v1/namespaces/dev/secrets/x", "grace", true, 0},
      {"GET", "/api/v1/namespaces/dev/pods", "", true, 0},
      {"POST", "/api/slipway/v1/tokens", "ada", true, 403},
      {"POST", "/api/slipway/v1/tokens", "grace", true, 0},
      {"POST", "/api/slipway/v1/anything-else", "ada", true, 403},
      {"POST", "/api/v1/namespaces/dev/pods", "ada", true, 403},
      {"PATCH", "/apis/apps/v1/namespaces/dev/deployments/x", "grace", true, 0},
      {"POST", "/api/model_registry/v1alpha3/registered_models", "ada", true, 0},
      {"POST", "/api/model_registry/v1alpha3/registered_models", "", true, 401},
      {"POST", "/apis/v2beta1/runs", "ada", true, 0},
  };
  for (const auto& row : rows) {
    INFO(row.method << " " << row.path << " as " << row.caller);
    Office office;
    const auto guard = team::make_guard(*office.people, {row.open_reading, nullptr});
    net::Request request;
    request.method = row.method;
    request.path = row.path;
    const std::string caller = row.caller;
    if (caller == "wrong") request.headers.emplace_back("Authorization", "Bearer nonsense");
    if (caller == "ada" || caller == "grace" || caller == "ci") {
      const auto token = office.people->issue_token(caller + "@example.com", "").value();
      request.headers.emplace_back("Authorization", "Bearer " + token.secret);
    }
    Recorder recorder;
    CHECK(guard(request, recorder) == (row.status == 0));
    CHECK((recorder.answer ? recorder.answer->status : 0) == row.status);
    if (row.status == 0 && !caller.empty()) {
      CHECK(request.header(net::principal_header) == caller + "@example.com");
    }
  }
}

TEST_CASE("Going into a Pod needs a token and the right to change things, also where reading is open") {
  const team::GuardOptions options{.open_reading = true, .events = nullptr};
  for (const auto* path : {"/api/v1/namespaces/n/pods/p/exec", "/api/v1/namespaces/n/pods/p/attach",
                           "/api/v1/namespaces/n/pods/p/portforward", "/api/v1/namespaces/n/pods/p:80/proxy/x",
                           "/api/v1/namespaces/n/services/s/proxy", "/api/v1/nodes/n/proxy/pods",
                           "/api/v1//namespaces/n/pods//p/exec/", "/api/v1/watch/namespaces/n/pods/p/exec"}) {
    for (const auto* method : {"GET", "HEAD", "POST"}) {
      CAPTURE(path);
      const auto needs = team::requirement_of(method, path, options);
      CHECK(needs.credentials);
      CHECK(needs.verb == team::Verb::apply);
    }
  }
  for (const auto* path : {"/api/v1/namespaces/n/pods/p/log", "/api/v1/namespaces/n/pods/exec",
                           "/api/v1/namespaces/proxy/pods", "/api/v1/namespaces/n/pods"}) {
    CAPTURE(path);
    CHECK_FALSE(team::requirement_of("GET", path, options).credentials);
  }
}

TEST_CASE("the guard: a slash at the end, which the router overlooks, asks for no less") {
  const team::GuardOptions options;
  const auto plain = team::requirement_of("POST", "/api/slipway/v1/promotions", options);
  const auto slashed = team::requirement_of("POST", "/api/slipway/v1/promotions/", options);
  CHECK(plain.verb == team::Verb::promote);
  CHECK(slashed.verb == plain.verb);
}

TEST_CASE("a client cannot name itself: internal headers that it sends are removed") {
  Office office;
  const auto guard = team::make_guard(*office.people);
  net::Request request;
  request.method = "GET";
  request.path = "/api/slipway/v1/whoami";
  request.headers = {{"X-Slipway-Principal", "linus@example.com"}, {"x-slipway-ROLES", "tech-lead"}};
  Recorder recorder;
  CHECK(guard(request, recorder));
  CHECK(request.header(net::principal_header).empty());
  CHECK(request.header(net::roles_header).empty());
}

TEST_CASE("where the Kubernetes API decides itself, the guard only says who it is: people, accounts and certificates") {
  Office office;
  office.people->accept_accounts([](std::string_view token) -> Result<std::optional<team::Principal>> {
    if (token == "expired") return fail(Code::unauthenticated, "service account token has expired");
    if (token != "robots") return std::nullopt;
    return team::Principal{
        .id = "system:serviceaccount:dev:robot", .name = "", .roles = {}, .service = true, .account = "{}"};
  });
  const auto guard = team::make_guard(*office.people, {.open_reading = false, .events = nullptr, .api_decides = true});
  const auto ask = [&](const std::string& method, const std::string& path, const std::string& token,
                       const std::string& subject = "") {
    net::Request request;
    request.method = method;
    request.path = path;
    request.client_subject = subject;
    if (office.people->find(subject) != nullptr)
      request.client_organizations = {office.people->membership_of(subject).value()};
    request.headers.emplace_back("x-slipway-account", "{\"uid\":\"mine\"}");
    if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
    Recorder recorder;
    if (!guard(request, recorder)) return std::to_string(recorder.answer->status);
    return std::string(request.header(net::principal_header)) + std::string(request.header(net::account_header));
  };
  const auto ada = office.people->issue_token("ada@example.com", "").value().secret;
  const std::string pods = "/api/v1/namespaces/dev/pods";
  CHECK(ask("POST", pods, ada) == "ada@example.com");
  CHECK(ask("GET", pods, "") == "401");
  CHECK(ask("POST", pods, "robots") == "system:serviceaccount:dev:robot{}");
  CHECK(ask("POST", pods, "expired") == "401");
  CHECK(ask("POST", pods, "unknown") == "401");
  CHECK(ask("POST", pods, "", "system:admin") == "system:admin");
  CHECK(ask("POST", "/api/slipway/v1/tokens", "robots") == "403");
  CHECK(ask("POST", "/api/slipway/v1/tokens", "", "system:admin") == "403");
  CHECK(ask("POST", "/apis/v2beta1/runs", "robots") == "403");
  CHECK(ask("POST", "/api/slipway/v1/tokens", "", "grace@example.com") == "grace@example.com");
}

TEST_CASE("where others come too, what is the team's is read by who has a role in it, and by no other account") {
  Office office;
  office.people->accept_accounts([](std::string_view token) -> Result<std::optional<team::Principal>> {
    if (token != "robots") return std::nullopt;
    return team::Principal{
        .id = "system:serviceaccount:dev:robot", .name = "", .roles = {}, .service = true, .account = "{}"};
  });
  const auto ci = office.people->issue_token("ci@example.com", "").value().secret;
  const auto status = [&](const std::string& path, const std::string& token, const std::string& subject, bool shared) {
    const auto guard = team::make_guard(*office.people, {.events = nullptr, .api_decides = true, .shared = shared});
    net::Request request;
    request.method = "GET";
    request.path = path;
    request.remote = "127.0.0.1:1";
    request.client_subject = subject;
    if (office.people->find(subject) != nullptr)
      request.client_organizations = {office.people->membership_of(subject).value()};
    if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
    Recorder recorder;
    return guard(request, recorder) ? 200 : recorder.answer->status;
  };
  for (const std::string path :
       {"/api/slipway/v1/overview", "/api/slipway/v1/timeline", "/api/slipway/v1/people", "/api/slipway/v1/runs",
        "/api/slipway/v1/models", "/apis/v2beta1/runs", "/api/model_registry/v1alpha3/registered_models", "/"}) {
    CAPTURE(path);
    CHECK(status(path, "robots", "", true) == 403);
    CHECK(status(path, "", "left@example.com", true) == 403);
    CHECK(status(path, ci, "", true) == 200);
    CHECK(status(path, "", "ada@example.com", true) == 200);
    CHECK(status(path, "robots", "", false) == 200);
  }
  CHECK(status("/api/slipway/v1/whoami", "robots", "", true) == 200);
  CHECK(status("/api/v1/pods", "robots", "", true) == 200);  // up to RBAC
}

TEST_CASE("where others come too, they say who they are, and what the Kubernetes API shows is up to itself") {
  Office office;
  const auto guard = team::make_guard(*office.people, {.events = nullptr, .api_decides = true, .shared = true});
  const auto ada = office.people->issue_token("ada@example.com", "").value().secret;
  struct Row {
    const char *method, *path, *remote;
    bool has_token;
    int status;  // 0: let through
  };
  constexpr const char* here = "127.0.0.1:53122";
  constexpr const char* elsewhere = "192.0.2.7:53122";
  constexpr Row rows[] = {
      {"GET", "/api/slipway/v1/overview", here, false, 0},
      {"GET", "/api/slipway/v1/overview", "[::1]:9", false, 0},
      {"GET", "/api/slipway/v1/overview", elsewhere, false, 401},
      {"GET", "/api/slipway/v1/overview", "[2001:db8::7]:9", false, 401},
      {"GET", "/api/slipway/v1/overview", "", false, 401},
      {"GET", "/api/slipway/v1/overview", elsewhere, true, 0},
      {"GET", "/apis/v2beta1/runs", elsewhere, false, 401},
      {"GET", "/api/model_registry/v1alpha3/registered_models", elsewhere, false, 401},
      {"POST", "/api/slipway/v1/kubeconfigs", here, true, 403},
      // As system:anonymous, which RBAC lets see the version and whether it is well.
      {"GET", "/api/v1/pods", here, false, 0},
      {"GET", "/api/v1/secrets", elsewhere, false, 0},
      {"GET", "/apis", elsewhere, false, 0},
      {"GET", "/openapi/v3", elsewhere, false, 0},
      {"GET", "/version", elsewhere, false, 0},
      {"GET", "/readyz/", elsewhere, false, 0},
      {"GET", "/metrics", elsewhere, false, 0},
      {"POST", "/api/v1/namespaces/dev/pods", elsewhere, false, 401},
      {"GET", "/api/v1/namespaces/dev/pods/p/exec", elsewhere, false, 401},
  };
  for (const auto& row : rows) {
    INFO(row.method << " " << row.path << " from " << row.remote);
    net::Request request;
    request.method = row.method;
    request.path = row.path;
    request.remote = row.remote;
    if (row.has_token) request.headers.emplace_back("Authorization", "Bearer " + ada);
    Recorder recorder;
    CHECK(guard(request, recorder) == (row.status == 0));
    CHECK((recorder.answer ? recorder.answer->status : 0) == row.status);
    CHECK(request.header(net::principal_header) == (row.has_token && row.status == 0 ? "ada@example.com" : ""));
  }
}

TEST_CASE("a refusal has the shape that the clients of that path read, and is on record") {
  Office office;
  Sink sink;
  const auto guard = team::make_guard(*office.people, {true, &sink});
  const auto token = office.people->issue_token("ada@example.com", "").value();
  net::Request request;
  request.method = "DELETE";
  request.path = "/api/v1/namespaces/production/pods/x";
  request.headers = {{"Authorization", "Bearer " + token.secret}};
  Recorder recorder;
  CHECK_FALSE(guard(request, recorder));
  const auto status = doc::parse_json(recorder.answer->body).value();
  CHECK(status["kind"].string_or("") == "Status");
  CHECK(status["reason"].string_or("") == "Forbidden");
  CHECK(status["code"].int_or(0) == 403);
  REQUIRE(sink.events.size() == 1);
  CHECK(sink.events[0].actor == "ada@example.com");
  CHECK(sink.events[0].action == "denied");

  const Error anonymous(Code::unauthenticated, "this needs a token");
  CHECK(team::refusal("/api/slipway/v1/x", anonymous).body.find("\"unauthenticated\"") != std::string::npos);
  CHECK(team::refusal("/apis/v2beta1/runs", anonymous).body.find("\"code\":16") != std::string::npos);
  CHECK(team::refusal("/api/model_registry/v1alpha3/x", anonymous).body.find("\"code\":\"Unauthorized\"") !=
        std::string::npos);
}
