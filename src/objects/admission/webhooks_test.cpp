#include "objects/admission/webhooks.hpp"

#include <atomic>

#include "core/digest.hpp"
#include "objects/hooks_test.hpp"
#include "objects/kinds.hpp"
#include "objects/served_test.hpp"

using namespace slipway;
using namespace slipway::objects;
using test::Cluster;

namespace {

using Decide = std::function<doc::Object(const doc::Value& request)>;

// Webhooks that answer AdmissionReviews.
class Hooks : public test::HookServer {
 public:
  void add(const std::string& path, Decide decide) {
    HookServer::add(path, [decide = std::move(decide)](const doc::Value& review) -> doc::Value {
      auto response = decide(review["request"]);
      if (!response.contains("uid")) response.set("uid", review["request"]["uid"]);
      return doc::Object{
          {"apiVersion", "admission.k8s.io/v1"}, {"kind", "AdmissionReview"}, {"response", std::move(response)}};
    });
  }
  std::string configuration(const std::string& name, const std::string& path, const std::string& more = "",
                            const std::string& operations = "CREATE",
                            const std::string& resources = "configmaps") const {
    return "metadata: {name: " + name + "}\nwebhooks:\n- name: " + name +
           ".example.com\n  admissionReviewVersions: [v1]\n  sideEffects: None\n  clientConfig: " +
           client_config(path) + "\n  rules: [{apiGroups: [''], apiVersions: [v1], operations: [" + operations +
           "], resources: [" + resources + "]}]\n" + more;
  }
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

TEST_CASE_FIXTURE(Hooked, "a webhook behind a Service is asked at an endpoint of it that is ready") {
  hooks.add("/no", [](const doc::Value&) -> doc::Object {
    return {{"allowed", false}, {"status", doc::Object{{"message", "no"}, {"code", 403}}}};
  });
  hooks.start();
  CHECK(make(validating,
             "metadata: {name: no}\nwebhooks:\n- name: no.example.com\n  admissionReviewVersions: [v1]\n"
             "  sideEffects: None\n  clientConfig: " +
                 hooks.service_config("/no") +
                 "\n  rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: "
                 "[configmaps]}]\n")
            .status == 201);
  const auto answer = [&] { return make(maps, "metadata: {name: a}\n").message(); };
  CHECK(answer().ends_with(R"(service "hooks" not found)"));
  const std::string services = "/api/v1/namespaces/demo/services";
  CHECK(make(services, "metadata: {name: hooks}\nspec: {ports: [{name: web, port: 80}]}\n").status == 201);
  CHECK(answer().ends_with(R"(no service port 443 found for service "hooks")"));
  CHECK(send_as_admin("PATCH", services + "/hooks", R"({"spec":{"ports":[{"name":"https","port":443}]}})",
                      {{"Content-Type", "application/merge-patch+json"}})
            .status == 200);
  CHECK(answer().ends_with(R"(no endpoints available for service "hooks")"));
  auto slice = doc::parse_yaml(R"(
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: hooks-1, namespace: demo, uid: u1, labels: {kubernetes.io/service-name: hooks}}
addressType: IPv4
endpoints: [{addresses: [127.0.0.9], conditions: {ready: false}}, {addresses: [127.0.0.1]}]
ports: [{name: web, port: 1}, {name: https, port: )" +
                                   std::to_string(hooks.port()) + "}]\n",
                               "slice.yaml");
  REQUIRE(slice.has_value());
  // Past the rules: no endpoint may be on the loopback.
  on_loop([&] { CHECK(embedded().backend().insert(kinds::endpoint_slice, Object(std::move(*slice))).has_value()); });
  CHECK(answer() == R"(admission webhook "no.example.com" denied the request: no)");
}

TEST_CASE_FIXTURE(Hooked, "webhooks are asked about removals, with what is to go") {
  std::vector<std::string> asked;
  hooks.add("/keep", [&](const doc::Value& request) -> doc::Object {
    asked.push_back(request["name"].string_or(""));
    CHECK(request["operation"].string_or("") == "DELETE");
    CHECK(request["kind"]["kind"].string_or("") == "ConfigMap");
    CHECK(request["object"].is_null());
    CHECK(request["oldObject"]["data"]["k"].string_or("") == "v");
    CHECK(request["options"]["kind"].string_or("") == "DeleteOptions");
    CHECK(request["options"]["propagationPolicy"].string_or("") == "Background");
    const bool is_kept = request["oldObject"]["metadata"]["labels"]["keep"].string_or("") == "yes";
    if (is_kept) return {{"allowed", false}, {"status", doc::Object{{"message", "it is kept"}, {"code", 403}}}};
    return {{"allowed", true}, {"warnings", doc::Array{"it was used today"}}};
  });
  hooks.add("/meddle", [](const doc::Value&) { return patching(R"([{"op":"add","path":"/x","value":1}])"); });
  hooks.start();
  const auto map = [](const std::string& name, const char* label) {
    return "metadata: {name: " + name + ", labels: {keep: '" + label + "'}}\ndata: {k: v}\n";
  };
  for (const auto* name : {"a", "b", "c"}) CHECK(make(maps, map(name, "no")).status == 201);
  CHECK(make(maps, map("kept", "yes")).status == 201);
  CHECK(make(validating, hooks.configuration("keep", "/keep", "", "DELETE")).status == 201);
  const std::string how = "?propagationPolicy=Background";
  const auto refused = send_as_admin("DELETE", maps + "/kept" + how);
  CHECK(refused.status == 403);
  CHECK(refused.message() == R"(admission webhook "keep.example.com" denied the request: it is kept)");
  CHECK(send_as_admin("GET", maps + "/kept").status == 200);
  const auto removed = send_as_admin("DELETE", maps + "/a", R"({"propagationPolicy":"Background"})");
  CHECK(removed.status == 200);
  CHECK(core::header(removed.headers, "Warning") == "299 - \"it was used today\"");
  CHECK(send_as_admin("GET", maps + "/a").status == 404);
  // One after the other, until one may not go.
  asked.clear();
  CHECK(send_as_admin("DELETE", maps + how).status == 403);
  CHECK(asked == std::vector<std::string>{"b", "c", "kept"});
  CHECK(send_as_admin("GET", maps).body["items"].size() == 1);
  CHECK(send_as_admin("DELETE", validating + "/keep").status == 200);
  CHECK(make(mutating, hooks.configuration("meddle", "/meddle", "", "DELETE")).status == 201);
  const auto meddled = send_as_admin("DELETE", maps + "/kept");
  CHECK(meddled.status == 500);
  CHECK(meddled.message().ends_with("attempted to modify the object, which is not supported for this operation"));
}

TEST_CASE_FIXTURE(Hooked, "an object that changes while a webhook thinks about its removal is looked at again") {
  std::atomic<int> asked = 0;
  hooks.add("/slow", [&](const doc::Value& request) -> doc::Object {
    CHECK(request["oldObject"]["data"]["k"].string_or("") == (asked == 0 ? "v" : "w"));
    if (asked++ == 0) {
      CHECK(send_as_admin("PATCH", maps + "/a", R"({"data":{"k":"w"}})",
                          {{"Content-Type", "application/merge-patch+json"}})
                .status == 200);
    }
    return {{"allowed", true}};
  });
  hooks.start();
  CHECK(make(maps, "metadata: {name: a}\ndata: {k: v}\n").status == 201);
  CHECK(make(validating, hooks.configuration("slow", "/slow", "", "DELETE")).status == 201);
  CHECK(send_as_admin("DELETE", maps + "/a").status == 200);
  CHECK(asked == 2);
  CHECK(send_as_admin("GET", maps + "/a").status == 404);
}

TEST_CASE_FIXTURE(Hooked, "webhooks are asked about evictions and about connections into a Pod") {
  std::vector<std::string> asked;
  hooks.add("/pods", [&](const doc::Value& request) -> doc::Object {
    const auto& object = request["object"];
    asked.push_back(request["operation"].string_or("") + " " + request["kind"]["group"].string_or("") + " " +
                    request["kind"]["kind"].string_or("") + " " + request["subResource"].string_or("") + " " +
                    doc::render_json(object["command"]) + " " + object["container"].string_or(""));
    CHECK(request["resource"]["resource"].string_or("") == "pods");
    CHECK(request["oldObject"].is_null());
    return {{"allowed", false}, {"status", doc::Object{{"message", "not here"}, {"code", 403}}}};
  });
  hooks.start();
  const std::string pods = "/api/v1/namespaces/demo/pods";
  CHECK(make(pods, "metadata: {name: p}\nspec: {containers: [{name: c, image: x}]}\n").status == 201);
  CHECK(make(validating,
             hooks.configuration("pods", "/pods", "", "CONNECT, CREATE", "pods/exec, pods/proxy, pods/eviction"))
            .status == 201);
  on_loop([&] {
    embedded().server().serve_subresource(
        "", "pods", "exec", [](const api::CallPtr& call) { call->send(200, doc::Object{{"ran", true}}); });
  });
  const auto exec = send_as_admin("GET", pods + "/p/exec?command=sh&command=-c&container=c&stdout=true");
  CHECK(exec.status == 403);
  CHECK(exec.message() == R"(admission webhook "pods.example.com" denied the request: not here)");
  CHECK(make(pods + "/p/eviction", "metadata: {name: p}\n").status == 403);
  CHECK(asked == std::vector<std::string>{R"(CONNECT  PodExecOptions exec ["sh","-c"] c)",
                                          "CREATE policy Eviction eviction null "});
  CHECK(send_as_admin("GET", pods + "/p").status == 200);
  CHECK(send_as_admin("DELETE", validating + "/pods").status == 200);
  CHECK(send_as_admin("GET", pods + "/p/exec?command=sh").body["ran"].bool_or(false));
  CHECK(make(pods + "/p/eviction", "metadata: {name: p}\n").status == 201);
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
