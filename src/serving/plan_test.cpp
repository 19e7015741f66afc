#include <doctest/doctest.h>

#include "objects/kinds.hpp"
#include "serving/plan.hpp"

using namespace slipway;
using namespace slipway::serving;

namespace {

objects::Object llm(const std::string& spec_yaml) {
  auto object = objects::Object::make(objects::kinds::llm_deployment, {"demo", "support"});
  object.document().at_or_insert("spec") = *doc::parse_yaml(spec_yaml, "spec.yaml");
  object.document().at_or_insert("metadata").at_or_insert("uid") = "u-1";
  return object;
}

RuntimeOptions options() {
  RuntimeOptions result;
  result.llama_server = {"/venv/bin/python", "/slipway/runtime/llama_server.py"};
  result.slipway = "/slipway/slipway";
  return result;
}

std::string command_of(const objects::Object& deployment) {
  std::string text;
  const auto& command = deployment.spec()["template"]["spec"]["containers"][0]["command"];
  for (std::size_t i = 0; i < command.size(); ++i) text += (i == 0 ? "" : " ") + command[i].string_or("?");
  return text;
}

}  // namespace

TEST_CASE("a spec says little and gets the documented defaults") {
  const auto spec = parse_spec(llm("model: {modelUri: model-registry://support/v1}"));
  REQUIRE(spec.has_value());
  Spec expected;
  expected.model_name = "support";
  expected.model_uri = "model-registry://support/v1";
  CHECK(*spec == expected);
}

TEST_CASE("every mistake of a spec is told at once, with its path") {
  struct Row {
    const char* spec;
    const char* says;
  };
  for (const auto& row : {
           Row{"replicas: 1", "spec.model"},
           Row{"model: {modelUrl: file:///w}", "did you mean \"modelUri\"?"},
           Row{"model: {modelUri: s3://bucket/w}", "is not a place weights are read from"},
           Row{"{model: {modelUri: file:///w}, replicas: -1}", "replicas"},
           Row{"{model: {modelUri: file:///w}, serving: {batchSize: 0}}", "batchSize"},
           Row{"{model: {modelUri: file:///w, checksums: {sha256: abc}}}", "64 lower-case hex digits"},
           Row{"{model: {modelUri: file:///w, source: {modelUri: file:///other}}}",
               "disagrees with spec.model.modelUri"},
           Row{"{model: {modelUri: file:///w}, autoscaling: {enabled: true}}", "autoscaling"},
       }) {
    CAPTURE(row.spec);
    const auto spec = parse_spec(llm(row.spec));
    REQUIRE_FALSE(spec.has_value());
    CHECK(spec.error().render().find(row.says) != std::string::npos);
  }
  const auto both = parse_spec(llm("{model: {modelUrl: x}, serving: {prot: 1}}"));
  CHECK(both.error().render().find("modelUrl") != std::string::npos);
  CHECK(both.error().render().find("prot") != std::string::npos);
}

TEST_CASE("another spelling of a field is read as the canonical one") {
  CHECK(parse_spec(llm("model: {source: {modelUri: file:///w}}"))->model_uri == "file:///w");
  CHECK(parse_spec(llm("model: {modelUri: file:///w, source: {modelUri: file:///w}}"))->model_uri == "file:///w");
}

TEST_CASE("each runtime gets its command line") {
  const RuntimeCatalog catalog(options());
  struct Row {
    const char* spec;
    const char* command;
  };
  for (const auto& row : {
           Row{"{model: {name: assistant, modelUri: file:///w}, serving: {port: 9000, maxSequenceLength: 512, "
               "batchSize: 2}}",
               "/venv/bin/python /slipway/runtime/llama_server.py -m /weights.gguf --host $(POD_IP) --port 9000 -t 1 "
               "-tb 1 -np 2 "
               "-c 1024 --alias assistant --metrics --slots --no-ui --cache-ram 0 --offline"},
           Row{"{model: {name: assistant}, runtime: {name: simulated, args: [--slow, '2']}}",
               "/slipway/slipway model-server --model assistant --host $(POD_IP) --port 8080 --context 1024 --parallel "
               "4 --slow 2"},
       }) {
    const auto object = llm(row.spec);
    const auto spec = *parse_spec(object);
    const auto runtime = *catalog.choose(spec);
    CHECK(command_of(plan(object, spec, {catalog, runtime, "/weights.gguf"})) == row.command);
  }
  Spec unknown;
  unknown.runtime = "lama-server";
  CHECK(catalog.choose(unknown).error().hint == "did you mean \"llama-server\"?");
}

TEST_CASE("the Deployment is owned, selects only its own Pods, and its Pods carry the labels people select by") {
  auto object = llm("{model: {modelUri: file:///w, version: v2}, replicas: 3}");
  object.set_label("app.kubernetes.io/name", "support-assistant");
  object.set_label("app", "mine");
  const RuntimeCatalog catalog(options());
  const auto deployment = plan(object, *parse_spec(object), {catalog, "llama-server", "/w"});
  CHECK(deployment.text() == "Deployment demo/support");
  CHECK(deployment.is_owned_by(object));
  CHECK(deployment.spec()["replicas"].int_or(0) == 3);
  CHECK(doc::render_json(deployment.spec()["selector"]) ==
        R"({"matchLabels":{"slipway.dev/llmdeployment":"support"}})");
  const auto& labels = deployment.spec()["template"]["metadata"]["labels"];
  CHECK(labels["app"].string_or("") == "mine");
  CHECK(labels["version"].string_or("") == "v2");
  CHECK(labels["app.kubernetes.io/name"].string_or("") == "support-assistant");
  const auto& container = deployment.spec()["template"]["spec"]["containers"][0];
  CHECK(container["readinessProbe"]["httpGet"]["path"].string_or("") == "/health");
  CHECK(container["ports"][0]["containerPort"].int_or(0) == 8080);
}

TEST_CASE("the same spec gives the same Deployment, so that nothing restarts for nothing") {
  const auto object = llm("model: {modelUri: file:///w}");
  const RuntimeCatalog catalog(options());
  const auto once = plan(object, *parse_spec(object), {catalog, "llama-server", "/w"});
  const auto twice = plan(object, *parse_spec(object), {catalog, "llama-server", "/w"});
  CHECK(doc::render_json(once.document()) == doc::render_json(twice.document()));
}
