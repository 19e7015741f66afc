#include "pods/environment.hpp"

#include <doctest/doctest.h>

#include "objects/kinds.hpp"

namespace slipway::pods {
namespace {

objects::Object pod_from(const char* yaml) { return objects::Object(*doc::parse_yaml(yaml, "pod.yaml")); }

// The ConfigMap "settings" and the Secret "keys" of the namespace prod.
Result<std::optional<objects::Object>> find_source(const objects::Kind& kind, const objects::Name& name) {
  std::optional<objects::Object> found;
  if (name == objects::Name{"prod", "settings"} && kind == objects::kinds::config_map)
    found = pod_from("data: {color: blue, size: '5'}\nbinaryData: {image: AAAA}");
  if (name == objects::Name{"prod", "keys"} && kind == objects::kinds::secret)
    found = pod_from("data: {token: c2VjcmV0, empty: ''}");
  return found;
}

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
  const auto start = container_start(pod, pod.spec()["containers"][0], "127.20.0.1",
                                     {{"PATH", "/bin"}, {"HOME", "/tmp"}}, find_source);
  REQUIRE(start);
  CHECK(start->argv == std::vector<std::string>{"/bin/serve", "--listen", "127.20.0.1:8080", "--name=web-0", "x"});
  CHECK(start->directory == "/srv");
  CHECK(value_of(*start, "URL") == "http://127.20.0.1:8080/$(LATER)");
  CHECK(value_of(*start, "APP") == "web");
  CHECK(value_of(*start, "PATH") == "/mine");
  CHECK(value_of(*start, "HOME") == "/tmp");
  CHECK(value_of(*start, "POD_NAMESPACE") == "prod");
}

TEST_CASE("Environment: ConfigMaps and Secrets give single values or all they have; env wins over envFrom") {
  const auto pod = pod_from(R"yaml(
metadata: {name: web, namespace: prod}
spec:
  serviceAccountName: robot
  containers:
  - name: web
    command: [run, "$(S_size)", "$(TOKEN)"]
    resources: {limits: {cpu: 1500m, memory: 1Gi}}
    envFrom:
    - {configMapRef: {name: settings}, prefix: S_}
    - {secretRef: {name: keys}}
    - {configMapRef: {name: nobody, optional: true}}
    env:
    - {name: TOKEN, valueFrom: {secretKeyRef: {name: keys, key: token}}}
    - {name: S_color, value: red}
    - {name: MAYBE, valueFrom: {configMapKeyRef: {name: settings, key: nothing, optional: true}}}
    - {name: NEITHER, valueFrom: {secretKeyRef: {name: nobody, key: x, optional: true}}}
    - {name: CPUS, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
    - {name: MEBIBYTES, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
    - {name: ACCOUNT, valueFrom: {fieldRef: {fieldPath: spec.serviceAccountName}}}
)yaml");
  const auto start = container_start(pod, pod.spec()["containers"][0], "127.0.0.1", {}, find_source);
  REQUIRE_MESSAGE(start, (start ? "" : start.error().one_line()));
  CHECK(start->argv == std::vector<std::string>{"run", "5", "secret"});
  CHECK(value_of(*start, "S_color") == "red");
  CHECK(value_of(*start, "token") == "secret");
  CHECK(value_of(*start, "empty").empty());
  for (const auto* absent : {"MAYBE", "NEITHER", "S_image"}) CHECK(value_of(*start, absent) == "<absent>");
  CHECK(value_of(*start, "CPUS") == "2");
  CHECK(value_of(*start, "MEBIBYTES") == "1024");
  CHECK(value_of(*start, "ACCOUNT") == "robot");
}

TEST_CASE("Environment: what is named and not there may come yet, and is left out for who comes later") {
  struct Row {
    const char* from;
    const char* missing;
  };
  for (const Row& row :
       {Row{"env: [{name: K, valueFrom: {configMapKeyRef: {name: nobody, key: k}}}]", "configmap \"nobody\" not found"},
        Row{"env: [{name: K, valueFrom: {secretKeyRef: {name: nobody, key: k}}}]", "secret \"nobody\" not found"},
        Row{"env: [{name: K, valueFrom: {configMapKeyRef: {name: settings, key: k}}}]",
            "couldn't find key k in ConfigMap prod/settings"},
        Row{"env: [{name: K, valueFrom: {secretKeyRef: {name: keys, key: k}}}]",
            "couldn't find key k in Secret prod/keys"},
        Row{"envFrom: [{secretRef: {name: nobody}}]", "secret \"nobody\" not found"}}) {
    CAPTURE(row.from);
    const auto pod = pod_from("metadata: {name: web, namespace: prod}");
    const auto container = *doc::parse_yaml("{name: c, command: [a], " + std::string(row.from) + "}", "c.yaml");
    const auto start = container_start(pod, container, "127.0.0.1", {}, find_source);
    REQUIRE_FALSE(start);
    CHECK(start.error().code == Code::not_found);
    CHECK(start.error().message == row.missing);
    CHECK(container_start(pod, container, "127.0.0.1", {}, find_source, Absent::left_out));
  }
}

TEST_CASE("Environment: a terminal without a command is a shell, as kubectl debug -it asks for one") {
  const auto pod = pod_from("metadata: {name: a}\n");
  const auto container = *doc::parse_yaml("{name: debugger, image: busybox, stdin: true, tty: true}", "c.yaml");
  const auto start = container_start(pod, container, "127.0.0.1", {}, find_source).value();
  CHECK(start.argv == std::vector<std::string>{"sh"});
  CHECK(start.terminal);
  CHECK_FALSE(start.input_once);
}

TEST_CASE(
    "Environment: typing without a terminal is for a shell, too, and in a debug container it ends with the text") {
  const auto container = *doc::parse_yaml("{name: debugger, image: busybox, stdin: true}", "c.yaml");
  const auto start_in = [&](const char* pod) {
    return container_start(pod_from(pod), container, "127.0.0.1", {}, find_source, Absent::left_out).value();
  };
  CHECK(start_in("metadata: {name: a}\n").argv == std::vector<std::string>{"sh"});
  CHECK_FALSE(start_in("metadata: {name: a}\n").input_once);
  CHECK(start_in("metadata: {name: a}\nspec: {ephemeralContainers: [{name: debugger}]}\n").input_once);
}

TEST_CASE("Environment: what cannot be understood is refused by name") {
  const auto refused = [](const char* container) {
    const auto pod = pod_from("metadata: {name: a}\n");
    const auto start = container_start(pod, *doc::parse_yaml(container, "c.yaml"), "127.0.0.1", {}, find_source);
    return start ? std::string("accepted") : start.error().message;
  };
  CHECK(refused("{name: c, image: x}") == "container c has no command");
  CHECK(refused("{name: c, image: x, stdin: true, tty: true, args: [x]}") == "container c has no command");
  CHECK(refused("{name: c, command: [a], env: [{name: K, valueFrom: {fileKeyRef: {path: s}}}]}") ==
        "env K: this kind of valueFrom is not supported");
  CHECK(refused("{name: c, command: [a], env: [{name: K, valueFrom: {fieldRef: {fieldPath: spec.x}}}]}") ==
        "fieldPath \"spec.x\" is not supported");
}

}  // namespace
}  // namespace slipway::pods
