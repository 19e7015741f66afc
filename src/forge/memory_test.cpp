#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "forge/memory.hpp"

using namespace slipway;

TEST_CASE("a simulated push is announced later, once, and its commit can be read") {
  core::SimulatedWorld world(1);
  forge::MemorySource source(world.world());
  std::vector<forge::Push> heard;
  source.on_push([&](const forge::Push& push) { heard.push_back(push); });
  const auto first =
      source.push("models", {{"model.yaml", "version: v1"}, {"deploy/a.yaml", "a"}}, "first", "ada@example.com");
  CHECK(heard.empty());
  world.run_for(std::chrono::seconds(1));
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].after == first);
  CHECK(first.size() == 40);

  std::string text;
  source.read_file("models", first, "model.yaml", [&](Result<std::string> file) { text = file.value(); });
  std::size_t listed = 0;
  source.list_files("models", first, "deploy",
                    [&](Result<std::vector<forge::SourceFile>> files) { listed = files->size(); });
  std::string resolved;
  source.resolve("models", "main", [&](Result<std::string> commit) { resolved = commit.value(); });
  world.run_for(std::chrono::seconds(1));
  CHECK(text == "version: v1");
  CHECK(listed == 1);
  CHECK(resolved == first);

  const auto second = source.push("models", {{"model.yaml", "version: v2"}}, "second", "ada@example.com");
  world.run_for(std::chrono::seconds(1));
  CHECK(heard[1].before == first);
  CHECK(heard[1].after == second);
}

TEST_CASE("a push that a crash of the control plane swallowed is announced at the next start") {
  core::SimulatedWorld world(1);
  forge::MemorySource source(world.world());
  int heard = 0;
  source.on_push([&](const forge::Push&) { ++heard; });
  source.push("models", {{"a", "a"}}, "first", "ada@example.com");
  world.crash_control_plane();
  source.forget_listeners();
  source.on_push([&](const forge::Push&) { ++heard; });
  source.start([](Result<>) {});
  world.run_for(std::chrono::seconds(1));
  CHECK(heard == 1);
  source.start([](Result<>) {});
  world.run_for(std::chrono::seconds(1));
  CHECK(heard == 1);
}
