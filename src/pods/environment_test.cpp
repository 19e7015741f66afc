#include "pods/environment.hpp"

#include <doctest/doctest.h>

namespace slipway::pods {
namespace {

objects::Object pod_from(const char* yaml) { return objects::Object(*doc::parse_yaml(yaml, "pod.yaml")); }

std::string value_of(const ContainerStart& start, std::string_view name) {
  for (const auto& [key, value] : start.environment) {
    if (key == name) return value;
  }
  return "<absent>";
}

TEST_CASE("Environment: references expand as Kubernetes does it") {
  const Variables variables{{"HOST", "127.20.0.1"}, {"PORT", "8080"}, {"EMPTY", ""}};
  struct Row {
    const char* text;
    const char* expanded;
  };
  for (const Row& row : {Row{"http://$(HOST):$(PORT)/", "http://127.20.0.1:8080/"}, Row{"$$(HOST)", "$(HOST)"},
                         Row{"$(UNKNOWN)", "$(UNKNOWN)"}, Row{"$HOST", "$HOST"}, Row{"a$", "a$"},
                         Row{"$(HOST", "$(HOST"}, Row{"[$(EMPTY)]", "[]"}, Row{"$$$(PORT)", "$8080"}, Row{"", ""}}) {
    CAPTURE(row.text);
    CHECK(expand(row.text, variables) == std::string(row.expanded));
  }
}

TEST_CASE("Environment: a variable sees those before it, the Pod's fields, and nothing of the base") {
  const auto pod = pod_from(R"yaml(
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: prod, uid: u-1, labels: {app.kubernetes.io/name: web}}
spec:
  containers:
  - name: web
    command: [/bin/serve, --listen, "$(POD_IP):$(PORT)"]
    args: ["--name=$(ME)", "$(LATER)"]
    workingDir: /srv
    env:
    - {name: PORT, value: "8080"}
    - {name: URL, value: "http://$(POD_IP):$(PORT)/$(LATER)"}
    - {name: LATER, value: x}
    - {name: ME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: APP, valueFrom: {fieldRef: {fieldPath: "metadata.labels['app.kubernetes.io/name']"}}}
    - {name: PATH, value: /mine}
)yaml");
  const auto start =
      container_start(pod, pod.spec()["containers"][0], "127.20.0.1", {{"PATH", "/bin"}, {"HOME", "/tmp"}});
  REQUIRE(start);
  CHECK(start->argv == std::vector<std::string>{"/bin/serve", "--listen", "127.20.0.1:8080", "--name=web-0", "x"});
  CHECK(start->directory == "/srv");
  CHECK(value_of(*start, "URL") == "http://127.20.0.1:8080/$(LATER)");
  CHECK(value_of(*start, "APP") == "web");
  CHECK(value_of(*start, "PATH") == "/mine");
  CHECK(value_of(*start, "HOME") == "/tmp");
  CHECK(value_of(*start, "POD_NAMESPACE") == "prod");
}

TEST_CASE("Environment: what cannot be understood is refused by name") {
  const auto refused = [](const char* container) {
    const auto pod = pod_from("metadata: {name: a}\n");
    const auto start = container_start(pod, *doc::parse_yaml(container, "c.yaml"), "127.0.0.1", {});
    return start ? std::string("accepted") : start.error().message;
  };
  CHECK(refused("{name: c, image: x}") == "container c has no command");
  CHECK(refused("{name: c, command: [a], env: [{name: K, valueFrom: {secretKeyRef: {name: s}}}]}") ==
        "env K: of valueFrom only fieldRef is supported");
  CHECK(refused("{name: c, command: [a], env: [{name: K, valueFrom: {fieldRef: {fieldPath: spec.x}}}]}") ==
        "fieldPath \"spec.x\" is not supported");
}

}  // namespace
}  // namespace slipway::pods
