// What the page and `slipway status` are told of environments that serve more than one model.
#include "server/overview.hpp"

#include <doctest/doctest.h>

using namespace slipway;

namespace {
objects::Object object_of(const std::string& yaml) {
  auto parsed = objects::parse_manifest(yaml, "test.yaml");
  REQUIRE(parsed.has_value());
  return parsed->front();
}
objects::Object deployment(const std::string& name, const std::string& model, const std::string& version) {
  return object_of("apiVersion: inference.llm-d.io/v1alpha1\nkind: LLMDeployment\nmetadata: {name: " + name +
                   ", namespace: production}\nspec: {model: {name: " + model + ", version: " + version +
                   "}}\nstatus: {phase: Ready}\n");
}
}  // namespace

TEST_CASE("an environment says which model each version is of, with a rollout and without") {
  server::OverviewInputs inputs;
  inputs.environments.push_back(object_of(
      "apiVersion: slipway.dev/v1alpha1\nkind: Environment\nmetadata: {name: production}\nspec: {manifests: x}\n"));
  inputs.rollouts.push_back(
      object_of("apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: support, namespace: production, "
                "uid: u1}\nspec: {workloadRef: {name: support}}\nstatus: {slipway: {stableVersion: v1, canaryVersion: "
                "v2}, canary: {weights: {canary: {weight: 10}}}}\n"));
  inputs.llm_deployments = {deployment("support", "support-assistant", "v2"),
                            deployment("billing", "billing-bot", "v7")};
  auto revision = deployment("support-abc", "support-assistant", "v1");
  revision.add_owner(inputs.rollouts.front());
  inputs.llm_deployments.push_back(std::move(revision));

  const doc::Value overview = server::render_overview(inputs);
  const doc::Value& serving = overview["environments"][std::size_t{0}]["serving"];
  CHECK(doc::render_json(serving) == R"([{"model":"support-assistant","version":"v1","share":90},)"
                                     R"({"model":"support-assistant","version":"v2","share":10},)"
                                     R"({"model":"billing-bot","version":"v7","share":100}])");
}
