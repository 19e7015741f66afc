#include "server/profile.hpp"

#include <doctest/doctest.h>

using namespace slipway;
using namespace slipway::server;

namespace {

std::string refused(const std::string& text) {
  const auto profile = parse_profile(text, "/etc/slipway/profile.yaml");
  return profile ? "" : profile.error().one_line();
}

TEST_CASE("a profile says how Pods are run and what stands for images") {
  const auto profile = parse_profile(R"yaml(
pods:
  isolation: namespaces
  sharedPaths: [/tmp/models]
  devices: {nvidia.com/gpu: 2}
  maxPods: 600
  maxContainerRestartPeriod: 5m
  images:
    - {match: "vllm/vllm-openai:*", command: [/opt/vllm/bin/vllm, serve], args: [--help], environment: {A: b}, root: /images/vllm}
)yaml",
                                     "p.yaml");
  REQUIRE(profile);
  CHECK(profile->pods.least_isolation == pods::Isolation::namespaces);
  CHECK(profile->pods.shared_paths == std::vector<std::string>{"/tmp/models"});
  CHECK(profile->pods.devices.at("nvidia.com/gpu") == std::vector<std::string>{"0", "1"});
  CHECK(profile->pods.max_pods == 600);
  CHECK(profile->pods.longest_restart_delay == std::chrono::minutes(5));
  REQUIRE(profile->pods.images.size() == 1);
  CHECK(profile->pods.images[0].root == "/images/vllm");
  CHECK(profile->pods.images[0].environment.front() == std::pair<std::string, std::string>{"A", "b"});
  const auto wrong = parse_profile(
      "pods: {isolation: jail, maxPods: 0, maxContainerRestartPeriod: 1h, images: [{match: x}, {match: y, root: "
      "here}]}",
      "p.yaml");
  REQUIRE_FALSE(wrong);
  const std::string text = wrong.error().render();
  for (const char* part : {"jail", "needs a command", "absolute", "maxPods", "between 1s and 300s"})
    CHECK_MESSAGE(text.find(part) != std::string::npos, text);
}

}  // namespace

TEST_CASE("a profile chooses the embedded engines when it says nothing, and refuses what is not built yet") {
  CHECK_FALSE(parse_profile("", "p.yaml")->cluster.has_value());
  CHECK_FALSE(parse_profile("engines: {platform: embedded}", "p.yaml")->cluster.has_value());
  CHECK(refused("engines: {traffic: istio}").find("is known, but this version cannot drive it yet") !=
        std::string::npos);
  CHECK(refused("engines: {platform: nomad}").find("unknown engine \"nomad\" for platform") != std::string::npos);
}

TEST_CASE("a profile names the cluster that has the objects") {
  const auto found = parse_profile("engines: {platform: kubernetes}", "/etc/slipway/profile.yaml");
  REQUIRE(found);
  REQUIRE(found->cluster);
  CHECK(found->cluster->kubeconfig == "");
  CHECK(found->cluster->has_workloads);

  const auto named = parse_profile(
      "engines: {platform: kubernetes}\ncluster: {kubeconfig: kube/config, context: staging, workloads: slipway}\n",
      "/etc/slipway/profile.yaml");
  REQUIRE(named);
  CHECK(named->cluster->kubeconfig == "/etc/slipway/kube/config");
  CHECK(named->cluster->context == "staging");
  CHECK_FALSE(named->cluster->has_workloads);

  CHECK(refused("cluster: {context: staging}").find("only for engines.platform: kubernetes") != std::string::npos);
  CHECK(refused("engines: {platform: kubernetes}\ncluster: {contxt: staging}").find("did you mean \"context\"?") !=
        std::string::npos);
}
