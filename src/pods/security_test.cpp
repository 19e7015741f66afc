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
  const auto applied = apply_security(pod, pod.spec()["containers"][0], {true, "", node_user}, made);
  if (!applied) return applied.error().message;
  std::string text = made.own_view ? "view" : "";
  if (made.user) text += " user=" + std::to_string(*made.user);
  if (made.group) text += " group=" + std::to_string(*made.group);
  for (const auto group : made.groups) text += " +" + std::to_string(group);
  if (made.read_only_root) text += " read-only";
  if (made.capabilities) text += " capabilities=" + std::to_string(*made.capabilities);
  if (made.no_new_privileges) text += " no-new-privileges";
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
           Row{"{}", "{runAsUser: 5}", 1000, "runAsUser 5: the node runs as user 1000 and cannot become another"},
       }) {
    CAPTURE(row.of_pod);
    CAPTURE(row.own);
    std::string expected = row.confined;
    if (expected.starts_with("container")) expected += names;
    CHECK(confined(row.of_pod, row.own, row.node_user) == expected);
  }
}

}  // namespace
}  // namespace slipway::pods
