#include "objects/admission.hpp"

#include "objects/admission/kept.hpp"
#include "objects/kinds.hpp"
#include "objects/served_test.hpp"

using namespace slipway;
using namespace slipway::objects;
using test::Cluster;

namespace {

// Refuses what is labelled so, by that status.
class RefusesLabelled final : public api::AdmissionPlugin {
 public:
  api::Answer<> validate(const api::Review& review) override {
    const auto label = review.object["metadata"]["labels"]["refuse"].string_or("");
    if (label == "conflict") return api::refuse(api::conflict(*review.resource, review.name.name, "taken"));
    if (label == "internal") return api::refuse(api::internal("broken"));
    return {};
  }
};

const std::string core_api = "/api/v1/namespaces/demo/";
const std::string pods = core_api + "pods";
const std::string maps = core_api + "configmaps";
const std::string policies = "/apis/admissionregistration.k8s.io/v1/";

struct Watched : Cluster {
  Watched() : Cluster(false) {}
  Answer make_pod(const std::string& name, const std::string& container = "", const std::string& spec = "") {
    return send_as_admin("POST", pods,
                         R"({"metadata":{"name":")" + name + R"("},"spec":{)" + spec +
                             R"("containers":[{"name":"c","image":"x")" + container + "}]}}");
  }
  Answer make(const std::string& path, const std::string& yaml) {
    return send_as_admin("POST", path, yaml, {{"Content-Type", "application/yaml"}});
  }
};

}  // namespace

TEST_CASE_FIXTURE(Watched, "a Pod runs as an account that is there, with the priority of its class") {
  const auto plain = make_pod("plain");
  CHECK(plain.status == 201);
  CHECK(plain.body["spec"]["serviceAccountName"].string_or("") == "default");
  CHECK(plain.body["spec"]["priority"].int_or(-1) == 0);
  CHECK(plain.body["spec"]["preemptionPolicy"].string_or("") == "PreemptLowerPriority");
  const auto lost = make_pod("lost", "", R"("serviceAccountName":"robot",)");
  CHECK(lost.status == 403);
  CHECK(lost.message() ==
        R"(pods "lost" is forbidden: error looking up service account demo/robot: serviceaccount "robot" not found)");

  const std::string classes = "/apis/scheduling.k8s.io/v1/priorityclasses";
  CHECK(make(classes, "metadata: {name: urgent}\nvalue: 100\npreemptionPolicy: Never\n").status == 201);
  const auto urgent = make_pod("urgent", "", R"("priorityClassName":"urgent",)");
  CHECK(urgent.body["spec"]["priority"].int_or(0) == 100);
  CHECK(urgent.body["spec"]["preemptionPolicy"].string_or("") == "Never");
  CHECK(
      make_pod("u2", "", R"("priorityClassName":"urgent","priority":7,)").message() ==
      R"(pods "u2" is forbidden: the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 100 from the given PriorityClass name)");
  CHECK(make_pod("u3", "", R"("priorityClassName":"none",)").message() ==
        R"(pods "u3" is forbidden: no PriorityClass with name none was found)");
  CHECK(make_pod("sys", "", R"("priorityClassName":"system-node-critical",)").body["spec"]["priority"].int_or(0) ==
        2'000'001'000);
  CHECK(make(classes, "metadata: {name: usual}\nvalue: 5\nglobalDefault: true\n").status == 201);
  CHECK(make(classes, "metadata: {name: other}\nvalue: 6\nglobalDefault: true\n").status == 403);
  const auto usual = make_pod("usual");
  CHECK(usual.body["spec"]["priority"].int_or(0) == 5);
  CHECK(usual.body["spec"]["priorityClassName"].string_or("") == "usual");
}

TEST_CASE_FIXTURE(Watched, "a Pod is given what its RuntimeClass asks for, and the class must be there") {
  const std::string classes = "/apis/node.k8s.io/v1/runtimeclasses";
  const std::string named = R"("runtimeClassName":"nvidia",)";
  CHECK(make_pod("a", "", named).message() ==
        R"(pods "a" is forbidden: pod rejected: RuntimeClass "nvidia" not found)");
  CHECK(make(classes, "metadata: {name: nvidia}\nhandler: Wrong\n").status == 422);
  CHECK(make(classes,
             "metadata: {name: nvidia}\nhandler: nvidia\noverhead: {podFixed: {memory: 64Mi}}\n"
             "scheduling: {nodeSelector: {gpu: \"true\"}, tolerations: [{key: gpu, operator: Exists}]}\n")
            .status == 201);
  const auto pod = make_pod("b", "", named + R"("nodeSelector":{"disk":"ssd"},)");
  const auto& spec = pod.body["spec"];
  CHECK(spec["overhead"]["memory"].string_or("") == "64Mi");
  CHECK(doc::render_json(spec["nodeSelector"]) == R"({"disk":"ssd","gpu":"true"})");
  CHECK(spec["tolerations"].size() == 3);
  CHECK(
      make_pod("c", "", named + R"("nodeSelector":{"gpu":"no"},)").message() ==
      R"(pods "c" is forbidden: conflict: runtimeClass.scheduling.nodeSelector[gpu] = true; pod.spec.nodeSelector[gpu] = no)");
  CHECK(make_pod("d", "", R"("overhead":{"cpu":"1"},)").message() ==
        R"(pods "d" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead)");
  CHECK(make_pod("e", "", named + R"("overhead":{"cpu":"1"},)").message() ==
        R"(pods "e" is forbidden: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead)");
}

TEST_CASE_FIXTURE(Watched, "a Pod stays five minutes on a node that is lost, unless it says something else") {
  const auto plain = make_pod("plain");
  const auto& tolerations = plain.body["spec"]["tolerations"];
  CHECK(
      doc::render_json(tolerations) ==
      R"([{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}])");
  const auto own = make_pod(
      "own", "",
      R"("tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":5}],)");
  CHECK(own.body["spec"]["tolerations"].size() == 2);
  CHECK(own.body["spec"]["tolerations"][std::size_t{0}]["tolerationSeconds"].int_or(0) == 5);
  const auto any = make_pod("any", "", R"("tolerations":[{"operator":"Exists"}],)");
  CHECK(any.body["spec"]["tolerations"].size() == 1);
  auto replaced = plain.body;
  replaced.at_or_insert("spec").as_object().erase("tolerations");
  replaced.at_or_insert("metadata").as_object().erase("managedFields");
  const auto put = send_as_admin("PUT", pods + "/plain", doc::render_json(replaced));
  CHECK(put.status == 200);
  CHECK(put.body["spec"]["tolerations"] == tolerations);
}

TEST_CASE_FIXTURE(Watched, "a LimitRange fills in what a container does not say, and refuses what is too much") {
  CHECK(make(core_api + "limitranges", R"(
metadata: {name: limits}
spec:
  limits:
  - type: Container
    default: {cpu: 500m, memory: 512Mi}
    defaultRequest: {cpu: 250m}
    min: {cpu: 100m}
    max: {cpu: "1", nvidia.com/gpu: "2"}
    maxLimitRequestRatio: {cpu: "4"}
  - type: Pod
    max: {memory: 1Gi}
)")
            .status == 201);
  const auto silent = make_pod("silent", R"(,"resources":{"limits":{"nvidia.com/gpu":1}})");
  CHECK(silent.status == 201);
  const auto& resources = silent.body["spec"]["containers"][std::size_t{0}]["resources"];
  CHECK(resources["requests"]["cpu"].string_or("") == "250m");
  CHECK(resources["limits"]["memory"].string_or("") == "512Mi");
  CHECK(silent.body["metadata"]["annotations"]["kubernetes.io/limit-ranger"].string_or("").starts_with(
      "LimitRanger plugin set: "));
  struct Row {
    const char *resources, *why;
  };
  const Row rows[] = {
      {R"({"limits":{"cpu":"2","nvidia.com/gpu":1},"requests":{"cpu":"1"}})",
       "maximum cpu usage per Container is 1, but limit is 2"},
      {R"({"limits":{"cpu":"1","nvidia.com/gpu":1},"requests":{"cpu":"50m"}})",
       "[minimum cpu usage per Container is 100m, but request is 50m, cpu max limit to request ratio per Container is "
       "4, "
       "but provided ratio is 20.000000]"},
      {R"({"limits":{"nvidia.com/gpu":4}})", "maximum nvidia.com/gpu usage per Container is 2, but limit is 4"},
      {R"({"limits":{"memory":"2Gi","nvidia.com/gpu":1}})", "maximum memory usage per Pod is 1Gi, but limit is 2Gi"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.resources);
    const auto refused = make_pod("greedy", std::string(",\"resources\":") + row.resources);
    CHECK(refused.status == 403);
    CHECK(refused.message() == std::string("pods \"greedy\" is forbidden: ") + row.why);
  }
}

TEST_CASE_FIXTURE(Watched, "a quota on GPUs holds, and tells what is used") {
  CHECK(make(core_api + "resourcequotas",
             "metadata: {name: gpus}\nspec: {hard: {requests.nvidia.com/gpu: 3, pods: 4, count/configmaps: 3}}\n")
            .status == 201);
  CHECK(make_pod("a", R"(,"resources":{"limits":{"nvidia.com/gpu":2}})").status == 201);
  const auto refused = make_pod("b", R"(,"resources":{"limits":{"nvidia.com/gpu":2}})");
  CHECK(refused.status == 403);
  CHECK(
      refused.message() ==
      R"(pods "b" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=2, used: requests.nvidia.com/gpu=2, limited: requests.nvidia.com/gpu=3)");
  CHECK(make_pod("b", R"(,"resources":{"limits":{"nvidia.com/gpu":1}})").status == 201);
  std::string used;
  for (int i = 0; i < 500 && used != R"({"count/configmaps":"1","pods":"2","requests.nvidia.com/gpu":"3"})"; ++i) {
    if (i == 0) CHECK(send_as_admin("POST", maps, R"({"metadata":{"name":"m"}})").status == 201);
    used = doc::render_json(send_as_admin("GET", core_api + "resourcequotas/gpus").body["status"]["used"]);
  }
  CHECK(used == R"({"count/configmaps":"1","pods":"2","requests.nvidia.com/gpu":"3"})");
  // What is over uses nothing any more.
  auto done = send_as_admin("GET", pods + "/a").body;
  done.set_path("status.phase", "Succeeded");
  CHECK(send_as_admin("PUT", pods + "/a/status", doc::render_json(done)).status == 200);
  CHECK(make_pod("c", R"(,"resources":{"limits":{"nvidia.com/gpu":2}})").status == 201);
}

TEST_CASE_FIXTURE(Watched, "a quota on cpu wants to be told, and one with a scope counts only what is in it") {
  CHECK(make(core_api + "resourcequotas", R"(
metadata: {name: compute}
spec:
  hard: {requests.cpu: "1", limits.memory: 1Gi}
  scopes: [NotTerminating]
)")
            .status == 201);
  CHECK(make(core_api + "resourcequotas", "metadata: {name: best}\nspec: {hard: {pods: 1}, scopes: [BestEffort]}\n")
            .status == 201);
  CHECK(make_pod("a").message() ==
        R"(pods "a" is forbidden: failed quota: compute: must specify limits.memory for: c; requests.cpu for: c)");
  const std::string half = R"(,"resources":{"requests":{"cpu":"600m"},"limits":{"memory":"512Mi"}})";
  CHECK(make_pod("a", half).status == 201);
  CHECK(
      make_pod("b", half).message() ==
      R"(pods "b" is forbidden: exceeded quota: compute, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1)");
  CHECK(make_pod("ends", half, R"("activeDeadlineSeconds":5,)").status == 201);
  CHECK(make_pod("e1", "", R"("activeDeadlineSeconds":5,)").status == 201);
  CHECK(make_pod("e2", "", R"("activeDeadlineSeconds":5,)").message() ==
        R"(pods "e2" is forbidden: exceeded quota: best, requested: pods=1, used: pods=1, limited: pods=1)");
}

TEST_CASE_FIXTURE(Watched, "a policy in CEL refuses, warns, or is refused itself") {
  CHECK(make(maps, "metadata: {name: limits}\ndata: {most: '2'}\n").status == 201);
  CHECK(make(policies + "validatingadmissionpolicies", R"yaml(
metadata: {name: few-keys}
spec:
  failurePolicy: Fail
  paramKind: {apiVersion: v1, kind: ConfigMap}
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps]}
  matchConditions:
  - {name: not-the-limits, expression: "object.metadata.name != 'limits'"}
  variables:
  - {name: count, expression: "has(object.data) ? object.data.size() : 0"}
  validations:
  - expression: variables.count <= int(params.data.most)
    messageExpression: "'has ' + string(variables.count) + ' keys, asked by ' + request.userInfo.username"
  - expression: "!has(object.data) || !('secret' in object.data)"
    message: no secrets here
    reason: Forbidden
)yaml")
            .status == 201);
  const auto bind = [&](const std::string& name, const std::string& actions) {
    return make(policies + "validatingadmissionpolicybindings",
                "metadata: {name: " + name + "}\nspec: {policyName: few-keys, validationActions: " + actions +
                    ", paramRef: {name: limits, namespace: demo, parameterNotFoundAction: Deny}}\n");
  };
  CHECK(make(maps, "metadata: {name: free}\ndata: {a: '', b: '', c: ''}\n").status == 201);
  CHECK(bind("tells", "[Warn]").status == 201);
  const auto warned = make(maps, "metadata: {name: warned}\ndata: {a: '', b: '', c: ''}\n");
  CHECK(warned.status == 201);
  CHECK(
      core::header(warned.headers, "Warning") ==
      R"(299 - "Validation failed for ValidatingAdmissionPolicy 'few-keys' with binding 'tells': has 3 keys, asked by root")");
  CHECK(bind("refuses", "[Deny]").status == 201);
  const auto many = make(maps, "metadata: {name: many}\ndata: {a: '', b: '', c: ''}\n");
  CHECK(many.status == 422);
  CHECK(many.reason() == "Invalid");
  CHECK(
      many.message() ==
      R"(configmaps "many" is forbidden: ValidatingAdmissionPolicy 'few-keys' with binding 'refuses' denied request: has 3 keys, asked by root)");
  const auto secret = make(maps, "metadata: {name: s}\ndata: {secret: ''}\n");
  CHECK(secret.status == 403);
  CHECK(secret.reason() == "Forbidden");
  CHECK(make(maps, "metadata: {name: two}\ndata: {a: '', b: ''}\n").status == 201);
  CHECK(send_as_admin("DELETE", maps + "/free").status == 200);

  CHECK(send_as_admin("DELETE", maps + "/limits").status == 200);
  CHECK(
      make(maps, "metadata: {name: three}\n").message() ==
      R"(configmaps "three" is forbidden: ValidatingAdmissionPolicy 'few-keys' with binding 'refuses' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction)");

  const auto wrong = make(policies + "validatingadmissionpolicies", R"(
metadata: {name: wrong}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  validations:
  - {expression: "object.x +"}
  - {expression: "1"}
  - {expression: "nothing.x"}
)");
  CHECK(wrong.status == 422);
  REQUIRE(wrong.body["details"]["causes"].size() == 3);
  CHECK(wrong.body["details"]["causes"][std::size_t{0}]["field"].string_or("") == "spec.validations[0].expression");
  CHECK(wrong.body["details"]["causes"][std::size_t{1}]["message"].string_or("") ==
        R"(Invalid value: "1": must evaluate to bool)");
}

TEST_CASE_FIXTURE(Watched, "what a controller makes for somebody's object passes the same doors") {
  CHECK(make(core_api + "resourcequotas", "metadata: {name: few}\nspec: {hard: {pods: 1}}\n").status == 201);
  const auto set =
      make("/apis/apps/v1/namespaces/demo/replicasets",
           "metadata: {name: set}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, "
           "spec: {containers: [{name: c, image: x}]}}}\n");
  REQUIRE(set.status == 201);
  const auto made = [&](bool is_owned) {
    Result<Object> pod;
    on_loop([&] {
      Object wanted = Object::make(kinds::pod, {"demo", ""});
      wanted.document().set_path("metadata.generateName", "set-");
      wanted.document().set_path("spec.containers", doc::Array{doc::Object{{"name", "c"}, {"image", "x"}}});
      if (is_owned) wanted.add_owner(Object(set.body));
      pod = embedded().store().create(std::move(wanted));
    });
    return pod;
  };
  const auto first = made(true);
  REQUIRE(first.has_value());
  CHECK(first->spec()["serviceAccountName"].string_or("") == "default");
  CHECK(first->spec()["tolerations"].size() == 2);
  const auto second = made(true);
  REQUIRE(!second.has_value());
  CHECK(second.error().code == Code::permission_denied);
  CHECK(second.error().message.contains("exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1"));
  CHECK(made(false).has_value());  // the platform's own
}

TEST_CASE_FIXTURE(Watched, "a namespace's labels say how much its Pods may ask for") {
  const std::string space = "/api/v1/namespaces/demo";
  const auto label = [&](const std::string& labels) {
    return send_as_admin("PATCH", space, R"({"metadata":{"labels":{)" + labels + "}}}",
                         {{"Content-Type", "application/merge-patch+json"}});
  };
  const auto warning = [](const Answer& answer) { return std::string(core::header(answer.headers, "Warning")); };
  CHECK(make_pod("early", "", R"("hostNetwork":true,)").status == 201);

  CHECK(label(R"("pod-security.kubernetes.io/enforce":"strict")").message() ==
        "Namespace \"demo\" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "
        "\"strict\": must be one of privileged, baseline, restricted");
  const auto labelled = label(R"("pod-security.kubernetes.io/enforce":"baseline")");
  CHECK(labelled.status == 200);
  CHECK(
      warning(labelled).contains("existing pods in namespace \\\"demo\\\" violate the new PodSecurity enforce level"));

  CHECK(make_pod("host", "", R"("hostNetwork":true,)").message() ==
        R"(pods "host" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true))");
  CHECK(make_pod("plain").status == 201);
  // Who is there may be labelled, and given no new image.
  CHECK(send_as_admin("PATCH", pods + "/early", R"({"metadata":{"labels":{"a":"b"}}})",
                      {{"Content-Type", "application/merge-patch+json"}})
            .status == 200);
  CHECK(send_as_admin("PATCH", pods + "/early", R"({"spec":{"containers":[{"name":"c","image":"y"}]}})",
                      {{"Content-Type", "application/strategic-merge-patch+json"}})
            .status == 403);

  CHECK(label(R"("pod-security.kubernetes.io/warn":"restricted","pod-security.kubernetes.io/warn-version":"v1.30")")
            .status == 200);
  const auto warned = make_pod("warned");
  CHECK(warned.status == 201);
  CHECK(warning(warned).contains("would violate PodSecurity \\\"restricted:v1.30\\\": allowPrivilegeEscalation"));
  const auto set = make("/apis/apps/v1/namespaces/demo/deployments",
                        "metadata: {name: set}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: "
                        "{a: b}}, spec: {containers: [{name: c, image: x}]}}}\n");
  CHECK(set.status == 201);
  CHECK(warning(set).contains("would violate PodSecurity"));
}

TEST_CASE_FIXTURE(Watched, "why a controller is refused is told by its code") {
  const auto set =
      make("/apis/apps/v1/namespaces/demo/replicasets",
           "metadata: {name: set}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, "
           "spec: {containers: [{name: c, image: x}]}}}\n");
  REQUIRE(set.status == 201);
  const auto code_of = [&](const std::string& why) {
    std::optional<Code> code;
    on_loop([&] {
      Object pod = Object::make(kinds::pod, {"demo", "made"});
      pod.set_label("refuse", why);
      pod.document().set_path("spec.containers", doc::Array{doc::Object{{"name", "c"}, {"image", "x"}}});
      pod.add_owner(Object(set.body));
      if (const auto made = embedded().store().create(std::move(pod)); !made) code = made.error().code;
    });
    return code;
  };
  on_loop([&] { embedded().add_admission(std::make_unique<RefusesLabelled>()); });
  CHECK(code_of("conflict") == Code::conflict);
  CHECK(code_of("internal") == Code::unavailable);
}

TEST_CASE_FIXTURE(Watched, "what was seen in a group of writes that was undone was never there") {
  const Name name{"demo", "undone"};
  on_loop([&] {
    admission::Kept seen(embedded().context(), "", "ConfigMap");
    CHECK_THROWS_AS((void)embedded().backend().group([&] {
      CHECK(embedded().store().create(Object::make(kinds::config_map, name)));
      CHECK(seen.find(name) != nullptr);
      throw std::runtime_error("undone");
    }),
                    std::runtime_error);
    CHECK(seen.find(name) == nullptr);
  });
}
