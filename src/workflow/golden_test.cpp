// Files of both dialects in, graphs or errors as text out. SLIPWAY_UPDATE_GOLDEN=1 writes the expected texts anew;
// they are reviewed as code.

#include <doctest/doctest.h>

#include <cstdlib>

#include "core/world/real.hpp"
#include "source_dir.hpp"
#include "workflow/engine.hpp"

using namespace slipway;

namespace {

const std::string testdata = std::string(SLIPWAY_SOURCE_DIR) + "/src/workflow/testdata/";

std::string described(const std::string& name) {
  const auto text = core::real_files().read(testdata + name);
  REQUIRE_MESSAGE(text, name);
  const auto graph = workflow::describe(*text, name);
  return graph ? *graph : graph.error().render() + "\n";
}

}  // namespace

TEST_CASE("workflow files and compiled pipelines are lowered to the graphs on record, or refused with positions") {
  for (const std::string name : {"release-workflow", "refused-workflow", "circle-workflow", "sample-pipeline",
                                 "branches-pipeline", "refused-loop", "refused-pipeline"}) {
    CAPTURE(name);
    const auto actual = described(name + ".yaml");
    if (std::getenv("SLIPWAY_UPDATE_GOLDEN") != nullptr)
      REQUIRE(core::real_files().write_atomic(testdata + name + ".golden", actual, 0644));
    const auto expected = core::real_files().read(testdata + name + ".golden");
    REQUIRE(expected);
    CHECK(actual == *expected);
  }
}

TEST_CASE("a push starts the workflows whose branches match") {
  const auto wants = [](const std::string& on, const std::string& ref) {
    return workflow::wants_push("on: " + on + "\njobs: {}\n", "ci.yaml", ref).value();
  };
  CHECK(wants("push", "refs/heads/main"));
  CHECK(wants("[push, pull_request]", "refs/heads/x"));
  CHECK_FALSE(wants("workflow_dispatch", "refs/heads/main"));
  CHECK(wants("{push: {branches: [main]}}", "refs/heads/main"));
  CHECK_FALSE(wants("{push: {branches: [main]}}", "refs/heads/maintenance"));
  CHECK(wants("{push: {branches: ['release/*']}}", "refs/heads/release/1"));
  CHECK_FALSE(wants("{push: {branches: ['release/*']}}", "refs/heads/release/1/x"));
  CHECK(wants("{push: {branches: ['release/**']}}", "refs/heads/release/1/x"));
  CHECK_FALSE(wants("{push: {branches: ['**', '!main']}}", "refs/heads/main"));
  CHECK_FALSE(wants("{push: {branches-ignore: ['wip-*']}}", "refs/heads/wip-1"));
  CHECK_FALSE(wants("{push: {tags: ['v*']}}", "refs/heads/main"));
  CHECK_FALSE(wants("push", "refs/tags/v1"));
}

TEST_CASE("a file that is neither says what it should have had") {
  const auto result = workflow::lint("kind: Rollout\n", "rollout.yaml");
  REQUIRE_FALSE(result);
  CHECK(result.error().one_line() ==
        "rollout.yaml:1:1: this is neither a GitHub Actions workflow nor a compiled KFP pipeline; "
        "a workflow has \"jobs\", a pipeline has \"pipelineInfo\"");
}
