#include "objects/schema/decode.hpp"

#include <doctest/doctest.h>

#include "objects/schema/builtin.hpp"

using namespace slipway;
using namespace slipway::objects::schema;

namespace {

const Type& type_of(std::string_view api_version, std::string_view kind) {
  const Type* type = builtin().find_body(api_version, kind);
  REQUIRE(type != nullptr);
  return *type;
}

doc::Value json(std::string_view text) {
  auto value = doc::parse_json(text);
  REQUIRE_MESSAGE(value.has_value(), text);
  return std::move(*value);
}

std::vector<std::string> strict(std::string_view api_version, std::string_view kind, std::string_view text) {
  return check(json(text), type_of(api_version, kind)).strict;
}

std::string mistyped(std::string_view api_version, std::string_view kind, std::string_view text) {
  return check(json(text), type_of(api_version, kind)).mistyped;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("unknown fields are named with their whole path") {
  CHECK(strict("apps/v1", "Deployment", R"({"spec":{"foo":1,"replicas":2}})") == Strings{"unknown field \"spec.foo\""});
  CHECK(strict("v1", "Pod", R"({"spec":{"containers":[{"name":"a"},{"name":"b","imagee":"x"}]},"x":{}})") ==
        Strings{"unknown field \"spec.containers[1].imagee\"", "unknown field \"x\""});
  CHECK(strict("v1", "ConfigMap", R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"labels":{"any":"thing"}},
    "data":{"a":"b"},"dota":{}})") == Strings{"unknown field \"dota\""});
  CHECK(strict("v1", "Pod", R"({"spec":{"volumes":[{"name":"v","emptyDir":{"sizelimit":"1Gi"}}]}})") ==
        Strings{"unknown field \"spec.volumes[0].emptyDir.sizelimit\""});
}

TEST_CASE("raw JSON has no unknown fields, and a schema inside a definition has") {
  CHECK(strict("apps/v1", "ControllerRevision", R"({"data":{"anything":[1]},"revision":1})").empty());
  CHECK(strict("apiextensions.k8s.io/v1", "CustomResourceDefinition", R"({"spec":{"versions":[{"name":"v1","schema":
    {"openAPIV3Schema":{"type":"object","default":{"x":1},"properties":{"a":{"items":{"typo":1}},
      "b":{"additionalProperties":true},"c":{"items":[{"typo":1}]}}}}}]}})") ==
        Strings{"unknown field \"spec.versions[0].schema.openAPIV3Schema.properties.a.items.typo\"",
                "unknown field \"spec.versions[0].schema.openAPIV3Schema.properties.c.items[0].typo\""});
}

TEST_CASE("values of the wrong type are told as Go tells them") {
  struct Row {
    const char *api_version, *kind, *text, *problem;
  };
  const Row rows[] = {
      {"apps/v1", "Deployment", R"({"spec":{"replicas":"two"}})",
       "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"},
      {"apps/v1", "Deployment", R"({"spec":{"replicas":1.5}})",
       "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"},
      {"apps/v1", "Deployment", R"({"spec":{"replicas":3000000000}})",
       "json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32"},
      {"apps/v1", "Deployment", R"({"spec":{"template":{"spec":{"containers":[{"env":[{"name":"A","value":1}]}]}}}})",
       "json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type "
       "string"},
      {"v1", "ConfigMap", R"({"data":{"a":true}})",
       "json: cannot unmarshal bool into Go struct field ConfigMap.data of type string"},
      {"v1", "ConfigMap", R"({"metadata":{"labels":["a"]}})",
       "json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string"},
      {"v1", "Pod", R"({"spec":{"containers":{}}})",
       "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container"},
      {"v1", "Pod", R"({"spec":"x"})",
       "json: cannot unmarshal string into Go struct field Pod.spec of type v1.PodSpec"},
      {"v1", "Pod", R"("x")", "json: cannot unmarshal string into Go value of type v1.Pod"},
      {"v1", "Pod", R"({"spec":{"containers":[{"resources":{"limits":{"cpu":"lots"}}}]}})",
       "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
      {"v1", "Service", R"({"spec":{"ports":[{"targetPort":true}]}})",
       "json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32"},
      {"apps/v1", "Deployment", R"({"spec":{"replicas":1.0}})",
       "json: cannot unmarshal number 1.0 into Go struct field DeploymentSpec.spec.replicas of type int32"},
      {"v1", "Secret", R"({"data":{"a":"abc"}})", "illegal base64 data at input byte 0"},
      {"v1", "Event", R"({"eventTime":"2026-11-23T12:00:00.1+02:00"})",
       "parsing time \"2026-11-23T12:00:00.1+02:00\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse "
       "\".1+02:00\" as \".000000\""},
      {"v1", "Event", R"({"eventTime":"2026-11-23T12:00:00.123456789Z"})",
       "parsing time \"2026-11-23T12:00:00.123456789Z\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse "
       "\"789Z\" as \"Z07:00\""},
      {"v1", "Secret", R"({"data":{"a":"not base64!"}})", "illegal base64 data at input byte 3"},
      {"v1", "Secret", R"({"data":{"a":"aGVs\nbG8=\n"}})", ""},
      {"v1", "Secret", R"({"data":{"a":"aGVs\nbG8!"}})", "illegal base64 data at input byte 8"},
      {"v1", "Pod", R"({"metadata":{"creationTimestamp":"noon"}})",
       "parsing time \"noon\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"noon\" as \"2006\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(mistyped(row.api_version, row.kind, row.text) == row.problem);
  }
}

TEST_CASE("what is right has no findings") {
  const auto findings = check(json(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","creationTimestamp":null},
    "spec":{"containers":[{"name":"a","ports":[{"containerPort":80}],"resources":{"limits":{"cpu":1,"memory":"1Gi"}},
    "livenessProbe":{"httpGet":{"port":"http"},"periodSeconds":5}}]}})"),
                              type_of("v1", "Pod"));
  CHECK(findings.strict.empty());
  CHECK(findings.mistyped.empty());
}

TEST_CASE("a custom resource's own fields are not checked as Go structs, its metadata is") {
  Type custom;
  custom.shape = Shape::object;
  Type integer;
  integer.shape = Shape::integer;
  for (const char* name : {"apiVersion", "kind", "metadata", "spec"}) {
    Field field;
    field.name = name;
    field.type = name == std::string_view("metadata")
                     ? builtin().find_type("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")
                     : &integer;
    custom.fields.push_back(std::move(field));
  }
  CHECK(check(json(R"({"spec":"x","metadata":{"name":"a"}})"), custom).mistyped.empty());
  CHECK(check(json(R"({"spec":1,"metadata":{"labels":{"a":1}}})"), custom).mistyped ==
        "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string");
}

TEST_CASE("duplicate keys are findings, and the last one counts") {
  const auto body = parse_json_body(R"({"data": {"a":"1", "b" : "x", "a":"2", "a":"3"},
    "list":[{"k":{"z":1,"z":2}, "k":{"y":[3,4]}}], "data2":{}})");
  REQUIRE_MESSAGE(body.has_value(), (body ? "" : body.error().render()));
  Strings paths;
  for (const auto& duplicate : body->duplicates) paths.push_back(duplicate.path);
  CHECK(paths == Strings{"data.a", "list[0].k.z", "list[0].k"});
  CHECK(body->value == json(R"({"data":{"a":"3","b":"x"},"list":[{"k":{"y":[3,4]}}],"data2":{}})"));

  const auto plain = parse_json_body(R"({"a":"a, \"b\": {","b":[{}]})");
  REQUIRE(plain.has_value());
  CHECK(plain->duplicates.empty());
  CHECK_FALSE(parse_json_body(R"({"a":1,"a":2)").has_value());
  CHECK_FALSE(parse_json_body(R"({"a":1,"a":2,})").has_value());
  CHECK_FALSE(parse_json_body(R"({"a":1,"a":tru})").has_value());
  const auto escaped = parse_json_body(R"({"a\"}":1,"a\"}":2,"\u0061":1,"a":{"a":1}})");
  REQUIRE(escaped.has_value());
  CHECK(escaped->value == json(R"({"a\"}":2,"a":{"a":1}})"));
}

TEST_CASE("unknown and duplicate fields are told in the order of the text") {
  const auto body = parse_json_body(R"({"spec":{"foo":1,"template":{"spec":{"containers":[{"nam":"x"}]}},"replicas":1,
    "replicas":2},"metadata":{"name":"a","name":"b","Labels":{}},"x":{"y":1,"y":2}})");
  REQUIRE(body.has_value());
  CHECK(check(*body, type_of("apps/v1", "Deployment")).strict ==
        Strings{"unknown field \"spec.foo\"", "unknown field \"spec.template.spec.containers[0].nam\"",
                "duplicate field \"spec.replicas\"", "duplicate field \"metadata.name\"",
                "unknown field \"metadata.Labels\"", "unknown field \"x\""});
}

TEST_CASE("findings are refused, told or passed over as fieldValidation wants") {
  Findings findings;
  findings.strict = {"duplicate field \"data.a\"", "unknown field \"dota\""};
  const auto refused = judge(findings, FieldValidation::strict);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message == "strict decoding error: duplicate field \"data.a\", unknown field \"dota\"");
  CHECK(judge(findings, FieldValidation::strict, "v1", "ConfigMap").error().message ==
        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: duplicate field "
        "\"data.a\", "
        "unknown field \"dota\"");
  CHECK(*judge(findings, FieldValidation::warn) == findings.strict);
  CHECK(judge(findings, FieldValidation::ignore)->empty());
  findings.mistyped = "json: cannot unmarshal bool";
  CHECK(judge(findings, FieldValidation::ignore, "v1", "ConfigMap").error().message ==
        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal bool");
  CHECK(parse_field_validation("Strict").value() == FieldValidation::strict);
  CHECK(parse_field_validation("").value() == FieldValidation::warn);
  CHECK_FALSE(parse_field_validation("strict").has_value());
}

TEST_CASE("pruning leaves what the type knows") {
  auto pod =
      json(R"({"x":1,"metadata":{"name":"a","y":2,"labels":{"z":"3"}},"spec":{"containers":[{"name":"c","w":1}]}})");
  prune(pod, type_of("v1", "Pod"));
  CHECK(pod == json(R"({"metadata":{"name":"a","labels":{"z":"3"}},"spec":{"containers":[{"name":"c"}]}})"));
}

TEST_CASE("base64 is kept in one line") {
  auto secret = json(R"({"data":{"a":"aGVs\r\nbG8=\n","b":"aGVsbG8="}})");
  normalize(secret, type_of("v1", "Secret"));
  CHECK(doc::render_json(secret) == R"({"data":{"a":"aGVsbG8=","b":"aGVsbG8="}})");
}

TEST_CASE("an object is kept as Go structs would write it back") {
  auto pod = json(R"({"metadata":{"name":"a","namespace":"","creationTimestamp":null,"labels":{"empty":"","none":null}},
    "spec":{"hostNetwork":false,"automountServiceAccountToken":false,"terminationGracePeriodSeconds":0,"nodeSelector":{},
      "volumes":[{"name":"v","emptyDir":{}}],"initContainers":[],
      "containers":[{"name":"c","args":[],"resources":{"limits":{"cpu":0.5,"memory":"1024Mi","gpu":"1000m"}},
        "env":[{"name":"A","value":""}]}]},"status":{"startTime":"2026-11-23T12:00:00+02:00"}})");
  normalize(pod, type_of("v1", "Pod"));
  CHECK(doc::render_json_canonical(pod) ==
        doc::render_json_canonical(json(R"({"metadata":{"name":"a","labels":{"empty":"","none":""}},
    "spec":{"automountServiceAccountToken":false,"terminationGracePeriodSeconds":0,
      "volumes":[{"name":"v","emptyDir":{}}],
      "containers":[{"name":"c","resources":{"limits":{"cpu":"500m","memory":"1Gi","gpu":"1"}},
        "env":[{"name":"A"}]}]},"status":{"startTime":"2026-11-23T10:00:00Z"}})")));
}

TEST_CASE("what Go always shows is there, with its zero") {
  auto pod = json(
      R"({"spec":{"containers":[{"name":"c","env":[{"name":"A","valueFrom":{"resourceFieldRef":{"resource":"cpu"}}}]}]}})");
  show_zeros(pod, type_of("v1", "Pod"));
  CHECK(
      doc::render_json_canonical(pod) ==
      R"({"metadata":{},"spec":{"containers":[{"env":[{"name":"A","valueFrom":{"resourceFieldRef":{"divisor":"0","resource":"cpu"}}}],"name":"c","resources":{}}]},"status":{}})");
}
