// The definitions of Istio, Argo, KServe, the gateway API and others, and the sample objects of those projects, where
// tests/clients/crds has fetched them.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>

#include "objects/crd/definition.hpp"
#include "objects/crd/validate.hpp"
#include "objects/schema/decode.hpp"
#include "source_dir.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

const std::filesystem::path projects = std::string(SLIPWAY_SOURCE_DIR) + "/build/crds";

std::vector<std::filesystem::path> files_in(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::is_directory(projects)) return files;
  for (const auto& project : std::filesystem::directory_iterator(projects)) {
    if (!std::filesystem::is_directory(project.path() / folder)) continue;
    for (const auto& file : std::filesystem::directory_iterator(project.path() / folder)) files.push_back(file.path());
  }
  std::ranges::sort(files);
  return files;
}

// Templates of other tools are no YAML; they are passed over.
std::vector<doc::Value> documents_in(const std::filesystem::path& path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto documents = doc::parse_yaml_all(text, path.string());
  return documents ? std::move(*documents) : std::vector<doc::Value>();
}

struct Served {
  std::vector<schema::Resource> resources;
  const schema::Resource* find(const std::string& api_version, const std::string& kind) const {
    const auto at = std::ranges::find_if(
        resources, [&](const auto& one) { return one.api_version() == api_version && one.kind == kind; });
    return at == resources.end() ? nullptr : &*at;
  }
};

// All there are; a definition that is refused fails the test that asks first.
const Served& served() {
  static const Served all = [] {
    Served made;
    for (const auto& path : files_in("crds")) {
      for (const doc::Value& document : documents_in(path)) {
        if (document["kind"].string_or("") != "CustomResourceDefinition" || document["spec"]["versions"].is_null())
          continue;
        const auto definition = crd::read_definition(document);
        const std::string name = document["metadata"]["name"].string_or("");
        std::string problems;
        if (!definition) {
          for (const auto& problem : definition.error()) problems += "\n  " + problem.message();
        }
        CHECK_MESSAGE(definition.has_value(), name, problems);
        if (!definition) continue;
        for (auto& resource : crd::resources_of(*definition)) made.resources.push_back(std::move(resource));
      }
    }
    return made;
  }();
  return all;
}

doc::Value prepared(doc::Value object, const schema::Type& type) {
  schema::prune(object, type);
  schema::apply_defaults(object, type);
  return object;
}

bool is_here(const char* what) {
  if (std::filesystem::is_directory(projects)) return true;
  std::cerr << what << " skipped: tests/clients/crds has fetched nothing to build/crds\n";
  return false;
}

// Samples that Kubernetes' own code refuses too, and where.
const std::map<std::string, std::string> wrong{
    // 0755 is a number in YAML 1.1 only.
    {"examples-arguments-artifacts.yaml", "spec.templates[0].inputs.artifacts[0].mode"},
    {"examples-input-artifact-http.yaml", "spec.templates[0].inputs.artifacts[0].mode"},
    {"examples-memoize-simple.yaml", "spec.templates[0].memoize.cache.configMap.key"},
    {"examples-workflow-event-binding-github-path-filter-workflowtemplate.yaml", "spec.arguments.parameters[0].value"},
    {"docs-samples-explanation-alibi-cifar10-cifar10.yaml", "spec.predictor.tensorflow.resources.requests.cpu"},
    {"docs-samples-explanation-alibi-income-income.yaml", "spec.predictor.sklearn.resources.requests.cpu"},
    {"docs-samples-explanation-alibi-moviesentiment-moviesentiment.yaml",
     "spec.predictor.sklearn.resources.requests.cpu"},
    {"docs-samples-explanation-alibi-moviesentiment-moviesentiment2.yaml",
     "spec.predictor.sklearn.resources.requests.cpu"},
    {"example-user-guides-scrapeclass-scrapeclass-example-podmonitor.yaml", "spec.selector"},
    {"example-user-guides-scrapeclass-scrapeclass-example-servicemonitor.yaml", "spec.selector"},
};

}  // namespace

TEST_CASE("definitions of other projects are read, with all their rules") {
  if (!is_here("definitions of other projects")) return;
  CHECK(served().resources.size() > 60);
}

TEST_CASE("samples of other projects are what their definitions want, but for those that never were") {
  if (!is_here("samples of other projects")) return;
  std::size_t judged = 0;
  for (const auto& path : files_in("samples")) {
    for (const doc::Value& document : documents_in(path)) {
      const auto* resource = served().find(document["apiVersion"].string_or(""), document["kind"].string_or(""));
      if (!resource) continue;
      ++judged;
      const doc::Value object = prepared(document, *resource->type);
      CHECK(prepared(object, *resource->type) == object);
      const auto problems = crd::validate(object, *resource->type);
      const auto known = wrong.find(path.filename().string());
      if (known == wrong.end()) {
        CHECK_MESSAGE(problems.empty(), path.string(), ": ", problems.empty() ? "" : problems.front().message());
      } else if (!problems.empty()) {
        CHECK(problems.front().field == known->second);
      }
    }
  }
  CHECK(judged > 300);
}

TEST_CASE("what is spoilt in an object of another project is found where it is") {
  if (!is_here("spoilt objects of other projects")) return;
  struct Spoilt {
    const char* api_version;
    const char* kind;
    const char* object;  // without apiVersion, kind and metadata
    const char* field;   // of the first problem
  };
  const Spoilt cases[] = {
      {"networking.istio.io/v1", "VirtualService", "spec: {hosts: [a], http: [{route: [{weight: 5}]}]}",
       "spec.http[0].route[0].destination"},
      {"networking.istio.io/v1", "VirtualService", "spec: {hosts: a}", "spec.hosts"},
      {"networking.istio.io/v1", "VirtualService", "spec: {http: [{timeout: soon}]}", "spec.http[0].timeout"},
      {"networking.istio.io/v1", "DestinationRule", "spec: {host: a, trafficPolicy: {loadBalancer: {simple: FASTEST}}}",
       "spec.trafficPolicy.loadBalancer.simple"},
      {"networking.istio.io/v1", "Gateway", "spec: {servers: [{hosts: [a]}]}", "spec.servers[0].port"},
      {"networking.istio.io/v1", "DestinationRule", "spec: {}", "spec.host"},
      {"argoproj.io/v1alpha1", "Rollout", "spec: {replicas: many}", "spec.replicas"},
      {"argoproj.io/v1alpha1", "AnalysisTemplate", "spec: {metrics: [{name: a}]}", "spec.metrics[0].provider"},
      {"argoproj.io/v1alpha1", "AnalysisTemplate", "spec: {metrics: [{provider: {}}]}", "spec.metrics[0].name"},
      {"argoproj.io/v1alpha1", "Rollout", "spec: {strategy: {canary: {steps: [{setWeight: half}]}}}",
       "spec.strategy.canary.steps[0].setWeight"},
      {"gateway.networking.k8s.io/v1", "HTTPRoute", "spec: {rules: [{backendRefs: [{port: 80}]}]}",
       "spec.rules[0].backendRefs[0].name"},
      {"gateway.networking.k8s.io/v1", "HTTPRoute", "spec: {rules: [{backendRefs: [{name: a, port: 70000}]}]}",
       "spec.rules[0].backendRefs[0].port"},
      {"gateway.networking.k8s.io/v1", "HTTPRoute", "spec: {rules: [{backendRefs: [{name: a}]}]}",
       "spec.rules[0].backendRefs[0]"},
      {"gateway.networking.k8s.io/v1", "HTTPRoute", "spec: {hostnames: [\"a b\"]}", "spec.hostnames[0]"},
      {"gateway.networking.k8s.io/v1", "Gateway",
       "spec: {gatewayClassName: a, listeners: [{name: x, port: 80, protocol: HTTP, tls: {}}]}", "spec.listeners"},
      {"gateway.networking.k8s.io/v1", "GatewayClass", "spec: {}", "spec.controllerName"},
      {"inference.networking.k8s.io/v1", "InferencePool",
       "spec: {selector: {matchLabels: {a: b}}, targetPorts: [{number: 0}], endpointPickerRef: {name: a, port: "
       "{number: 1}}}",
       "spec.targetPorts[0].number"},
      {"serving.kserve.io/v1beta1", "InferenceService", "spec: {}", "spec.predictor"},
      {"monitoring.coreos.com/v1", "PrometheusRule", "spec: {groups: [{name: a, rules: [{alert: x}]}]}",
       "spec.groups[0].rules[0].expr"},
      {"monitoring.coreos.com/v1", "ServiceMonitor", "spec: {selector: {}, endpoints: [{interval: often}]}",
       "spec.endpoints[0].interval"},
  };
  for (const Spoilt& spoilt : cases) {
    CAPTURE(spoilt.object);
    CAPTURE(spoilt.kind);
    const auto* resource = served().find(spoilt.api_version, spoilt.kind);
    if (!resource) continue;  // the project was not fetched
    auto object = doc::parse_yaml(spoilt.object, "test");
    REQUIRE(object.has_value());
    object->at_or_insert("metadata") = doc::Object{{"name", "a"}};
    object->at_or_insert("apiVersion") = spoilt.api_version;
    object->at_or_insert("kind") = spoilt.kind;
    const auto problems = crd::validate(prepared(*object, *resource->type), *resource->type);
    REQUIRE_FALSE(problems.empty());
    CHECK(problems.front().field == spoilt.field);
  }
}
