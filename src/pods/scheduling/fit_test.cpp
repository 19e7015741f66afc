#include "pods/scheduling/fit.hpp"

#include <doctest/doctest.h>

namespace slipway::pods::scheduling {
namespace {

objects::Object object(const std::string& kind, const std::string& name, const std::string& more) {
  auto value = doc::parse_yaml("apiVersion: v1\nkind: " + kind + "\nmetadata: {name: " + name + more, "test.yaml");
  REQUIRE_MESSAGE(value, value.error().render());
  return objects::Object(std::move(*value));
}
objects::Object node(const std::string& labels, const std::string& spec = "") {
  return object("Node", "n1", ", labels: {" + labels + "}}\nspec: {" + spec + "}\n");
}
objects::Object pod(const std::string& spec) { return object("Pod", "p", "}\nspec: {" + spec + "}\n"); }
objects::Object required(const std::string& term) {
  return pod("affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [" + term +
             "]}}}");
}

std::map<std::string, std::string> no_labels(const std::string&) { return {}; }

std::string joined(const Misfit& misfit) {
  std::string text;
  for (const auto& reason : misfit.reasons) text += (text.empty() ? "" : ", ") + reason;
  return text;
}
std::string why_not(const objects::Object& pod, const objects::Object& node) {
  return joined(misfit(pod, node, {}, no_labels));
}

constexpr const char* no_match = "node(s) didn't match Pod's node affinity/selector";

}  // namespace

TEST_CASE("a Pod fits a node that has every label of its selector") {
  CHECK(why_not(pod(""), node("")).empty());
  CHECK(why_not(pod("nodeSelector: {gpu: a100, zone: b}"), node("gpu: a100, zone: b, more: x")).empty());
  CHECK(why_not(pod("nodeSelector: {gpu: a100, zone: b}"), node("gpu: a100")) == no_match);
  CHECK(why_not(pod("nodeSelector: {gpu: ''}"), node("")) == no_match);
}

TEST_CASE("a required affinity asks for one of its terms, and for all of a term") {
  const auto n = node("gpu: a100, count: '8'");
  struct Row {
    const char* term;
    bool fits;
  };
  const Row rows[] = {
      {"{matchExpressions: [{key: gpu, operator: In, values: [h100, a100]}]}", true},
      {"{matchExpressions: [{key: gpu, operator: In, values: [h100]}]}", false},
      {"{matchExpressions: [{key: gpu, operator: NotIn, values: [h100]}]}", true},
      {"{matchExpressions: [{key: zone, operator: NotIn, values: [b]}]}", true},
      {"{matchExpressions: [{key: gpu, operator: NotIn, values: [a100]}]}", false},
      {"{matchExpressions: [{key: gpu, operator: Exists}]}", true},
      {"{matchExpressions: [{key: zone, operator: Exists}]}", false},
      {"{matchExpressions: [{key: zone, operator: DoesNotExist}]}", true},
      {"{matchExpressions: [{key: count, operator: Gt, values: ['7']}]}", true},
      {"{matchExpressions: [{key: count, operator: Gt, values: ['8']}]}", false},
      {"{matchExpressions: [{key: count, operator: Lt, values: ['9']}]}", true},
      {"{matchExpressions: [{key: gpu, operator: Lt, values: ['9']}]}", false},
      {"{matchFields: [{key: metadata.name, operator: In, values: [n1]}]}", true},
      {"{matchFields: [{key: metadata.name, operator: In, values: [n2]}]}", false},
      {"{matchExpressions: [{key: gpu, operator: Exists}, {key: zone, operator: Exists}]}", false},
      {"{}", false},
      {"{matchExpressions: [{key: zone, operator: Exists}]}, {matchExpressions: [{key: gpu, operator: Exists}]}", true},
  };
  for (const auto& row : rows) CHECK_MESSAGE(why_not(required(row.term), n).empty() == row.fits, row.term);
}

TEST_CASE("a taint keeps away who does not tolerate it, and a cordon everybody") {
  const auto tainted = node("", "taints: [{key: gpu, value: 'yes', effect: NoSchedule}]");
  CHECK(why_not(pod(""), tainted) == "node(s) had untolerated taint(s)");
  CHECK(why_not(pod("tolerations: [{key: gpu, operator: Exists}]"), tainted).empty());
  CHECK(why_not(pod("tolerations: [{key: gpu, value: 'yes', effect: NoSchedule}]"), tainted).empty());
  CHECK(why_not(pod("tolerations: [{operator: Exists}]"), tainted).empty());
  CHECK_FALSE(why_not(pod("tolerations: [{key: gpu, value: 'no'}]"), tainted).empty());
  CHECK_FALSE(why_not(pod("tolerations: [{key: gpu, value: 'yes', effect: NoExecute}]"), tainted).empty());
  CHECK(why_not(pod(""), node("", "taints: [{key: soft, effect: PreferNoSchedule}]")).empty());
  CHECK(why_not(pod(""), node("", "unschedulable: true")) == "node(s) were unschedulable");
}

TEST_CASE("a Pod asks for what its containers ask for together, or the biggest that prepares them") {
  const auto asked = [](const std::string& spec) {
    std::string text;
    for (const auto& [name, amount] : requests_of(pod(spec)))
      text += (text.empty() ? "" : " ") + name + "=" + std::to_string(amount);
    return text;
  };
  const auto container = [](const std::string& requests, const std::string& more = "") {
    return "{name: c, " + more + "resources: {requests: {" + requests + "}}}";
  };
  CHECK(asked("containers: [{name: c}]").empty());
  CHECK(asked("containers: [" + container("cpu: 500m") + ", " + container("cpu: 1, memory: 1k") + "]") ==
        "cpu=1500 memory=1000000");
  CHECK(asked("containers: [{name: c, resources: {limits: {nvidia.com/gpu: 2}}}]") == "nvidia.com/gpu=2000");
  const std::string main = "containers: [" + container("cpu: 1") + "], initContainers: [";
  CHECK(asked(main + container("cpu: 3") + "]") == "cpu=3000");
  CHECK(asked(main + container("cpu: 500m") + "]") == "cpu=1000");
  // A sidecar stays: it counts beside the containers, and beside what begins after it.
  const std::string sidecar = container("cpu: 200m", "restartPolicy: Always, ");
  CHECK(asked(main + sidecar + "]") == "cpu=1200");
  CHECK(asked(main + sidecar + ", " + container("cpu: 2") + "]") == "cpu=2200");
  CHECK(asked(main + container("cpu: 2") + ", " + sidecar + "]") == "cpu=2000");
  CHECK(asked("overhead: {cpu: 100m}, containers: [" + container("cpu: 1") + "]") == "cpu=1100");
  CHECK(asked("resources: {requests: {cpu: 4}}, containers: [" + container("cpu: 1") + "]") == "cpu=4000");
}

TEST_CASE("a Pod fits when the node has what it asks for, and says all that is missing") {
  auto machine = node("zone: a");
  machine.document().at_or_insert("status") =
      *doc::parse_yaml("allocatable: {cpu: '2', memory: 1Gi, pods: '3', nvidia.com/gpu: '1'}", "test.yaml");
  const auto asking = [](const std::string& requests, const std::string& more = "") {
    return pod("containers: [{name: c, resources: {requests: {" + requests + "}}}]" + more);
  };
  const std::vector<Resident> residents{resident_of(asking("cpu: 1500m, nvidia.com/gpu: 1"))};
  const auto why = [&](const objects::Object& one) { return misfit(one, machine, residents, no_labels); };
  CHECK(why(asking("cpu: 500m")).fits());
  CHECK(joined(why(asking("cpu: 501m"))) == "Insufficient cpu");
  CHECK_FALSE(why(asking("cpu: 501m")).is_for_good);
  CHECK(why(asking("cpu: 3")).is_for_good);
  CHECK(joined(why(asking("cpu: 1, memory: 2Gi"))) == "Insufficient cpu, Insufficient memory");
  CHECK(joined(why(asking("nvidia.com/gpu: 1"))) == "Insufficient nvidia.com/gpu");
  CHECK(why(asking("example.com/fpga: 1")).is_for_good);
  CHECK(why(asking("ephemeral-storage: 100Gi")).fits());  // the node does not say
  CHECK(joined(misfit(asking(""), machine, {{}, {}, {}}, no_labels)) == "Too many pods");
  CHECK(why(asking("", ", topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1}]")).fits());
  CHECK(joined(why(asking("", ", topologySpreadConstraints: [{topologyKey: rack, maxSkew: 1}]"))) ==
        "node(s) didn't match pod topology spread constraints (missing required label)");
}

TEST_CASE("a port of the machine is taken once") {
  const auto with = [](const std::string& port) { return pod("containers: [{name: c, ports: [{" + port + "}]}]"); };
  const auto fits = [&](const std::string& taken, const std::string& wanted) {
    return misfit(with(wanted), node(""), {resident_of(with(taken))}, no_labels).fits();
  };
  CHECK_FALSE(fits("hostPort: 80", "hostPort: 80"));
  CHECK(fits("hostPort: 80", "hostPort: 81"));
  CHECK(fits("containerPort: 80", "hostPort: 80"));
  CHECK(fits("hostPort: 80", "hostPort: 80, protocol: UDP"));
  CHECK(fits("hostPort: 80, hostIP: 127.0.0.1", "hostPort: 80, hostIP: 127.0.0.2"));
  CHECK_FALSE(fits("hostPort: 80, hostIP: 127.0.0.1", "hostPort: 80, hostIP: 0.0.0.0"));
}

TEST_CASE("Pods want to be near each other, or apart") {
  const auto place = node("kubernetes.io/hostname: n1");
  const auto of = [](const std::string& name, const std::string& app, const std::string& affinity,
                     const std::string& ns) {
    return object("Pod", name,
                  ", namespace: " + ns + ", labels: {app: " + app + "}}\nspec: {affinity: {" + affinity + "}}\n");
  };
  const auto term = [](const char* kind, const std::string& app, const std::string& more = "") {
    return std::string(kind) +
           ": {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, " + more +
           "labelSelector: {matchLabels: {app: " + app + "}}}]}";
  };
  const std::vector<Resident> web{resident_of(of("w", "web", "", "one"))};
  const NamespaceLabels labels = [](const std::string& ns) {
    return std::map<std::string, std::string>{{"team", ns == "one" ? "a" : "b"}};
  };
  const auto why = [&](const objects::Object& one, const std::vector<Resident>& there) {
    return joined(misfit(one, place, there, labels));
  };
  CHECK(why(of("p", "db", term("podAffinity", "web"), "one"), web).empty());
  CHECK(why(of("p", "db", term("podAffinity", "web"), "two"), web) == "node(s) didn't match pod affinity rules");
  CHECK(why(of("p", "db", term("podAffinity", "web", "namespaces: [one], "), "two"), web).empty());
  CHECK(why(of("p", "db", term("podAffinity", "web", "namespaceSelector: {}, "), "two"), web).empty());
  const std::string team_b = "namespaceSelector: {matchLabels: {team: b}}, ";
  CHECK(why(of("p", "db", term("podAffinity", "web", team_b), "two"), web) ==
        "node(s) didn't match pod affinity rules");
  CHECK(why(of("p", "web", term("podAffinity", "web"), "two"), web).empty());  // the first of its group
  CHECK(why(of("p", "web", term("podAntiAffinity", "web"), "one"), web) ==
        "node(s) didn't match pod anti-affinity rules");
  CHECK(why(of("p", "web", term("podAntiAffinity", "web"), "one"), {}).empty());
  const std::vector<Resident> shy{resident_of(of("s", "db", term("podAntiAffinity", "web"), "one"))};
  CHECK(why(of("p", "web", "", "one"), shy) == "node(s) didn't satisfy existing pods anti-affinity rules");
  CHECK(why(of("p", "web", "", "two"), shy).empty());
}

TEST_CASE("who is more important pushes out as few as it needs, the least important first") {
  auto machine = node("");
  machine.document().at_or_insert("status") = *doc::parse_yaml("allocatable: {cpu: '4'}", "test.yaml");
  const auto one = [](const std::string& name, int priority, const std::string& cpu) {
    return object("Pod", name,
                  "}\nspec: {priority: " + std::to_string(priority) +
                      ", containers: [{name: c, resources: {requests: {cpu: '" + cpu + "'}}}]}\n");
  };
  const std::vector<Resident> there{resident_of(one("a", 1, "1")), resident_of(one("b", 2, "1")),
                                    resident_of(one("c", 5, "1")), resident_of(one("d", 0, "1"))};
  const auto victims = [&](int priority, const std::string& cpu) {
    std::string names;
    for (const auto& victim : victims_for(one("p", priority, cpu), machine, there, no_labels))
      names += (names.empty() ? "" : " ") + victim.name.name;
    return names;
  };
  CHECK(victims(4, "1") == "d");
  CHECK(victims(4, "2") == "a d");
  CHECK(victims(4, "3") == "b a d");
  CHECK(victims(4, "4").empty());  // c stays
  CHECK(victims(0, "1").empty());
  CHECK(victims(9, "4") == "c b a d");
}

TEST_CASE("whom a budget protects is pushed out only when nobody else helps") {
  auto machine = node("");
  machine.document().at_or_insert("status") = *doc::parse_yaml("allocatable: {cpu: '3'}", "test.yaml");
  const auto one = [](const std::string& name, int priority, const std::string& cpu) {
    return object("Pod", name,
                  ", labels: {app: " + name.substr(0, 2) + "}}\nspec: {priority: " + std::to_string(priority) +
                      ", containers: [{name: c, resources: {requests: {cpu: '" + cpu + "'}}}]}\n");
  };
  const std::vector<Resident> there{resident_of(one("db-0", 0, "1")), resident_of(one("db-1", 0, "1")),
                                    resident_of(one("web", 1, "1"))};
  const auto victims = [&](const std::string& cpu, const std::string& budget) {
    const auto budgets = std::vector{budget_of(object("PodDisruptionBudget", "b", "}\n" + budget))};
    std::string names;
    for (const auto& victim : victims_for(one("p", 9, cpu), machine, there, no_labels, budgets))
      names += (names.empty() ? "" : " ") + victim.name.name;
    return names;
  };
  const std::string of_db = "spec: {selector: {matchLabels: {app: db}}}\nstatus: {disruptionsAllowed: ";
  CHECK(victims("1", of_db + "2}") == "db-1");
  CHECK(victims("1", of_db + "1}") == "db-0");  // the second one would be too much
  CHECK(victims("1", of_db + "0}") == "web");   // more important, but not protected
  CHECK(victims("2", of_db + "0}") == "db-1 web");
  CHECK(victims("1", of_db + "0, disruptedPods: {db-0: x}}") == "db-0");  // it was let go already
  CHECK(victims("1", "spec: {selector: {}}\nstatus: {disruptionsAllowed: 0}") == "db-1");
}

TEST_CASE("another scheduler's Pods and gated ones are left alone") {
  CHECK(is_ours(pod("")));
  CHECK(is_ours(pod("schedulerName: default-scheduler")));
  CHECK_FALSE(is_ours(pod("schedulerName: nobody")));
  CHECK_FALSE(is_ours(pod("schedulingGates: [{name: example.com/quota}]")));
}

}  // namespace slipway::pods::scheduling
