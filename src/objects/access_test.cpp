#include "objects/access.hpp"

#include <filesystem>

#include "core/digest.hpp"
#include "objects/served_test.hpp"

using namespace slipway;
using namespace slipway::objects;
using test::Cluster;

namespace {

const std::string pods = "/api/v1/namespaces/demo/pods";
const std::string rbac = "/apis/rbac.authorization.k8s.io/v1";
const std::string authorization = "/apis/authorization.k8s.io/v1";
const std::string authentication = "/apis/authentication.k8s.io/v1";

struct Secured : Cluster {
  Secured() : Cluster(true) {}
  bool can_i(const std::string& as, const std::string& attributes, core::Headers headers = {}) {
    const auto answer = send(as, "POST", authorization + "/selfsubjectaccessreviews",
                             R"({"spec":{"resourceAttributes":)" + attributes + "}}", std::move(headers));
    CHECK(answer.status == 201);
    return answer.body["status"]["allowed"].bool_or(false);
  }
  // Roles and bindings count as soon as their change is known.
  void give(const std::string& user, const std::string& role, const std::string& ns) {
    CHECK(send_as_admin("POST", rbac + "/namespaces/" + ns + "/rolebindings",
                        R"({"metadata":{"name":")" + user + "-" + role + R"("},"roleRef":{"apiGroup":
                        "rbac.authorization.k8s.io","kind":"ClusterRole","name":")" +
                            role + R"("},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":")" +
                            user + "\"}]}")
              .status == 201);
  }
  std::string token_of(const std::string& account, const std::string& spec = "{}") {
    const auto made = send_as_admin("POST", "/api/v1/namespaces/demo/serviceaccounts/" + account + "/token",
                                    R"({"spec":)" + spec + "}");
    CHECK(made.status == 201);
    return made.body["status"]["token"].string_or("");
  }
};

struct Open : Cluster {
  Open() : Cluster(false) {}
};

std::string member(const doc::Array& list, std::size_t index) { return list[index].string_or(""); }

}  // namespace

TEST_CASE_FIXTURE(Secured, "who has no role is told what he may not do, in the words of a real server") {
  struct Row {
    const char *as, *method;
    std::string path;
    const char* message;
  };
  const Row rows[] = {
      {"eve", "GET", pods,
       R"(pods is forbidden: User "eve" cannot list resource "pods" in API group "" in the namespace "demo")"},
      {"eve", "GET", pods + "/a",
       R"(pods "a" is forbidden: User "eve" cannot get resource "pods" in API group "" in the namespace "demo")"},
      {"eve", "GET", pods + "/a/log",
       R"(pods "a" is forbidden: User "eve" cannot get resource "pods/log" in API group "" in the namespace "demo")"},
      {"eve", "GET", "/api/v1/nodes",
       R"(nodes is forbidden: User "eve" cannot list resource "nodes" in API group "" at the cluster scope)"},
      {"eve", "DELETE", "/apis/apps/v1/namespaces/demo/deployments",
       R"(deployments.apps is forbidden: User "eve" cannot deletecollection resource "deployments" in API group "apps" in the namespace "demo")"},
      {"eve", "GET", "/api/v1/namespaces/demo",
       R"(namespaces "demo" is forbidden: User "eve" cannot get resource "namespaces" in API group "" in the namespace "demo")"},
      {"", "GET", pods + "?watch=1",
       R"(pods is forbidden: User "system:anonymous" cannot watch resource "pods" in API group "" in the namespace "demo")"},
      {"", "GET", "/api", R"(forbidden: User "system:anonymous" cannot get path "/api")"},
      {"ada/ml-engineer", "POST", pods,
       R"(pods is forbidden: User "ada" cannot create resource "pods" in API group "" in the namespace "demo")"},
  };
  for (const auto& row : rows) {
    const auto answer = send(row.as, row.method, row.path);
    CHECK(answer.status == 403);
    CHECK(answer.reason() == "Forbidden");
    CHECK(answer.message() == row.message);
  }
  CHECK(send("eve", "GET", "/apis").status == 200);
  CHECK(send("ada/ml-engineer", "GET", pods).status == 200);
  CHECK(send("ada/ml-engineer", "GET", "/api/v1/namespaces/demo/secrets").status == 403);
  CHECK(send("root/platform-engineer", "GET", "/api/v1/namespaces/demo/secrets").status == 200);
}

TEST_CASE_FIXTURE(Open,
                  "on one's own machine everybody reads, and nobody without a role writes, runs or sees Secrets") {
  CHECK(send("", "GET", pods).status == 200);
  CHECK(send("", "GET", "/api").status == 200);
  CHECK(send("", "GET", "/api/v1/namespaces/demo/secrets").status == 403);
  CHECK(send("", "POST", pods, "{}").status == 403);
  CHECK(send("", "GET", pods + "/a/exec?command=id").status == 403);
  CHECK(send("ada/ml-engineer", "POST", "/api/v1/namespaces/demo/configmaps", R"({"metadata":{"name":"a"}})").status ==
        403);
  CHECK(send_as_admin("POST", "/api/v1/namespaces/demo/configmaps", R"({"metadata":{"name":"a"}})").status == 201);
}

TEST_CASE_FIXTURE(Open, "open reading is for the team and for who shows nothing, never for a service account") {
  const auto made =
      send_as_admin("POST", "/api/v1/namespaces/demo/serviceaccounts", R"({"metadata":{"name":"clerk"}})");
  CHECK(made.status == 201);
  const auto token = send_as_admin("POST", "/api/v1/namespaces/demo/serviceaccounts/clerk/token", R"({"spec":{}})");
  const auto clerk = "Bearer " + token.body["status"]["token"].string_or("");
  CHECK(send(clerk, "GET", pods).status == 403);
  CHECK(send("ada/ml-engineer", "GET", pods).status == 200);
  const auto may_list = [&](const std::string& who) {
    const auto asked = send_as_admin(
        "POST", authorization + "/subjectaccessreviews",
        R"({"spec":{)" + who + R"(,"resourceAttributes":{"verb":"list","resource":"pods","namespace":"demo"}}})");
    CHECK(asked.status == 201);
    return asked.body["status"]["allowed"].bool_or(false);
  };
  CHECK_FALSE(may_list(R"("user":"nobody")"));
  CHECK_FALSE(may_list(R"("user":"system:serviceaccount:demo:clerk","groups":["system:serviceaccounts"])"));
  CHECK(may_list(R"("user":"system:anonymous")"));
  CHECK(may_list(R"("user":"ada","groups":["slipway:ml-engineer"])"));
  const auto rules =
      send(clerk, "POST", authorization + "/selfsubjectrulesreviews", R"({"spec":{"namespace":"demo"}})");
  CHECK(doc::render_json(rules.body["status"]["resourceRules"]).find("\"list\"") == std::string::npos);
}

TEST_CASE_FIXTURE(Secured, "can-i, its list and whoami answer what the roles say") {
  CHECK(can_i("root/platform-engineer", R"({"verb":"delete","resource":"nodes"})"));
  CHECK_FALSE(can_i("eve", R"({"verb":"list","resource":"pods","namespace":"demo"})"));
  give("eve", "view", "demo");
  CHECK(can_i("eve", R"({"verb":"list","resource":"pods","namespace":"demo"})"));
  CHECK_FALSE(can_i("eve", R"({"verb":"list","resource":"pods"})"));
  CHECK_FALSE(can_i("eve", R"({"verb":"get","resource":"secrets","namespace":"demo"})"));
  CHECK(send("eve", "GET", pods).status == 200);

  const auto path = send("eve", "POST", authorization + "/selfsubjectaccessreviews",
                         R"({"spec":{"nonResourceAttributes":{"path":"/healthz","verb":"get"}}})");
  CHECK(path.body["status"]["allowed"].bool_or(false));
  const auto neither = send("eve", "POST", authorization + "/selfsubjectaccessreviews", R"({"spec":{}})");
  CHECK(neither.status == 422);

  const auto list = send("eve", "POST", authorization + "/selfsubjectrulesreviews", R"({"spec":{"namespace":"demo"}})");
  CHECK(list.status == 201);
  CHECK(list.body["status"]["incomplete"].bool_or(true) == false);
  CHECK(doc::render_json(list.body["status"]["resourceRules"]).find("pods/log") != std::string::npos);
  CHECK(doc::render_json(list.body["status"]["nonResourceRules"]).find("/healthz") != std::string::npos);

  const auto self = send("ada/ml-engineer", "POST", authentication + "/selfsubjectreviews", "{}");
  CHECK(self.status == 201);
  CHECK(self.body["kind"].string_or("") == "SelfSubjectReview");
  CHECK(self.body["status"]["userInfo"]["username"].string_or("") == "ada");
  CHECK(member(self.body["status"]["userInfo"]["groups"].as_array(), 0) == "slipway:ml-engineer");
  CHECK(send("ada", "GET", authentication + "/selfsubjectreviews").status != 200);
}

TEST_CASE_FIXTURE(Secured, "others are asked about by who may, and in one namespace alone where that is wanted") {
  give("eve", "view", "demo");
  const std::string about_eve =
      R"({"spec":{"user":"eve","resourceAttributes":{"verb":"get","resource":"pods","namespace":"demo"}}})";
  CHECK(send("eve", "POST", authorization + "/subjectaccessreviews", about_eve).status == 403);
  const auto asked = send_as_admin("POST", authorization + "/subjectaccessreviews", about_eve);
  CHECK(asked.status == 201);
  CHECK(asked.body["status"]["allowed"].bool_or(false));
  CHECK(
      send_as_admin("POST", authorization + "/subjectaccessreviews",
                    R"({"spec":{"resourceAttributes":{"verb":"get"}}})")
          .message() ==
      R"(SubjectAccessReview.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at least one of user or group must be specified)");
  CHECK(send_as_admin("POST", authorization + "/namespaces/demo/localsubjectaccessreviews", about_eve)
            .body["status"]["allowed"]
            .bool_or(false));
  CHECK(send_as_admin("POST", authorization + "/namespaces/default/localsubjectaccessreviews", about_eve).status ==
        422);
}

TEST_CASE_FIXTURE(Secured, "nobody gives away what he does not hold") {
  give("boss", "admin", "demo");
  const auto role = [&](const std::string& as, const std::string& name, const std::string& rule) {
    return send(as, "POST", rbac + "/namespaces/demo/roles",
                R"({"metadata":{"name":")" + name + R"("},"rules":[)" + rule + "]}");
  };
  CHECK(role("boss", "fine", R"({"verbs":["get"],"apiGroups":[""],"resources":["pods"]})").status == 201);
  const auto refused = role("boss", "more", R"({"verbs":["get","delete"],"apiGroups":[""],"resources":["nodes"]})");
  CHECK(refused.status == 403);
  CHECK(refused.message() ==
        "roles.rbac.authorization.k8s.io \"more\" is forbidden: user \"boss\" (groups=[\"system:authenticated\"]) is "
        "attempting to grant RBAC permissions not currently held:\n"
        R"({APIGroups:[""], Resources:["nodes"], Verbs:["get" "delete"]})");
  const auto bind = [&](const std::string& as, const std::string& cluster_role) {
    return send(as, "POST", rbac + "/namespaces/demo/rolebindings",
                R"({"metadata":{"generateName":"b-"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":
                "ClusterRole","name":")" +
                    cluster_role +
                    R"("},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"friend"}]})");
  };
  CHECK(bind("boss", "edit").status == 201);
  CHECK(bind("boss", "cluster-admin").status == 403);
  CHECK(bind("boss", "nowhere").status == 404);
  // The verb bind is as good as holding it all.
  CHECK(send_as_admin("POST", rbac + "/namespaces/demo/roles",
                      R"({"metadata":{"name":"binder"},"rules":[{"verbs":["bind"],"apiGroups":[
                      "rbac.authorization.k8s.io"],"resources":["clusterroles"],"resourceNames":["cluster-admin"]}]})")
            .status == 201);
  CHECK(send_as_admin("POST", rbac + "/namespaces/demo/rolebindings",
                      R"({"metadata":{"name":"boss-binds"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":
                      "Role","name":"binder"},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io",
                      "name":"boss"}]})")
            .status == 201);
  CHECK(bind("boss", "cluster-admin").status == 201);
  CHECK(can_i("friend", R"({"verb":"delete","resource":"pods","namespace":"demo"})"));
}

TEST_CASE_FIXTURE(Secured, "an aggregated role has the rules of a role that comes later") {
  CHECK(send_as_admin("POST", rbac + "/clusterroles",
                      R"({"metadata":{"name":"shirts","labels":{"rbac.authorization.k8s.io/aggregate-to-view":"true"}},
                      "rules":[{"verbs":["get"],"apiGroups":["shop.example.com"],"resources":["shirts"]}]})")
            .status == 201);
  give("eve", "admin", "demo");  // through view and edit
  bool allowed = false;
  for (int i = 0; i < 500 && !allowed; ++i)
    allowed = can_i("eve", R"({"verb":"get","group":"shop.example.com","resource":"shirts","namespace":"demo"})");
  CHECK(allowed);
}

TEST_CASE_FIXTURE(Secured, "acting as somebody else needs the right to, and gives that one's rights") {
  const core::Headers as_robot = {{"Impersonate-User", "system:serviceaccount:demo:default"}};
  CHECK(
      send("eve", "GET", pods, {}, as_robot).message() ==
      R"(serviceaccounts "default" is forbidden: User "eve" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "demo")");
  CHECK(
      send_as_admin("GET", pods, {}, as_robot).message() ==
      R"(pods is forbidden: User "system:serviceaccount:demo:default" cannot list resource "pods" in API group "" in the namespace "demo")");
  CHECK(send_as_admin("GET", pods, {}, {{"Impersonate-User", "x"}, {"Impersonate-Group", "system:masters"}}).status ==
        200);
  CHECK(send_as_admin("GET", pods, {}, {{"Impersonate-Group", "system:masters"}}).status == 400);
  CHECK_FALSE(can_i("root/platform-engineer", R"({"verb":"list","resource":"nodes"})", as_robot));
}

TEST_CASE_FIXTURE(Secured, "a service account's token is good as long as its time, its account and its Pod") {
  const std::string accounts = "/api/v1/namespaces/demo/serviceaccounts";
  CHECK(send_as_admin("POST", accounts, R"({"metadata":{"name":"robot"}})").status == 201);
  const auto token = token_of("robot");
  const auto who = send("Bearer " + token, "POST", authentication + "/selfsubjectreviews", "{}");
  const auto& info = who.body["status"]["userInfo"];
  CHECK(info["username"].string_or("") == "system:serviceaccount:demo:robot");
  CHECK(info["uid"].string_or("").size() == 36);
  CHECK(doc::render_json(info["groups"]) ==
        R"(["system:serviceaccounts","system:serviceaccounts:demo","system:authenticated"])");
  CHECK(send("Bearer " + token, "GET", pods).status == 403);
  CHECK(send_as_admin("POST", rbac + "/namespaces/demo/rolebindings",
                      R"({"metadata":{"name":"robot"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":
                      "ClusterRole","name":"view"},"subjects":[{"kind":"ServiceAccount","name":"robot"}]})")
            .status == 201);
  CHECK(send("Bearer " + token, "GET", pods).status == 200);
  CHECK(send("Bearer " + token + "x", "GET", pods).status == 401);

  const auto review = [&](const std::string& text, const std::string& audiences) {
    const auto answer = send_as_admin("POST", authentication + "/tokenreviews",
                                      R"({"spec":{"token":")" + text + R"(","audiences":)" + audiences + "}}");
    CHECK(answer.status == 201);
    return answer.body["status"];
  };
  CHECK(review(token, "[]")["authenticated"].bool_or(false));
  CHECK(review(token, "[]")["user"]["username"].string_or("") == "system:serviceaccount:demo:robot");
  CHECK_FALSE(review(token, R"(["vault"])")["authenticated"].bool_or(true));
  CHECK(review("adas", "[]")["user"]["username"].string_or("") == "ada");
  CHECK_FALSE(review("nobodys", "[]")["authenticated"].bool_or(true));
  const auto for_vault = token_of("robot", R"({"audiences":["vault"],"expirationSeconds":600})");
  CHECK(send("Bearer " + for_vault, "GET", pods).status == 401);
  CHECK(review(for_vault, R"(["vault","other"])")["audiences"][std::size_t{0}].string_or("") == "vault");

  CHECK(
      send_as_admin(
          "POST", pods,
          R"({"metadata":{"name":"p"},"spec":{"serviceAccountName":"robot","containers":[{"name":"c","image":"x"}]}})")
          .status == 201);
  const std::string to_pod = R"({"boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":"p"}})";
  const auto of_pod = token_of("robot", to_pod);
  CHECK(send("Bearer " + of_pod, "GET", pods).status == 200);
  CHECK(send_as_admin("POST", accounts + "/default/token", R"({"spec":)" + to_pod + "}").status == 400);
  CHECK(send_as_admin("DELETE", pods + "/p?gracePeriodSeconds=0").status == 200);
  CHECK(send("Bearer " + of_pod, "GET", pods).status == 401);

  CHECK(send_as_admin("DELETE", accounts + "/robot").status == 200);
  CHECK(send("Bearer " + token, "GET", pods).status == 401);
  CHECK(send_as_admin("POST", accounts, R"({"metadata":{"name":"robot"}})").status == 201);
  CHECK(send("Bearer " + token, "GET", pods).body["message"].string_or("").find("is gone") != std::string::npos);
}

TEST_CASE_FIXTURE(Secured, "a token is asked for within bounds, and its key is published and kept to oneself") {
  const std::string path = "/api/v1/namespaces/demo/serviceaccounts/default/token";
  CHECK(
      send_as_admin("POST", path, R"({"spec":{"expirationSeconds":5}})").message() ==
      R"(TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes)");
  CHECK(send_as_admin("POST", path, R"({"spec":{"expirationSeconds":4294967297}})").status == 422);
  CHECK(send_as_admin("POST", "/api/v1/namespaces/demo/serviceaccounts/none/token", "{}").status == 404);
  CHECK(send("eve", "POST", path, "{}").status == 403);
  const auto keys = send("", "GET", "/openid/v1/jwks");
  CHECK(keys.body["keys"][std::size_t{0}]["alg"].string_or("") == "ES256");
  CHECK(send("", "GET", "/.well-known/openid-configuration").body["issuer"].string_or("") ==
        "https://kubernetes.default.svc.cluster.local");
  const auto mode = std::filesystem::status(directory() + "/accounts.key").permissions();
  CHECK(mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}
