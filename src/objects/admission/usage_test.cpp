#include "objects/admission/usage.hpp"

#include <doctest/doctest.h>

#include "objects/admission/limits.hpp"
#include "objects/schema/builtin.hpp"

using namespace slipway;
using namespace slipway::objects;
using namespace slipway::objects::admission;

namespace {

doc::Value yaml(const std::string& text) { return *doc::parse_yaml(text, "<test>"); }

std::string used(const char* kind, const std::string& object) {
  const auto& registry = schema::builtin();
  const auto* resource = registry.find(kind == std::string("Deployment") ? "apps" : "", "v1", kind);
  REQUIRE(resource != nullptr);
  return render(usage_of(*resource, yaml(object)));
}

}  // namespace

TEST_CASE("what an object uses of a quota") {
  CHECK(used("Pod", "{spec: {containers: [{name: a}]}}") == "count/pods=1,pods=1");
  CHECK(used("Pod", "{spec: {containers: [{name: a}]}, status: {phase: Failed}}") == "count/pods=1");
  CHECK(
      used("Pod", R"({spec: {
    containers: [{resources: {requests: {cpu: 250m, memory: 1Gi, nvidia.com/gpu: 2}, limits: {cpu: 1, nvidia.com/gpu: 2}}},
                 {resources: {requests: {cpu: 250m, memory: 1Gi}}}],
    initContainers: [{resources: {requests: {cpu: 2}}}]}})") ==
      "count/pods=1,cpu=2,limits.cpu=1,memory=2Gi,pods=1,requests.cpu=2,requests.memory=2Gi,requests.nvidia.com/gpu=2");
  CHECK(used("Service", "{spec: {type: ClusterIP, ports: [{port: 1}]}}") ==
        "count/services=1,services=1,services.loadbalancers=0,services.nodeports=0");
  CHECK(used("Service", "{spec: {type: LoadBalancer, ports: [{port: 1}, {port: 2}]}}") ==
        "count/services=1,services=1,services.loadbalancers=1,services.nodeports=2");
  CHECK(used("PersistentVolumeClaim", "{spec: {storageClassName: fast, resources: {requests: {storage: 5Gi}}}}") ==
        "count/persistentvolumeclaims=1,fast.storageclass.storage.k8s.io/persistentvolumeclaims=1,"
        "fast.storageclass.storage.k8s.io/requests.storage=5Gi,persistentvolumeclaims=1,requests.storage=5Gi");
  CHECK(used("Deployment", "{}") == "count/deployments.apps=1");
  CHECK(used("ConfigMap", "{}") == "configmaps=1,count/configmaps=1");
}

TEST_CASE("which kind an entry of a quota counts") {
  struct Row {
    const char *entry, *group, *plural;
  };
  for (const auto& row :
       {Row{"pods", "", "pods"}, Row{"requests.nvidia.com/gpu", "", "pods"}, Row{"cpu", "", "pods"},
        Row{"count/deployments.apps", "apps", "deployments"}, Row{"count/pods", "", "pods"},
        Row{"count/llmdeployments.inference.llm-d.io", "inference.llm-d.io", "llmdeployments"},
        Row{"services.nodeports", "", "services"}, Row{"requests.storage", "", "persistentvolumeclaims"},
        Row{"x.storageclass.storage.k8s.io/requests.storage", "", "persistentvolumeclaims"}}) {
    CAPTURE(row.entry);
    CHECK(counted_by(row.entry) == Counted{row.group, row.plural});
  }
}

TEST_CASE("a quota's scopes take in some Pods and not others") {
  const auto* pods = schema::builtin().find("", "v1", "Pod");
  const auto* maps = schema::builtin().find("", "v1", "ConfigMap");
  const auto best = yaml("{spec: {containers: [{name: a}]}}");
  const auto burst = yaml(
      "{spec: {activeDeadlineSeconds: 5, priorityClassName: high, containers: [{name: a, resources: "
      "{requests: {cpu: 1}}}]}}");
  struct Row {
    const char* spec;
    bool best, burst;
  };
  for (const auto& row :
       {Row{"{}", true, true}, Row{"{scopes: [BestEffort]}", true, false},
        Row{"{scopes: [NotBestEffort]}", false, true}, Row{"{scopes: [Terminating]}", false, true},
        Row{"{scopes: [NotTerminating, BestEffort]}", true, false},
        Row{"{scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In, values: [high]}]}}", false,
            true},
        Row{"{scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: NotIn, values: [high]}]}}", true,
            false},
        Row{"{scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: Exists}]}}", false, true},
        Row{"{scopeSelector: {matchExpressions: [{scopeName: BestEffort, operator: Exists}]}}", true, false}}) {
    CAPTURE(row.spec);
    CHECK(is_in_scope(yaml(row.spec), *pods, best) == row.best);
    CHECK(is_in_scope(yaml(row.spec), *pods, burst) == row.burst);
  }
  CHECK(is_in_scope(yaml("{}"), *maps, yaml("{}")));
  CHECK_FALSE(is_in_scope(yaml("{scopes: [BestEffort]}"), *maps, yaml("{}")));
}

TEST_CASE("a claim for storage is kept between a LimitRange's bounds") {
  const auto range =
      yaml("{spec: {limits: [{type: PersistentVolumeClaim, min: {storage: 1Gi}, max: {storage: 10Gi}}]}}");
  const auto problems = [&](const char* storage) {
    return limit_problems(yaml("{spec: {resources: {requests: {storage: " + std::string(storage) + "}}}}"),
                          "PersistentVolumeClaim", range);
  };
  CHECK(problems("5Gi").empty());
  CHECK(problems("20Gi") ==
        std::vector<std::string>{"maximum storage usage per PersistentVolumeClaim is 10Gi, but request is 20Gi"});
  CHECK(problems("500Mi") ==
        std::vector<std::string>{"minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 500Mi"});
}
