#include <doctest/doctest.h>

#include "objects/schema/builtin.hpp"
#include "objects/schema/code_defaults.hpp"
#include "objects/schema/decode.hpp"

using namespace slipway;
using namespace slipway::objects::schema;

namespace {

// `given` with defaults, which must stay the same when they are applied again.
doc::Value defaulted(std::string_view api_version, std::string_view kind, std::string_view given) {
  const Type* type = builtin().find_body(api_version, kind);
  REQUIRE(type != nullptr);
  auto value = doc::parse_json(given);
  REQUIRE_MESSAGE(value.has_value(), given);
  apply_defaults(*value, *type);
  doc::Value again = *value;
  apply_defaults(again, *type);
  CHECK(again == *value);
  CHECK(check(*value, *type).strict.empty());
  CHECK(check(*value, *type).mistyped.empty());
  return std::move(*value);
}

void check_defaults(std::string_view api_version, std::string_view kind, std::string_view given,
                    std::string_view want) {
  CAPTURE(kind);
  CHECK(doc::render_json_canonical(defaulted(api_version, kind, given)) ==
        doc::render_json_canonical(doc::parse_json(want).value()));
}

}  // namespace

TEST_CASE("a pod gets what people see when they look at one") {
  check_defaults("v1", "Pod", R"({"spec":{"containers":[{"name":"c","image":"nginx","ports":[{"containerPort":80}],
      "resources":{"limits":{"cpu":"1"}},"livenessProbe":{"httpGet":{"port":80}}}],
      "volumes":[{"name":"a"},{"name":"b","configMap":{"name":"x"}}]}})",
                 R"({"spec":{"containers":[{"name":"c","image":"nginx","imagePullPolicy":"Always",
      "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File",
      "ports":[{"containerPort":80,"protocol":"TCP"}],"resources":{"limits":{"cpu":"1"},"requests":{"cpu":"1"}},
      "livenessProbe":{"httpGet":{"port":80,"path":"/","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,
        "successThreshold":1,"failureThreshold":3}}],
      "volumes":[{"name":"a","emptyDir":{}},{"name":"b","configMap":{"name":"x","defaultMode":420}}],
      "dnsPolicy":"ClusterFirst","restartPolicy":"Always","securityContext":{},"terminationGracePeriodSeconds":30,
      "schedulerName":"default-scheduler","enableServiceLinks":true}})");
}

TEST_CASE("what was given stays, zero included") {
  const auto pod = defaulted("v1", "Pod", R"({"spec":{"terminationGracePeriodSeconds":0,"enableServiceLinks":false,
    "restartPolicy":"Never","containers":[{"name":"c","image":"a:1","imagePullPolicy":"Never"}]}})");
  CHECK(pod["spec"]["terminationGracePeriodSeconds"].as_int() == 0);
  CHECK_FALSE(pod["spec"]["enableServiceLinks"].as_bool());
  CHECK(pod["spec"]["restartPolicy"].as_string() == "Never");
  CHECK(pod["spec"]["containers"][0]["imagePullPolicy"].as_string() == "Never");
}

TEST_CASE("the pull policy goes by the tag") {
  CHECK(image_pull_policy("nginx") == "Always");
  CHECK(image_pull_policy("nginx:latest") == "Always");
  CHECK(image_pull_policy("registry:5000/nginx") == "Always");
  CHECK(image_pull_policy("registry:5000/nginx:1.27") == "IfNotPresent");
  const std::string digest = "@sha256:" + std::string(64, '0');
  CHECK(image_pull_policy("nginx" + digest) == "IfNotPresent");
  CHECK(image_pull_policy("nginx:latest" + digest) == "Always");
  for (const auto* none :
       {"", "ko://knative.dev/serving/cmd/activator", "FILLED_BY_THE_OPERATOR", "a b", "nginx@sha256:0123"})
    CHECK(image_pull_policy(none) == "IfNotPresent");
  for (const auto* image : {"Registry/nginx", "localhost:5000/a/b_c", "ghcr.io/a/b--c.d"})
    CHECK(image_pull_policy(image) == "Always");
}

TEST_CASE("a deployment gets its strategy, and its template a pod's defaults without a pod's own") {
  const auto deployment = defaulted("apps/v1", "Deployment",
                                    R"({"spec":{"template":{"spec":{"containers":[{"name":"c","image":"a:1",
    "resources":{"limits":{"cpu":"1"}}}]}}}})");
  const doc::Value& spec = deployment["spec"];
  CHECK(doc::render_json(spec["strategy"]) ==
        R"({"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}})");
  CHECK(spec["replicas"].int_or(0) == 1);
  CHECK(spec["revisionHistoryLimit"].int_or(0) == 10);
  CHECK(spec["progressDeadlineSeconds"].int_or(0) == 600);
  const doc::Value& pod = spec["template"]["spec"];
  CHECK(pod["restartPolicy"].string_or("") == "Always");
  CHECK(pod["containers"][0]["imagePullPolicy"].string_or("") == "IfNotPresent");
  CHECK(pod["enableServiceLinks"].is_null());
  CHECK(pod["containers"][0]["resources"]["requests"].is_null());
  CHECK(defaulted("apps/v1", "Deployment",
                  R"({"spec":{"replicas":0,"strategy":{"type":"Recreate"}}})")["spec"]["strategy"] ==
        doc::parse_json(R"({"type":"Recreate"})").value());
}

TEST_CASE("the other kinds have theirs") {
  check_defaults(
      "v1", "Service", R"({"spec":{"selector":{"a":"b"},"ports":[{"port":80},{"port":81,"targetPort":"http"}]}})",
      R"({"spec":{"selector":{"a":"b"},"type":"ClusterIP","sessionAffinity":"None","internalTrafficPolicy":"Cluster",
      "ports":[{"port":80,"protocol":"TCP","targetPort":80},{"port":81,"protocol":"TCP","targetPort":"http"}]}})");
  check_defaults("v1", "Service", R"({"spec":{"type":"ExternalName","externalName":"x.example"}})",
                 R"({"spec":{"type":"ExternalName","externalName":"x.example","sessionAffinity":"None"}})");
  check_defaults("v1", "Secret", R"({"data":{"a":"eA=="},"stringData":{"b":"yy"}})",
                 R"({"data":{"a":"eA==","b":"eXk="},"type":"Opaque"})");
  check_defaults(
      "v1", "Namespace", R"({"metadata":{"name":"team"}})",
      R"({"metadata":{"name":"team","labels":{"kubernetes.io/metadata.name":"team"}},"status":{"phase":"Active"}})");
  check_defaults("batch/v1", "CronJob", R"({"spec":{"schedule":"* * * * *"}})",
                 R"({"spec":{"schedule":"* * * * *","concurrencyPolicy":"Allow","suspend":false,
      "successfulJobsHistoryLimit":3,"failedJobsHistoryLimit":1}})");
  check_defaults(
      "batch/v1", "Job", R"({"spec":{"template":{"metadata":{"labels":{"a":"b"}}}}})",
      R"({"metadata":{"labels":{"a":"b"}},"spec":{"template":{"metadata":{"labels":{"a":"b"}}},"completions":1,
      "parallelism":1,"backoffLimit":6,"completionMode":"NonIndexed","suspend":false,"manualSelector":false,
      "podReplacementPolicy":"TerminatingOrFailed"}})");
  check_defaults(
      "apps/v1", "StatefulSet", R"({"spec":{"serviceName":"s"}})",
      R"({"spec":{"serviceName":"s","replicas":1,"revisionHistoryLimit":10,"podManagementPolicy":"OrderedReady",
      "updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":0}},
      "persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Retain","whenScaled":"Retain"}}})");
  check_defaults("autoscaling/v2", "HorizontalPodAutoscaler", R"({"spec":{"maxReplicas":3,"behavior":{"scaleDown":
      {"stabilizationWindowSeconds":60}}}})",
                 R"({"spec":{"maxReplicas":3,"minReplicas":1,"metrics":[{"type":"Resource","resource":{"name":"cpu",
      "target":{"type":"Utilization","averageUtilization":80}}}],"behavior":{"scaleUp":{"stabilizationWindowSeconds":0,
      "selectPolicy":"Max","policies":[{"type":"Pods","value":4,"periodSeconds":15},{"type":"Percent","value":100,
      "periodSeconds":15}]},"scaleDown":{"stabilizationWindowSeconds":60,"selectPolicy":"Max","policies":[
      {"type":"Percent","value":100,"periodSeconds":15}]}}}})");
  check_defaults("rbac.authorization.k8s.io/v1", "RoleBinding",
                 R"({"roleRef":{"kind":"Role","name":"r"},"subjects":[{"kind":"User","name":"u"},
      {"kind":"ServiceAccount","name":"s","namespace":"n"}]})",
                 R"({"roleRef":{"kind":"Role","name":"r","apiGroup":"rbac.authorization.k8s.io"},"subjects":[
      {"kind":"User","name":"u","apiGroup":"rbac.authorization.k8s.io"},{"kind":"ServiceAccount","name":"s","namespace":"n"}]})");
  check_defaults("apiextensions.k8s.io/v1", "CustomResourceDefinition",
                 R"({"spec":{"names":{"kind":"Thing","plural":"things"},"versions":[{"name":"v1","storage":true}]}})",
                 R"({"spec":{"names":{"kind":"Thing","plural":"things","singular":"thing","listKind":"ThingList"},
      "versions":[{"name":"v1","storage":true}],"conversion":{"strategy":"None"}},"status":{"storedVersions":["v1"]}})");
}

TEST_CASE("a custom resource gets its defaults, an empty string being a value there") {
  Type text, spec, root;
  text.shape = Shape::string;
  spec.shape = root.shape = Shape::object;
  for (const char* name : {"a", "b", "c"}) {
    Field field;
    field.name = name;
    field.type = &text;
    field.default_value = doc::Value("x");
    spec.fields.push_back(std::move(field));
  }
  Field field;
  field.name = "spec";
  field.type = &spec;
  root.fields.push_back(std::move(field));
  auto value = doc::parse_json(R"({"spec":{"a":"","b":null}})").value();
  apply_defaults(value, root);
  CHECK(value == doc::parse_json(R"({"spec":{"a":"","b":"x","c":"x"}})").value());
}
