#include "pods/security.hpp"

#include <doctest/doctest.h>

namespace slipway::pods {
namespace {

// As the container is confined, or why it is not started. `of_pod` and `own` are securityContexts.
std::string confined(const char* of_pod, const char* own, std::int64_t node_user) {
  objects::Object pod(
      *doc::parse_yaml("metadata: {name: a, namespace: default, uid: u}\nspec:\n  containers:\n  - name: "
                       "main\n    securityContext: " +
                           std::string(own) + "\n  securityContext: " + of_pod + "\n",
                       "pod.yaml"));
  Confinement made;
  const auto applied = apply_security(pod, pod.spec()["containers"][0], {true, "", node_user}, std::nullopt, made);
  if (!applied) return applied.error().message;
  std::string text = made.own_view ? "view" : "";
  if (made.user) text += " user=" + std::to_string(*made.user);
  if (made.group) text += " group=" + std::to_string(*made.group);
  for (const auto group : made.groups) text += " +" + std::to_string(group);
  if (made.read_only_root) text += " read-only";
  if (made.capabilities) text += " capabilities=" + std::to_string(*made.capabilities);
  if (made.no_new_privileges) text += " no-new-privileges";
  if (made.filter_but_for) text += " filter-but-for=" + std::to_string(*made.filter_but_for);
  return text;
}

TEST_CASE("Security: what a context asks for is done or refused") {
  struct Row {
    const char* of_pod;
    const char* own;
    std::int64_t node_user;
    const char* confined;
  };
  const char* names = "(pod: \"a_default(u)\", container: main)";
  for (const Row& row : {
           Row{"{}", "{}", 0, ""},
           Row{"{runAsUser: 1000}", "{}", 0, "view user=1000 group=0"},
           Row{"{runAsUser: 1000, runAsGroup: 100}", "{runAsUser: 7}", 0, "view user=7 group=100"},
           Row{"{runAsUser: 1000}", "{}", 1000, ""},
           Row{"{fsGroup: 50, supplementalGroups: [60]}", "{}", 0, " +60 +50"},
           Row{"{runAsUser: 0, runAsNonRoot: true}", "{}", 0, "container's runAsUser breaks non-root policy "},
           Row{"{}", "{runAsNonRoot: true}", 0, "container has runAsNonRoot and image will run as root "},
           Row{"{}", "{runAsNonRoot: true}", 1000, ""},
           Row{"{}", "{readOnlyRootFilesystem: true, allowPrivilegeEscalation: false}", 1000,
               "view read-only no-new-privileges"},
           Row{"{}", "{capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}", 0, " capabilities=1024"},
           Row{"{}", "{capabilities: {drop: [ALL]}}", 1000, " capabilities=0 no-new-privileges"},
           Row{"{}", "{capabilities: {add: [NET_ADMIN]}}", 1000,
               "capabilities.add: only a node that is root has any to give"},
           Row{"{}", "{capabilities: {drop: [FLYING]}}", 0, "unknown capability \"FLYING\""},
           Row{"{}", "{privileged: true}", 1000, "privileged: only a node that is root can run privileged containers"},
           Row{"{seccompProfile: {type: RuntimeDefault}}", "{capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}", 0,
               " capabilities=1024 filter-but-for=1024"},
           Row{"{seccompProfile: {type: RuntimeDefault}}", "{privileged: true}", 0, ""},
           Row{"{seccompProfile: {type: RuntimeDefault}}", "{seccompProfile: {type: Unconfined}}", 0, ""},
           Row{"{}", "{seccompProfile: {type: Localhost}}", 0, "seccompProfile Localhost: this node has no profiles"},
           Row{"{}", "{runAsUser: 5}", 1000, "runAsUser 5: the node runs as user 1000 and cannot become another"},
       }) {
    CAPTURE(row.of_pod);
    CAPTURE(row.own);
    std::string expected = row.confined;
    if (expected.starts_with("container")) expected += names;
    CHECK(confined(row.of_pod, row.own, row.node_user) == expected);
  }
}

TEST_CASE("Security: whom an image names is who its program is, if the Pod does not say") {
  struct Row {
    const char* own;
    ImageRuntime::User of_image;
    std::int64_t node_user;
    const char* becomes;
  };
  for (const Row& row : {
           Row{"{}", {1000, 100, true}, 0, "1000:100"}, Row{"{}", {0, 0, false}, 0, "0:0"},
           Row{"{runAsUser: 7}", {1000, 100, true}, 0, "7:0"}, Row{"{runAsGroup: 7}", {1000, 100, true}, 0, "1000:7"},
           Row{"{runAsNonRoot: true}", {1000, 100, false}, 0, "1000:100"},
           Row{"{runAsNonRoot: true}", {0, 0, false}, 0, "refused"},
           Row{"{runAsNonRoot: true}", {1000, 100, true}, 0, "refused"},
           Row{"{}", {0, 0, false}, 500, "-1:-1"},  // who is not root runs it as himself
       }) {
    CAPTURE(row.own);
    objects::Object pod(
        *doc::parse_yaml("metadata: {name: a, namespace: default, uid: u}\nspec: {containers: [{name: main, "
                         "securityContext: " +
                             std::string(row.own) + "}]}\n",
                         "pod.yaml"));
    Confinement made;
    const auto applied =
        apply_security(pod, std::as_const(pod).spec()["containers"][0], {true, "", row.node_user}, row.of_image, made);
    CHECK((applied ? std::to_string(made.user.value_or(-1)) + ":" + std::to_string(made.group.value_or(-1))
                   : "refused") == std::string(row.becomes));
  }
}

}  // namespace
}  // namespace slipway::pods
