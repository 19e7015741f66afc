#include "objects/admission/webhooks.hpp"

#include "core/digest.hpp"
#include "net/certificates_test.hpp"
#include "objects/served_test.hpp"

using namespace slipway;
using namespace slipway::objects;
using test::Cluster;

namespace {

// Somebody's webhooks over https, on a thread of their own.
class Hooks {
 public:
  using Decide = std::function<doc::Object(const doc::Value& request)>;
  Hooks() {
    options_.tls = authority_.serve();
    options_.allowed_hosts = {"*"};
  }
  void add(const std::string& path, Decide decide) {
    router_.add(
        "POST", path,
        [decide = std::move(decide)](const net::Request& request, const std::shared_ptr<net::Responder>& responder) {
          const auto review = doc::parse_json(request.body);
          auto response = decide((*review)["request"]);
          if (!response.contains("uid")) response.set("uid", (*review)["request"]["uid"]);
          responder->send(net::Response::json(200, doc::Object{{"apiVersion", "admission.k8s.io/v1"},
                                                               {"kind", "AdmissionReview"},
                                                               {"response", std::move(response)}}));
        });
  }
  void start() { server_ = std::move(*net::Server::start(io_, router_, options_)); }
  std::string configuration(const std::string& name, const std::string& path, const std::string& more = "") const {
    return "metadata: {name: " + name + "}\nwebhooks:\n- name: " + name +
           ".example.com\n  admissionReviewVersions: [v1]\n  sideEffects: None\n  clientConfig: {url: "
           "'https://127.0.0.1:" +
           std::to_string(server_->port()) + path + "', caBundle: " + core::base64(authority_.certificate()) +
           "}\n  rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]\n" + more;
  }

 private:
  net::test::Authority authority_;
  net::IoThread io_;
  net::Router router_;
  net::ServerOptions options_;
  std::unique_ptr<net::Server> server_;
};

const std::string maps = "/api/v1/namespaces/demo/configmaps";
const std::string mutating = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
const std::string validating = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

doc::Object patching(const char* operations) {
  return {{"allowed", true}, {"patchType", "JSONPatch"}, {"patch", core::base64(operations)}};
}

struct Hooked : Cluster {
  Hooked() : Cluster(false) {}
  Answer make(const std::string& path, const std::string& yaml) {
    return send_as_admin("POST", path, yaml, {{"Content-Type", "application/yaml"}});
  }
  Hooks hooks;
};

}  // namespace

TEST_CASE_FIXTURE(Hooked, "webhooks change what is written, warn, and refuse it") {
  hooks.add("/label", [](const doc::Value& request) {
    CHECK(request["operation"].string_or("") == "CREATE");
    CHECK(request["userInfo"]["username"].string_or("") == "root");
    CHECK(request["oldObject"].is_null());
    return patching(R"([{"op":"add","path":"/metadata/labels","value":{"seen":"yes"}}])");
  });
  hooks.add("/judge", [](const doc::Value& request) -> doc::Object {
    CHECK(request["object"]["metadata"]["labels"]["seen"].string_or("") == "yes");
    if (request["name"].string_or("") == "bad")
      return {{"allowed", false},
              {"status", doc::Object{{"message", "it is bad"}, {"code", 403}, {"reason", "Forbidden"}}}};
    return {{"allowed", true}, {"warnings", doc::Array{"look out"}}};
  });
  hooks.start();
  CHECK(make(mutating, hooks.configuration("label", "/label")).status == 201);
  CHECK(make(validating,
             hooks.configuration("judge", "/judge",
                                 "  matchConditions: [{name: c, expression: \"object.metadata.name != 'free'\"}]\n"))
            .status == 201);
  const auto good = make(maps, "metadata: {name: good}\n");
  CHECK(good.status == 201);
  CHECK(good.body["metadata"]["labels"]["seen"].string_or("") == "yes");
  CHECK(core::header(good.headers, "Warning") == "299 - \"look out\"");
  const auto bad = make(maps, "metadata: {name: bad}\n");
  CHECK(bad.status == 403);
  CHECK(bad.message() == R"(admission webhook "judge.example.com" denied the request: it is bad)");
  CHECK(send_as_admin("GET", maps + "/bad").status == 404);
  CHECK(core::header(make(maps, "metadata: {name: free}\n").headers, "Warning").empty());
}

TEST_CASE_FIXTURE(Hooked, "a webhook that fails stops the write, unless it is to be ignored") {
  hooks.add("/wrong", [](const doc::Value&) -> doc::Object { return {{"uid", "another"}, {"allowed", true}}; });
  hooks.start();
  CHECK(make(validating, hooks.configuration("wrong", "/wrong")).status == 201);
  const auto refused = make(maps, "metadata: {name: a}\n");
  CHECK(refused.status == 500);
  CHECK(refused.message().starts_with(R"(Internal error occurred: failed calling webhook "wrong.example.com": )"));
  CHECK(send_as_admin("DELETE", validating + "/wrong").status == 200);
  CHECK(make(validating, hooks.configuration("wrong", "/nowhere", "  failurePolicy: Ignore\n")).status == 201);
  CHECK(make(maps, "metadata: {name: a}\n").status == 201);
}

TEST_CASE("an answer of a webhook is taken only when it is one") {
  const auto answer = [](const std::string& response) {
    return R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":)" + response + "}";
  };
  using admission::read_verdict;
  CHECK(read_verdict(answer(R"({"uid":"u","allowed":true})"), "u", false)->allowed);
  CHECK_FALSE(read_verdict(answer(R"({"uid":"u"})"), "u", false)->allowed);
  const std::string wrong[] = {
      "",
      "[]",
      "{}",
      R"({"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","response":{"uid":"u","allowed":true}})",
      answer(R"({"uid":"x","allowed":true})"),
      answer(R"({"uid":"u","allowed":true,"patch":"W10="})"),
      answer(R"({"uid":"u","allowed":true,"patchType":"JSONPatch","patch":"e30="})"),
      answer(R"({"uid":"u","allowed":true,"patchType":"JSONPatch","patch":"?"})"),
  };
  for (const auto& text : wrong) {
    CAPTURE(text);
    CHECK_FALSE(read_verdict(text, "u", true).has_value());
  }
  CHECK_FALSE(read_verdict(answer(R"({"uid":"u","allowed":true,"patchType":"JSONPatch","patch":"W10="})"), "u", false));
  CHECK(admission::refusal_of("w", {}).message == "admission webhook \"w\" denied the request without explanation");
  CHECK(
      admission::refusal_of("w", {.allowed = false, .status = doc::Object{{"code", 200}}, .patch = {}, .warnings = {}})
          .code == 400);
}
