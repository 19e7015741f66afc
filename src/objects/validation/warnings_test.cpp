#include "objects/validation/warnings.hpp"

#include <doctest/doctest.h>

#include "objects/schema/builtin.hpp"

using namespace slipway;
using namespace slipway::objects;
using validation::warnings_about;

namespace {

using Strings = std::vector<std::string>;

const schema::Resource& resource(std::string_view group, std::string_view kind) {
  for (const auto& known : schema::builtin().resources()) {
    if (known.group == group && known.kind == kind) return known;
  }
  FAIL("no such kind");
  throw;
}

doc::Value yaml(std::string_view text) { return *doc::parse_yaml(text, "object.yaml"); }

Strings of_pod(std::string_view spec) {
  return warnings_about(resource("", "Pod"), yaml("metadata: {name: a}\nspec: " + std::string(spec)), {});
}

}  // namespace

TEST_CASE("a Pod is warned of what is deprecated or hides something") {
  struct Row {
    const char* spec;
    Strings warnings;
  };
  const Row rows[] = {
      {"{containers: [{name: c, env: [{name: A, value: x}, {name: A, value: '$(A):y'}]}]}", {}},
      {"{containers: [{name: c, env: [{name: A, value: x}, {name: A, value: y}]}]}",
       {"spec.containers[0].env[1]: hides previous definition of \"A\", which may be dropped when using apply"}},
      {"{nodeSelector: {beta.kubernetes.io/os: linux}}",
       {"spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use \"kubernetes.io/os\" instead"}},
      {"{topologySpreadConstraints: [{topologyKey: a}]}",
       {"spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod"}},
      {"{volumes: [{name: v, cephfs: {monitors: [a]}}]}",
       {"spec.volumes[0].cephfs: deprecated in v1.28, non-functional in v1.31+"}},
      {"{imagePullSecrets: [{name: a}, {name: a}, {}]}",
       {"spec.imagePullSecrets[1].name: duplicate name \"a\"",
        "spec.imagePullSecrets[2].name: invalid empty name \"\""}},
      {"{containers: [{name: c, resources: {limits: {memory: 100m}}}]}",
       {"spec.containers[0].resources.limits[memory]: fractional byte value \"100m\" is invalid, must be an integer"}},
      {"{containers: [{name: c, ports: [{name: p, containerPort: 1, protocol: TCP}]}, {name: d, ports: [{name: p, "
       "containerPort: 1, protocol: TCP}]}]}",
       {"spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]",
        "spec.containers[1].ports[0]: duplicate port name \"p\" with spec.containers[0].ports[0], services and probes "
        "that select ports by name will use spec.containers[0].ports[0]"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.spec);
    CHECK(of_pod(row.spec) == row.warnings);
  }
}

TEST_CASE("what makes Pods is warned of its template, and of its name once") {
  const auto& deployment = resource("apps", "Deployment");
  auto object = yaml("metadata: {name: a.b}\nspec: {replicas: 1, template: {spec: {volumes: [{name: v, rbd: {}}]}}}");
  const std::string volume = "spec.template.spec.volumes[0].rbd: deprecated in v1.28, non-functional in v1.31+";
  const auto made = warnings_about(deployment, object, {});
  REQUIRE(made.size() == 2);
  CHECK(
      made[0] ==
      "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is "
      "recommended: [must not contain dots]");
  CHECK(made[1] == volume);
  const auto before = object;
  object.set_path("status.replicas", 1);
  CHECK(warnings_about(deployment, object, before).empty());
  object.set_path("spec.replicas", 2);
  CHECK(warnings_about(deployment, object, before) == Strings{volume});
}

TEST_CASE("annotations of old and kinds of old are told") {
  CHECK(
      warnings_about(resource("networking.k8s.io", "Ingress"),
                     yaml("metadata: {name: a, annotations: {kubernetes.io/ingress.class: nginx}}"), {}) ==
      Strings{"annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"});
  CHECK(warnings_about(resource("", "PersistentVolumeClaim"),
                       yaml("metadata: {name: a, annotations: {volume.beta.kubernetes.io/storage-class: b}}"), {}) ==
        Strings{"metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "
                "\"storageClassName\" attribute instead"});
  CHECK(validation::deprecation_of(resource("", "Endpoints")).contains("EndpointSlice"));
  CHECK(validation::deprecation_of(resource("", "Service")).empty());
}
