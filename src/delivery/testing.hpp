#pragma once
// What the tests of whole rollouts and promotions share: a control plane in the simulated world that can be killed and
// built again, children that become Ready, metrics from a script. Only for tests.

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "core/world/simulated.hpp"
#include "delivery/delivery.hpp"
#include "delivery/rollout/routes.hpp"
#include "objects/controller.hpp"
#include "objects/kinds.hpp"
#include "storage/database.hpp"
#include "support/stores.hpp"

namespace slipway::delivery::testing {

namespace kinds = objects::kinds;
using core::doc::Value;
using objects::Name;
using objects::Object;

struct RecordedEvents final : core::EventSink {
  std::vector<core::Event> all;
  void record(core::Event event) override { all.push_back(std::move(event)); }
  std::size_t count(const std::string& action) const {
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const auto& event) { return event.action == action; }));
  }
};

// Answers a query by the first rule whose text occurs in it; no rule: an empty vector.
class ScriptedMetrics final : public MetricQuery {
 public:
  explicit ScriptedMetrics(core::World& world) : world_(world) {}
  struct Rule {
    std::string text;
    std::function<Result<std::string>()> body;
  };
  std::vector<Rule> rules;
  std::size_t asked = 0;

  static std::string vector_of(const std::string& value, const std::string& labels = "{}") {
    return R"({"status":"success","data":{"resultType":"vector","result":[{"metric":)" + labels +
           R"(,"value":[4102444800,")" + value + R"("]}]}})";
  }
  static std::string empty() { return R"({"status":"success","data":{"resultType":"vector","result":[]}})"; }
  void answer(const std::string& text, const std::string& value) {
    std::erase_if(rules, [&](const Rule& rule) { return rule.text == text; });
    rules.insert(rules.begin(), {text, [value] { return Result<std::string>(vector_of(value)); }});
  }
  void answer_with(const std::string& text, std::function<Result<std::string>()> body) {
    std::erase_if(rules, [&](const Rule& rule) { return rule.text == text; });
    rules.insert(rules.begin(), {text, std::move(body)});
  }

  void query(std::string, std::string promql, Done done) override {
    ++asked;
    Result<std::string> body = empty();
    for (const auto& rule : rules) {
      if (promql.find(rule.text) == std::string::npos) continue;
      body = rule.body();
      break;
    }
    world_.loop.after(std::chrono::milliseconds(20), [body, done = std::move(done)]() mutable {
      if (!body) return done(fail(body.error()));
      done(core::doc::parse_json(*body));
    });
  }

 private:
  core::World& world_;
};

// Stands for serving and pods: a child of a Rollout (or an LLMDeployment that no Rollout names) is Ready some seconds
// after it was seen first. (Who made it has a clock of its own.)
class FakeServing final : public objects::Reconciler {
 public:
  FakeServing(core::World& world, objects::Store& store, const std::map<std::string, bool>& broken_versions)
      : world_(world), store_(store), broken_(broken_versions), controller_(world, store, "fake-serving", *this) {
    controller_.reconciles(kinds::llm_deployment);
    REQUIRE(controller_.start().has_value());
  }
  Result<objects::Outcome> reconcile(const Name& name) override {
    TRY_ASSIGN(const auto found, store_.find(kinds::llm_deployment, name));
    if (!found) return objects::Outcome{};
    TRY_ASSIGN(const auto rollouts, store_.list(kinds::rollout));
    for (const auto& rollout : rollouts.items) {
      if (rollout.name().ns == name.ns && rollout.spec()["workloadRef"]["name"].string_or("") == name.name)
        return objects::Outcome{};
    }
    const auto seen = core::parse_rfc3339(found->status()["seenAt"].string_or("")).value_or(world_.clock.now());
    const core::Time ready_at = seen + std::chrono::seconds(3);
    const bool is_broken = broken_.contains(found->spec()["model"]["version"].string_or(""));
    const bool is_ready = !is_broken && world_.clock.now() >= ready_at;
    TRY(modify_status(store_, kinds::llm_deployment, name, [&](Object& object) {
      object.status().set_path("seenAt", Value(core::render_rfc3339_micro(seen)));
      object.status().set_path("phase", Value(is_ready ? "Ready" : "Loading"));
      object.status().set_path("observedGeneration", Value(object.generation()));
      object.status().set_path("message", Value(is_ready ? "" : "the weights are loading"));
      return true;
    }));
    if (is_ready || is_broken) return objects::Outcome{};
    return objects::Outcome{core::Duration(ready_at - world_.clock.now()) + std::chrono::milliseconds(1)};
  }

 private:
  core::World& world_;
  objects::Store& store_;
  const std::map<std::string, bool>& broken_;
  objects::Controller controller_;
};

struct Repository final : ManifestSource {
  std::map<std::string, ManifestFiles> by_directory;
  bool is_away = false;
  Result<ManifestFiles> files(const std::string&, const std::string&, const std::string& directory) override {
    if (is_away) return fail(Code::unavailable, "the repository is being fetched");
    const auto found = by_directory.find(directory);
    if (found == by_directory.end()) return fail(Code::not_found, "no directory " + directory);
    return found->second;
  }
};
struct Registry final : VersionSource {
  std::map<std::string, VersionFacts> versions;
  Result<VersionFacts> version(const std::string& model, const std::string& version) override {
    const auto found = versions.find(version);
    if (found == versions.end()) return fail(Code::not_found, "no version " + version + " of " + model);
    return found->second;
  }
};

// A whole control plane. What survives kill -9: the database, events, the outside.
struct House {
  explicit House(const support::StoreEntry& entry = support::in_memory(), std::uint64_t seed = 1)
      : world(seed), place(entry, world, {"production", "staging"}) {
    build();
  }

  core::SimulatedWorld world;
  core::World parts = world.world();
  support::StoreUnderTest place;
  RecordedEvents events;
  ScriptedMetrics metrics{parts};
  Repository repository;
  Registry registry;
  std::map<std::string, bool> broken_versions;
  std::string gateway_url = "http://127.0.0.1:8081";

  std::unique_ptr<objects::Store> store;
  std::unique_ptr<FakeServing> serving;
  std::unique_ptr<Delivery> delivery;

  void build() {
    store = place.open();
    serving = std::make_unique<FakeServing>(parts, *store, broken_versions);
    Options options;
    options.gateway_url = [this] { return gateway_url; };
    delivery = std::make_unique<Delivery>(Parts{parts, *store, events, metrics, registry, repository}, options);
    REQUIRE(delivery->start().has_value());
  }
  void kill() {
    world.crash_control_plane();
    delivery.reset();
    serving.reset();
    store.reset();
  }
  void restart() {
    kill();
    build();
  }

  void apply(const std::string& yaml) {
    const auto parsed = objects::parse_manifest(yaml, "test.yaml");
    if (!parsed) MESSAGE(parsed.error().render());
    REQUIRE(parsed.has_value());
    for (const auto& object : *parsed) {
      const auto applied = store->apply(object);
      if (!applied) MESSAGE(applied.error().render());
      REQUIRE(applied.has_value());
    }
  }
  void run(int seconds) { world.run_for(std::chrono::seconds(seconds)); }

  Object rollout() { return *store->get(kinds::rollout, {"production", "chat"}); }
  std::string phase() { return rollout().status()["phase"].string_or(""); }
  std::string message() { return rollout().status()["message"].string_or(""); }
  std::string verdict() { return rollout().status()["slipway"]["verdict"].string_or(""); }
  std::string stable_version() { return rollout().status()["slipway"]["stableVersion"].string_or(""); }
  int weight() {
    rollout::Routing routing;
    routing.routes = {"primary"};
    const auto shown =
        rollout::canary_weight(store->get(kinds::virtual_service, {"production", "chat"})->document(), routing);
    return shown && *shown ? **shown : -1;
  }
  std::string subset(const std::string& name) {
    return *rollout::subset_hash(store->get(kinds::destination_rule, {"production", "chat"})->document(), name);
  }
  std::vector<Object> children() {
    auto all = store->list(kinds::llm_deployment)->items;
    std::erase_if(all, [](const Object& object) { return object.label(rollout::hash_label).empty(); });
    return all;
  }
  const Object* child_of(const std::vector<Object>& all, const std::string& hash) {
    for (const auto& child : all) {
      if (child.label(rollout::hash_label) == hash) return &child;
    }
    return nullptr;
  }
};

inline const char* const traffic_yaml = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: chat, namespace: production}
spec:
  hosts: [chat.example.com]
  http:
    - name: primary
      route:
        - {destination: {host: chat, subset: stable}, weight: 100}
        - {destination: {host: chat, subset: canary}, weight: 0}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: chat, namespace: production}
spec:
  host: chat
  subsets:
    - {name: stable, labels: {app: chat}}
    - {name: canary, labels: {app: chat}}
)";

inline const char* const analysis_yaml = R"(
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: success, namespace: production, annotations: {slipway.dev/no-data-timeout: 60s}}
spec:
  args: [{name: revision}]
  metrics:
    - name: success-rate
      interval: 2s
      count: 3
      failureLimit: 0
      successCondition: result[0] >= 0.95
      provider: {prometheus: {query: 'success{revision="{{args.revision}}"}'}}
)";

inline std::string rollout_yaml(const std::string& steps, const std::string& more = "") {
  return R"(
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: chat, namespace: production}
spec:
  workloadRef: {apiVersion: inference.llm-d.io/v1alpha1, kind: LLMDeployment, name: chat}
  progressDeadlineSeconds: 60
  strategy:
    canary:
      scaleDownDelaySeconds: 10
      abortScaleDownDelaySeconds: 5
      trafficRouting:
        istio:
          virtualService: {name: chat, routes: [primary]}
          destinationRule: {name: chat}
)" + more +
         "      steps: " + steps + "\n";
}

inline const char* const usual_steps =
    "[{setWeight: 10}, {analysis: {templates: [{templateName: success}], args: [{name: revision, valueFrom: "
    "{podTemplateHashValue: Latest}}]}},"
    " {pause: {duration: 5s}}, {setWeight: 50}, {analysis: {templates: [{templateName: success}], args: [{name: "
    "revision, valueFrom: {podTemplateHashValue: Latest}}]}}]";

inline std::string workload_yaml(const std::string& version) {
  return "apiVersion: inference.llm-d.io/v1alpha1\nkind: LLMDeployment\nmetadata: {name: chat, namespace: production, "
         "labels: {app: chat}}\n"
         "spec: {model: {name: chat, modelUri: 'model-registry://chat/" +
         version + "', version: " + version + "}, replicas: 1}\n";
}

}  // namespace slipway::delivery::testing
