#include <doctest/doctest.h>

#include "objects/kinds.hpp"
#include "objects/object.hpp"

using namespace slipway;
using namespace slipway::objects;

TEST_CASE("a manifest gives every object, flattens lists and skips empty documents") {
  const auto objects = parse_manifest(R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: x}
---
# only a comment
---
apiVersion: v1
kind: List
items:
  - {apiVersion: apps/v1, kind: Deployment, metadata: {name: b}}
  - {apiVersion: v1, kind: Pod, metadata: {generateName: c-}}
)",
                                      "all.yaml");
  REQUIRE(objects.has_value());
  REQUIRE(objects->size() == 3);
  CHECK((*objects)[0].text() == "ConfigMap x/a");
  CHECK((*objects)[1].api_version() == "apps/v1");
  CHECK((*objects)[2].kind() == "Pod");
}

TEST_CASE("a manifest with several mistakes names them all, with their lines") {
  const auto objects =
      parse_manifest("kind: Pod\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Pod\nmetadata: {}\n", "bad.yaml");
  REQUIRE_FALSE(objects.has_value());
  const auto text = objects.error().render();
  CHECK(text.find("bad.yaml:1") != std::string::npos);
  CHECK(text.find("\"apiVersion\" is missing") != std::string::npos);
  CHECK(text.find("metadata.name is missing") != std::string::npos);
}

TEST_CASE("label selectors match as Kubernetes does") {
  struct Row {
    const char* selector;
    bool web, batch, bare;
  };
  const std::map<std::string, std::string> web{{"app", "web"}, {"tier", "front"}};
  const std::map<std::string, std::string> batch{{"app", "batch"}, {"legacy", ""}};
  for (const auto& row :
       {Row{"", true, true, true}, Row{"app=web", true, false, false}, Row{"app==web", true, false, false},
        Row{"app!=web", false, true, true},  // an absent key is not web
        Row{"app in (web, batch),!legacy", true, false, false}, Row{"app notin (web)", false, true, true},
        Row{"legacy", false, true, false}, Row{"legacy=", false, true, false}, Row{"!tier", false, true, true}}) {
    CAPTURE(row.selector);
    const auto selector = LabelSelector::parse(row.selector);
    REQUIRE(selector.has_value());
    CHECK(selector->matches(web) == row.web);
    CHECK(selector->matches(batch) == row.batch);
    CHECK(selector->matches({}) == row.bare);
  }
  for (const auto* bad : {"app in web", "=x", "app=a b", "app within (a)", "!"}) {
    CAPTURE(bad);
    CHECK_FALSE(LabelSelector::parse(bad).has_value());
  }
}

TEST_CASE("a look at the bytes never passes over an object that a selector matches") {
  const std::map<std::string, std::string> labels{{"app", "web"}, {"example.com/tier", ""}};
  const std::string json = R"({"metadata":{"labels":{"app":"web","example.com/tier":""},"name":"a"}})";
  for (const auto* text : {"", "app=web", "app=batch", "app in (x,web)", "app in (x)", "app!=web", "example.com/tier",
                           "example.com/tier=", "other", "!app", "!other", "app=web,other", "app notin (x)"}) {
    CAPTURE(text);
    const auto selector = *LabelSelector::parse(text);
    if (selector.matches(labels)) CHECK(selector.may_match(json));
  }
  CHECK_FALSE(LabelSelector::parse("app=batch")->may_match(json));
  CHECK_FALSE(LabelSelector::parse("other")->may_match(json));
  const auto odd = *LabelSelector::from_value(doc::Object{{"app", "say \"hi\""}});  // nobody's label, still looked for
  CHECK(odd.may_match(R"({"metadata":{"labels":{"app":"say \"hi\""}}})"));
}

TEST_CASE("a selector object and a Service's plain map select too") {
  const auto parse = [](const char* yaml) { return LabelSelector::from_value(*doc::parse_yaml(yaml, "s")); };
  const auto full =
      parse("{matchLabels: {app: web}, matchExpressions: [{key: tier, operator: NotIn, values: [back]}]}");
  REQUIRE(full.has_value());
  CHECK(full->matches({{"app", "web"}}));
  CHECK_FALSE(full->matches({{"app", "web"}, {"tier", "back"}}));
  CHECK(parse("{app: web}")->matches({{"app", "web"}, {"x", "y"}}));
  CHECK_FALSE(parse("{matchExpressions: [{key: a, operator: Within, values: [b]}]}").has_value());
  CHECK_FALSE(parse("{matchExpressions: [{key: a, operator: Exists, values: [b]}]}").has_value());
}

TEST_CASE("kinds are found by every served version and by what people type") {
  CHECK(*kinds::find("networking.istio.io/v1beta1", "VirtualService") == kinds::virtual_service);
  CHECK(*kinds::find("openslo/v1", "SLO") == kinds::slo);
  CHECK(kinds::find("v1", "Deployment").error().hint == "use apiVersion apps/v1");
  CHECK(kinds::find("argoproj.io/v1alpha1", "Rolout").error().hint == "did you mean \"Rollout\"?");
  for (const auto* text : {"pod", "pods", "po", "Pod"}) CHECK(*kinds::find_by_resource(text) == kinds::pod);
  CHECK(*kinds::find_by_resource("llmdeployments.inference.llm-d.io") == kinds::llm_deployment);
  CHECK(*kinds::find_by_resource("deploy") == kinds::deployment);
  CHECK(kinds::find_by_resource("deployement").error().hint == "did you mean \"deployments\"?");
}

TEST_CASE("a condition's transition time moves only when its status does") {
  auto object = Object::make(kinds::pod, {"a", "b"});
  const core::Time first{std::chrono::seconds(1'700'000'000)};
  CHECK(object.set_condition("Ready", "False", "Starting", "loading", first));
  CHECK_FALSE(object.set_condition("Ready", "False", "Starting", "loading", first + std::chrono::hours(1)));
  CHECK(object.set_condition("Ready", "False", "Starting", "warming up", first + std::chrono::hours(1)));
  CHECK(object.status()["conditions"][0]["lastTransitionTime"].string_or("") == "2023-11-14T22:13:20Z");
  CHECK(object.set_condition("Ready", "True", "Started", "", first + std::chrono::hours(2)));
  CHECK(object.status()["conditions"][0]["lastTransitionTime"].string_or("") == "2023-11-15T00:13:20Z");
  CHECK(object.condition_status("Ready") == "True");
  CHECK(object.condition_status("Other") == "");
}

TEST_CASE("what a controller wants is there already when the store only filled in what was left out") {
  const auto json = [](const char* text) { return doc::parse_json(text).value(); };
  const auto stored = json(R"({"replicas":1,"strategy":{"type":"RollingUpdate"},"list":[{"a":1,"b":2}]})");
  CHECK(says_already(stored, json(R"({"replicas":1,"list":[{"a":1}]})")));
  CHECK_FALSE(says_already(stored, json(R"({"replicas":2})")));
  CHECK_FALSE(says_already(stored, json(R"({"list":[{"a":1},{"a":2}]})")));
  CHECK_FALSE(says_already(stored, json(R"({"strategy":{"type":"Recreate"}})")));
}
