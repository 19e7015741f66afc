#include "objects/validation/pod_resources.hpp"

#include <doctest/doctest.h>

using namespace slipway;
using namespace slipway::objects::validation;

namespace {

doc::Value spec_of(std::string_view text) {
  auto value = doc::parse_yaml(text, "spec");
  REQUIRE_MESSAGE(value.has_value(), text);
  return std::move(*value);
}

std::string text_of(const ResourceList& list) {
  std::string text;
  for (const auto& [name, quantity] : list) text += (text.empty() ? "" : " ") + name + "=" + quantity.render();
  return text;
}

}  // namespace

TEST_CASE("a pod asks for what its containers ask for together") {
  const auto spec = spec_of(R"({containers: [
    {resources: {requests: {cpu: 500m, memory: 1Gi, nvidia.com/gpu: 1}, limits: {memory: 2Gi, nvidia.com/gpu: 1}}},
    {resources: {requests: {cpu: "1", memory: 1Gi}, limits: {memory: 1Gi}}}, {}]})");
  CHECK(text_of(pod_requests(spec)) == "cpu=1500m memory=2Gi nvidia.com/gpu=1");
  CHECK(text_of(pod_limits(spec)) == "memory=3Gi nvidia.com/gpu=1");
}

TEST_CASE("an init container counts where it asks for more than all that run after it") {
  const auto spec = spec_of(R"({containers: [{resources: {requests: {cpu: "1", memory: 1Gi}}}],
    initContainers: [{resources: {requests: {cpu: "3", memory: 512Mi}}}, {resources: {requests: {cpu: "2"}}}]})");
  CHECK(text_of(pod_requests(spec)) == "cpu=3 memory=1Gi");
}

TEST_CASE("sidecars run beside the containers, and beside the init containers after them") {
  const auto spec = spec_of(R"({containers: [{resources: {requests: {cpu: "1"}}}],
    initContainers: [{resources: {requests: {cpu: "3"}}}, {restartPolicy: Always, resources: {requests: {cpu: "1"}}},
      {resources: {requests: {cpu: "4"}}}]})");
  CHECK(text_of(pod_requests(spec)) == "cpu=5");
  const auto light = spec_of(R"({containers: [{resources: {requests: {cpu: "4"}}}],
    initContainers: [{restartPolicy: Always, resources: {requests: {cpu: "1"}}}]})");
  CHECK(text_of(pod_requests(light)) == "cpu=5");
}

TEST_CASE("what a pod says as a whole stands in place of its containers', and overhead comes on top") {
  const auto spec = spec_of(R"({resources: {requests: {cpu: "4", nvidia.com/gpu: 9}, limits: {cpu: "5"}},
    overhead: {cpu: 250m, memory: 64Mi},
    containers: [{resources: {requests: {cpu: "1", nvidia.com/gpu: 1}, limits: {nvidia.com/gpu: 1}}}]})");
  CHECK(text_of(pod_requests(spec)) == "cpu=4250m memory=64Mi nvidia.com/gpu=1");
  CHECK(text_of(pod_limits(spec)) == "cpu=5250m nvidia.com/gpu=1");
  CHECK(text_of(container_requests(spec)) == "cpu=1 nvidia.com/gpu=1");
}

TEST_CASE("nothing asked for is nothing") {
  CHECK(pod_requests({}).empty());
  CHECK(pod_limits(spec_of("{containers: [{}]}")).empty());
  CHECK(resource_list("cpu").empty());
  CHECK(text_of(resource_list(doc::Object{{"cpu", "x"}, {"memory", "1Mi"}})) == "memory=1Mi");
}

TEST_CASE("the quality of service follows from requests and limits") {
  CHECK(quality_of_service(spec_of("{containers: [{}]}")) == "BestEffort");
  CHECK(quality_of_service(spec_of("{containers: [{resources: {requests: {cpu: 1}}}]}")) == "Burstable");
  CHECK(quality_of_service(spec_of("{containers: [{resources: {limits: {cpu: 1, memory: 1Gi}}}]}")) == "Guaranteed");
  CHECK(quality_of_service(spec_of(
            "{containers: [{resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 1, memory: 512Mi}}}]}")) ==
        "Burstable");
  CHECK(quality_of_service(spec_of("{containers: [{resources: {limits: {cpu: 1, memory: 1Gi}}}, {}]}")) == "Burstable");
  CHECK(quality_of_service(spec_of("{containers: [{resources: {limits: {nvidia.com/gpu: 1}}}]}")) == "BestEffort");
}
