// Promotions in the simulated world: gates, approvals, deployment, and what a killed control plane must not lose.
#include "delivery/testing.hpp"

#include <cstdlib>

#include "delivery/promotion/gates.hpp"
#include "delivery/promotion/manifests.hpp"

using namespace slipway;
using namespace slipway::delivery;
using namespace slipway::delivery::testing;

namespace {
const Principal grace{"grace@example.com", {"developer"}};
const Principal linus{"linus@example.com", {"tech-lead"}};
const Principal ada{"ada@example.com", {"tech-lead", "developer"}};

std::string environment_yaml(const std::string& name, const std::string& more) {
  return "apiVersion: slipway.dev/v1alpha1\nkind: Environment\nmetadata: {name: " + name +
         "}\nspec: {namespace: " + name + ", manifests: deploy/" + name + ", " + more + "}\n";
}
std::string digest_of(const std::string& text) { return core::Digest::of(text).text(); }

struct PromotionHouse : House {
  bool gateway_answers = true;

  explicit PromotionHouse(const support::StoreEntry& entry = support::in_memory()) : House(entry) {
    metrics.answer("success{", "0.99");
    for (const char* version : {"v1", "v2", "v3"}) {
      VersionFacts facts;
      facts.model = "chat";
      facts.version = version;
      facts.artifact = digest_of(version);
      facts.state = "LIVE";
      facts.commit = "9f3c12a";
      facts.repository = "chat";
      facts.run = "release-1";
      facts.metrics["accuracy"] = 0.61;
      registry.versions[version] = facts;
    }
    const std::string workload =
        "apiVersion: inference.llm-d.io/v1alpha1\nkind: LLMDeployment\nmetadata: {name: chat, labels: {app: "
        "chat}}\nspec: {model: {name: chat}, replicas: 1}\n";
    repository.by_directory["deploy/staging"] = {{"deploy/staging/model.yaml", workload}};
    repository.by_directory["deploy/production"] = {{"deploy/production/analysis.yaml", analysis_yaml},
                                                    {"deploy/production/model.yaml", workload},
                                                    {"deploy/production/rollout.yaml", rollout_yaml(usual_steps)},
                                                    {"deploy/production/traffic.yaml", traffic_yaml}};
    apply(environment_yaml("staging", "gates: [{name: quality, metric: {name: accuracy, min: 0.55}}]"));
    apply(environment_yaml("production",
                           "from: staging, gates: [{name: quality, metric: {name: accuracy, min: 0.55}}],"
                           "approvals: {required: 1, roles: [tech-lead], notRequester: true, expiresAfter: 1h},"
                           "smoke: {host: chat.example.com, prompts: [Hello], timeout: 20s}"));
    REQUIRE(world
                .serve("127.0.0.1", 8081,
                       [this](core::HttpRequest request, auto done) {
                         const bool is_right = gateway_answers &&
                                               core::header(request.headers, "host") == "chat.example.com" &&
                                               request.body.find("\"model\":\"chat\"") != std::string::npos;
                         core::HttpResponse response;
                         response.status = is_right ? 200 : 503;
                         response.body =
                             is_right ? R"({"choices":[{"message":{"content":"Hi"}}]})" : "no healthy upstream";
                         done(std::move(response));
                       })
                .has_value());
  }

  Name ask(const std::string& version, const std::string& environment, const Principal& by = grace) {
    PromotionRequest request;
    request.model = "chat";
    request.version = version;
    request.environment = environment;
    const auto created = delivery->create_promotion(request, by);
    if (!created) MESSAGE(created.error().render());
    REQUIRE(created.has_value());
    return created->name();
  }
  Object promotion(const Name& name) { return *store->get(kinds::promotion, name); }
  std::string phase_of(const Name& name) { return promotion(name).status()["phase"].string_or(""); }
  std::string message_of(const Name& name) { return promotion(name).status()["message"].string_or(""); }
  std::string subject_of(const Name& name) { return promotion(name).status()["subject"].string_or(""); }

  // v1 stands in production, v2 in staging.
  void deliver_first_version() {
    const Name staging = ask("v1", "staging");
    run(20);
    REQUIRE(phase_of(staging) == "Succeeded");
    const Name production = ask("v1", "production");
    run(5);
    REQUIRE(phase_of(production) == "AwaitingApproval");
    REQUIRE(delivery->approve(production, linus, subject_of(production)).has_value());
    run(30);
    REQUIRE(phase_of(production) == "Succeeded");
    const Name next = ask("v2", "staging");
    run(20);
    REQUIRE(phase_of(next) == "Succeeded");
  }
};
}  // namespace

TEST_CASE_ON_EVERY_STORE(PromotionHouse, "a version goes through staging, an approval and a rollout into production") {
  PromotionHouse& house = *this;
  house.deliver_first_version();
  const Name name = house.ask("v2", "production");
  house.run(3);
  CHECK(house.phase_of(name) == "AwaitingApproval");
  CHECK(house.message_of(name) == "needs 1 approval by tech-lead");

  const auto inbox = house.delivery->inbox(linus);
  REQUIRE(inbox.has_value());
  REQUIRE(inbox->size() == 1);
  CHECK((*inbox)[std::size_t{0}]["mayApprove"].bool_or(false));
  CHECK(!(*house.delivery->inbox(grace))[std::size_t{0}]["mayApprove"].bool_or(true));

  const std::string subject = house.subject_of(name);
  CHECK(house.delivery->approve(name, grace, subject).error().code == Code::permission_denied);
  CHECK(house.delivery->approve(name, linus, "sha256:other").error().code == Code::conflict);
  REQUIRE(house.delivery->approve(name, linus, subject, "looks good").has_value());
  house.run(2);
  CHECK(house.phase_of(name) == "RollingOut");
  CHECK(house.delivery->approve(name, ada, subject).error().code == Code::failed_precondition);
  house.run(60);
  CHECK(house.phase_of(name) == "Succeeded");
  CHECK(house.stable_version() == "v2");

  const auto workload = *house.store->get(kinds::llm_deployment, {"production", "chat"});
  CHECK(workload.spec()["model"]["version"].string_or("") == "v2");
  CHECK(workload.spec()["model"]["modelUri"].string_or("") == "model-registry://chat/v2");
  CHECK("sha256:" + workload.spec()["model"]["checksums"]["sha256"].string_or("") == digest_of("v2"));

  const auto history = house.delivery->history("production");
  REQUIRE(history.has_value());
  REQUIRE(history->size() == 2);
  const Value& latest = (*history)[std::size_t{0}];
  CHECK(latest["version"].string_or("") == "v2");
  CHECK(latest["outcome"].string_or("") == "Succeeded");
  CHECK(latest["until"].is_null());
  CHECK(latest["approvals"][std::size_t{0}]["by"].string_or("") == "linus@example.com");
  CHECK(latest["verdict"].string_or("").ends_with("promoted"));
  CHECK((*history)[std::size_t{1}]["until"] == latest["from"]);
  CHECK(house.events.count("approved") == 2);
  CHECK(house.events.count("promotion-succeeded") == 4);
}

TEST_CASE_ON_EVERY_STORE(PromotionHouse,
                         "a canary that is rolled back ends its promotion, and approval of another try begins again") {
  PromotionHouse& house = *this;
  house.deliver_first_version();
  house.metrics.answer("success{", "0.5");
  const Name name = house.ask("v2", "production");
  house.run(3);
  REQUIRE(house.delivery->approve(name, linus, house.subject_of(name)).has_value());
  house.run(60);
  CHECK(house.phase_of(name) == "RolledBack");
  CHECK(house.message_of(name).find("rolled back") != std::string::npos);
  CHECK(house.stable_version() == "v1");
  house.metrics.answer("success{", "0.99");
  const Name again = house.ask("v2", "production");
  house.run(3);
  REQUIRE(house.delivery->approve(again, linus, house.subject_of(again)).has_value());
  house.run(90);
  CHECK(house.phase_of(again) == "Succeeded");
  CHECK(house.stable_version() == "v2");
}

TEST_CASE_ON_EVERY_STORE(PromotionHouse, "gates without data hold, failed gates end the promotion") {
  PromotionHouse& house = *this;
  house.registry.versions["v1"].metrics.clear();
  const Name name = house.ask("v1", "staging");
  house.run(30);
  CHECK(house.phase_of(name) == "Gating");
  CHECK(house.message_of(name) == "HOLD: gate quality: v1 has no metric accuracy");
  house.registry.versions["v1"].metrics["accuracy"] = std::numeric_limits<double>::quiet_NaN();
  house.run(30);
  CHECK(house.phase_of(name) == "Gating");
  house.registry.versions["v1"].metrics["accuracy"] = 0.5;
  house.run(5);
  CHECK(house.phase_of(name) == "Failed");
  CHECK(house.message_of(name) == "gate quality: accuracy 0.5 is below 0.55");
}

TEST_CASE_ON_EVERY_STORE(PromotionHouse, "a version that has not succeeded in the environment before is held back") {
  PromotionHouse& house = *this;
  const Name name = house.ask("v2", "production");
  house.run(30);
  CHECK(house.phase_of(name) == "Gating");
  CHECK(house.message_of(name).find("v2 has not succeeded in staging") != std::string::npos);
}

TEST_CASE_ON_EVERY_STORE(PromotionHouse, "an approval is void when what it was given to changes, and expires") {
  PromotionHouse& house = *this;
  house.apply(environment_yaml("production", "approvals: {required: 2, roles: [tech-lead], expiresAfter: 1h}"));
  const Name name = house.ask("v1", "production");
  house.run(3);
  const std::string subject = house.subject_of(name);
  REQUIRE(house.delivery->approve(name, linus, subject).has_value());
  CHECK(house.delivery->approve(name, linus, subject).error().code == Code::already_exists);
  SUBCASE("the registry's evidence changed") {
    house.apply(environment_yaml("production",
                                 "gates: [{name: q, metric: {name: accuracy, min: 0.1}}], approvals: {required: 2, "
                                 "roles: [tech-lead], expiresAfter: 1h}"));
    house.run(3);
    CHECK(house.subject_of(name) != subject);
    CHECK(house.promotion(name).status()["approvals"][std::size_t{0}]["void"].bool_or(false));
    CHECK(house.events.count("approval-voided") == 1);
    REQUIRE(house.delivery->approve(name, ada, house.subject_of(name)).has_value());
    house.run(3);
    CHECK(house.phase_of(name) == "AwaitingApproval");
    REQUIRE(house.delivery->approve(name, linus, house.subject_of(name)).has_value());
    house.run(3);
    CHECK(house.phase_of(name) == "RollingOut");
  }
  SUBCASE("an hour passed") {
    house.run(3700);
    REQUIRE(house.delivery->approve(name, ada, subject).has_value());
    house.run(3);
    CHECK(house.phase_of(name) == "AwaitingApproval");
    CHECK(house.message_of(name) == "needs 1 approval by tech-lead; an earlier approval has expired");
    REQUIRE(house.delivery->approve(name, linus, subject).has_value());
    house.run(3);
    CHECK(house.phase_of(name) == "RollingOut");
  }
  SUBCASE("somebody rejects it") {
    REQUIRE(house.delivery->reject(name, ada, subject, "not on a Friday").has_value());
    house.run(3);
    CHECK(house.phase_of(name) == "Rejected");
    CHECK(house.message_of(name) == "rejected by ada@example.com: not on a Friday");
  }
}

TEST_CASE_ON_EVERY_STORE(PromotionHouse, "one promotion at a time: the second of a model in an environment is queued") {
  PromotionHouse& house = *this;
  house.repository.is_away = true;
  const Name first = house.ask("v1", "staging");
  house.run(2);
  const Name second = house.ask("v2", "staging");
  CHECK(house.message_of(second) == "waits for " + first.name);
  house.run(5);
  CHECK(house.phase_of(first) == "Gating");
  CHECK(house.phase_of(second) == "Pending");
  CHECK(house.message_of(second) == "waits for " + first.name);
  house.repository.is_away = false;
  house.run(30);
  CHECK(house.phase_of(first) == "Succeeded");
  CHECK(house.phase_of(second) == "Succeeded");
  CHECK(house.store->get(kinds::llm_deployment, {"staging", "chat"})->spec()["model"]["version"].string_or("") == "v2");
}

TEST_CASE_ON_EVERY_STORE(
    PromotionHouse,
    "a version that does not become Ready fails at the deadline; a smoke test that finds no answer fails") {
  PromotionHouse& house = *this;
  house.apply(environment_yaml("staging", "progressDeadline: 30s"));
  house.broken_versions["v1"] = true;
  const Name broken = house.ask("v1", "staging");
  house.run(60);
  CHECK(house.phase_of(broken) == "Failed");
  CHECK(house.message_of(broken).find("not Ready within 30 s") != std::string::npos);
  house.gateway_answers = false;
  house.apply(environment_yaml("staging", "smoke: {host: chat.example.com, prompts: [Hello], timeout: 20s}"));
  const Name mute = house.ask("v2", "staging");
  house.run(60);
  CHECK(house.phase_of(mute) == "Failed");
  CHECK(house.message_of(mute).find("the gateway answered 503 no healthy upstream") != std::string::npos);
  CHECK(house.promotion(mute).status()["smoke"]["attempts"].int_or(0) > 10);
}

TEST_CASE_ON_EVERY_STORE(PromotionHouse, "manifests are refused before anything is applied") {
  PromotionHouse& house = *this;
  struct Row {
    const char* text;
    const char* problem;
  };
  const Row rows[] = {
      {"apiVersion: inference.llm-d.io/v1alpha1\nkind: LLMDeployment\nmetadata: {name: other}\nspec: {model: {name: "
       "other}}\n",
       "has no LLMDeployment whose spec.model.name is chat"},
      {"apiVersion: inference.llm-d.io/v1alpha1\nkind: LLMDeployment\nmetadata: {name: chat, namespace: "
       "elsewhere}\nspec: {model: {name: chat}}\n",
       "for another namespace"},
      {"apiVersion: slipway.dev/v1alpha1\nkind: Environment\nmetadata: {name: production}\nspec: {manifests: x}\n",
       "Environment may not be part of a promotion's manifests"},
      {"kind: [", "deploy/staging/model.yaml"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.problem);
    house.repository.by_directory["deploy/staging"] = {{"deploy/staging/model.yaml", row.text}};
    const Name name = house.ask("v1", "staging");
    house.run(5);
    CHECK(house.phase_of(name) == "Failed");
    CAPTURE(house.message_of(name));
    CHECK(house.message_of(name).find(row.problem) != std::string::npos);
    CHECK(house.store->list(kinds::llm_deployment)->items.empty());
  }
}

TEST_CASE_ON_EVERY_STORE(PromotionHouse, "an archived version, an unknown one and an unknown environment go nowhere") {
  PromotionHouse& house = *this;
  house.registry.versions["v1"].state = "ARCHIVED";
  const Name name = house.ask("v1", "staging");
  house.run(3);
  CHECK(house.phase_of(name) == "Failed");
  PromotionRequest request;
  request.model = "chat";
  request.version = "v9";
  request.environment = "staging";
  CHECK(house.delivery->create_promotion(request, grace).error().code == Code::not_found);
  request.version = "v2";
  request.environment = "stagign";
  CHECK(house.delivery->create_promotion(request, grace).error().code == Code::not_found);
}

TEST_CASE_ON_EVERY_STORE(PromotionHouse, "a request that is sent again after a lost answer makes no second promotion") {
  PromotionHouse& house = *this;
  PromotionRequest request{.model = "chat", .version = "v1", .environment = "staging", .idempotency_key = "k1"};
  const auto first = house.delivery->create_promotion(request, grace).value();
  CHECK(house.delivery->create_promotion(request, grace).value().name() == first.name());
  CHECK(house.store->list(kinds::promotion)->items.size() == 1);
}

TEST_CASE_ON_EVERY_STORE(PromotionHouse, "the same promotion is not asked for twice while it is in progress") {
  PromotionHouse& house = *this;
  house.deliver_first_version();
  PromotionRequest request{.model = "chat", .version = "v2", .environment = "production"};
  const auto first = house.delivery->create_promotion(request, grace).value();
  const auto refused = house.delivery->create_promotion(request, grace);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == Code::already_exists);
  CHECK(refused.error().message ==
        "Promotion " + first.name().text() + " of the same is in progress: its phase is Pending");
  house.run(3);
  CHECK(house.delivery->create_promotion(request, ada).error().hint == "approve or reject it: slipway inbox");
  request.commit = "0000000";  // other manifests
  const auto other = house.delivery->create_promotion(request, grace).value();
  CHECK(house.message_of(other.name()) == "waits for " + first.name().name);
  REQUIRE(house.delivery->reject(first.name(), linus, house.subject_of(first.name())).has_value());
  house.run(3);
  CHECK(house.phase_of(other.name()) == "AwaitingApproval");
  request.commit.clear();
  CHECK(house.delivery->create_promotion(request, grace).has_value());  // the former is over
}

TEST_CASE_ON_EVERY_STORE(
    PromotionHouse, "where nobody has to approve, who asks again while it is in progress gets the one in progress") {
  PromotionHouse& house = *this;
  house.repository.is_away = true;
  const Name first = house.ask("v1", "staging");
  house.run(2);
  CHECK(house.ask("v1", "staging") == first);
  const PromotionRequest request{.model = "chat", .version = "v1", .environment = "staging"};
  CHECK(house.delivery->create_promotion(request, ada).error().code == Code::already_exists);
  house.repository.is_away = false;
  house.run(20);
  REQUIRE(house.phase_of(first) == "Succeeded");
  const Name rerun = house.ask("v1", "staging");
  CHECK(rerun != first);
  house.run(20);
  CHECK(house.phase_of(rerun) == "Succeeded");
}

TEST_CASE_ON_EVERY_STORE(
    PromotionHouse, "what serves already is not promoted again, unless its manifests or what is installed changed") {
  PromotionHouse& house = *this;
  house.deliver_first_version();
  PromotionRequest request{.model = "chat", .version = "v1", .environment = "production"};
  const auto refused = house.delivery->create_promotion(request, grace);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == Code::failed_precondition);
  CHECK(refused.error().message == "v1 serves production already");
  SUBCASE("another commit") {
    request.commit = "0000000";
    CHECK(house.delivery->create_promotion(request, grace).has_value());
  }
  SUBCASE("somebody changed the workload by hand") {
    house.apply(workload_yaml("v3"));
    CHECK(house.delivery->create_promotion(request, grace).has_value());
  }
  SUBCASE("the next version is on its way") {
    house.ask("v2", "production");
    CHECK(house.delivery->create_promotion(request, grace).has_value());
  }
}

TEST_CASE_ON_EVERY_STORE(
    PromotionHouse, "an older version is promoted to go back; a rollout that is over says so instead of aborting") {
  PromotionHouse& house = *this;
  house.deliver_first_version();
  const auto deliver = [&](const std::string& version) {
    const Name name = house.ask(version, "production");
    house.run(3);
    REQUIRE(house.delivery->approve(name, linus, house.subject_of(name)).has_value());
    house.run(90);
    CAPTURE(house.message_of(name));
    CHECK(house.phase_of(name) == "Succeeded");
    CHECK(house.stable_version() == version);
  };
  deliver("v2");
  const auto aborted = house.delivery->abort_rollout({"production", "chat"}, linus);
  REQUIRE(!aborted.has_value());
  CHECK(aborted.error().message.ends_with("has no update to abort; its phase is Healthy"));
  CHECK(aborted.error().hint == "to go back: slipway promote MODEL OLDER --to ENV");
  deliver("v1");
  deliver("v2");
}

TEST_CASE_ON_EVERY_STORE(
    PromotionHouse,
    "another model of the environment has a queue of its own, and a smoke test that asks another model refuses") {
  PromotionHouse& house = *this;
  house.deliver_first_version();
  const Name waiting = house.ask("v2", "production");
  house.run(3);
  REQUIRE(house.phase_of(waiting) == "AwaitingApproval");
  const PromotionRequest request{.model = "billing-bot", .version = "v3", .environment = "production"};
  const Name other = house.delivery->create_promotion(request, ada).value().name();
  house.run(3);
  CHECK(house.phase_of(other) == "Gating");  // v3 is not in staging yet; it waits behind nobody

  house.apply(environment_yaml("production", "approvals: {required: 1}, smoke: {model: billing-bot}"));
  house.run(3);
  CHECK(house.phase_of(waiting) == "Failed");
  const Name refused = house.ask("v2", "production");
  house.run(1);
  CHECK(house.phase_of(refused) == "Failed");
  CHECK(house.message_of(refused) ==
        "Environment production smoke-tests the model billing-bot, not chat: give each model an Environment of its "
        "own, or leave smoke.model out");
  CHECK(house.phase_of(other) != "Pending");
  CHECK(house.stable_version() == "v1");
}

TEST_CASE_ON_EVERY_STORE(PromotionHouse,
                         "the beginning of the subject is enough for a decision, twelve digits or more") {
  PromotionHouse& house = *this;
  house.deliver_first_version();
  const Name name = house.ask("v2", "production");
  house.run(3);
  const std::string subject = house.subject_of(name);
  const std::string hex = subject.substr(std::string("sha256:").size());
  for (const std::string& wrong :
       {hex.substr(0, 11), hex.substr(1, 20), std::string("sha256:"), subject + "0", std::string()}) {
    CAPTURE(wrong);
    const auto refused = house.delivery->approve(name, linus, wrong);
    REQUIRE(!refused.has_value());
    CHECK(refused.error().code == Code::conflict);
  }
  SUBCASE("approved") {
    REQUIRE(house.delivery->approve(name, linus, hex.substr(0, 12)).has_value());
    CHECK(house.promotion(name).status()["approvals"][std::size_t{0}]["subject"].string_or("") == subject);
    house.run(2);
    CHECK(house.phase_of(name) == "RollingOut");
  }
  SUBCASE("rejected") {
    REQUIRE(house.delivery->reject(name, linus, subject.substr(0, 30)).has_value());
    CHECK(house.phase_of(name) == "Rejected");
  }
}

TEST_CASE("a control plane killed before any write of a promotion finishes it after its restart") {
  bool reached = true;
  for (int n = 1; reached; n += std::getenv("SLIPWAY_LONG_TESTS") != nullptr ? 1 : 9) {
    CAPTURE(n);
    PromotionHouse house;
    house.deliver_first_version();
    const Name name = house.ask("v2", "production");
    int commits = 0;
    bool has_failed = false;
    house.place.database()->set_commit_fault([&]() -> Result<> {
      if (++commits < n) return {};
      has_failed = true;
      return fail(Code::resource_exhausted, "the disk is gone");
    });
    bool has_approved = false;
    const auto drive = [&] {
      const std::string phase = house.phase_of(name);
      if (phase == "AwaitingApproval" && !has_approved)
        has_approved = house.delivery->approve(name, linus, house.subject_of(name)).has_value();
      return phase == "Succeeded" || phase == "Failed" || phase == "RolledBack";
    };
    house.world.run_until([&] { return has_failed || drive(); }, std::chrono::seconds(200));
    reached = has_failed;
    house.place.database()->set_commit_fault({});
    if (reached) house.restart();
    house.world.run_until(drive, std::chrono::seconds(200));
    CHECK(house.phase_of(name) == "Succeeded");
    CHECK(house.stable_version() == "v2");
    CHECK(house.promotion(name).status()["approvals"].size() == 1);
  }
}

TEST_CASE("approvals count persons of the right role") {
  using namespace slipway::delivery::promotion;
  const core::Time now = *core::parse_rfc3339("2026-11-23T10:00:00Z");
  Approvals required;
  required.required = 2;
  required.roles = {"tech-lead", "security"};
  const auto given = [&](const std::string& by, const std::string& role, bool is_void = false) {
    Approval approval{by, role, "sha256:s", ""};
    approval.at = now;
    approval.is_void = is_void;
    return approval;
  };
  CHECK(
      judge_approvals(required, {given("a", "tech-lead"), given("b", "security")}, "sha256:s", "r", now).is_satisfied);
  CHECK(
      !judge_approvals(required, {given("a", "tech-lead"), given("a", "security")}, "sha256:s", "r", now).is_satisfied);
  CHECK(
      !judge_approvals(required, {given("a", "tech-lead"), given("r", "security")}, "sha256:s", "r", now).is_satisfied);
  CHECK(!judge_approvals(required, {given("a", "tech-lead"), given("b", "developer")}, "sha256:s", "r", now)
             .is_satisfied);
  CHECK(!judge_approvals(required, {given("a", "tech-lead"), given("b", "security", true)}, "sha256:s", "r", now)
             .is_satisfied);
  CHECK(
      !judge_approvals(required, {given("a", "tech-lead"), given("b", "security")}, "sha256:t", "r", now).is_satisfied);
  CHECK(judge_approvals(Approvals{}, {}, "sha256:s", "r", now).is_satisfied);
}
