#include "pods/node_file.hpp"

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"

using namespace slipway;
using namespace slipway::pods;

namespace {

// A socket that listens on 127.31.0.1:8080, as Linux shows it.
constexpr const char* somebody_on_31 =
    "  sl  local_address rem_address   st\n"
    "   0: 01001F7F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1\n";

}  // namespace

TEST_CASE("NodeFile: a restored platform leaves the addresses of its backup to whoever uses them") {
  core::SimulatedWorld simulation{1};
  core::World world = simulation.world();
  REQUIRE(world.files.make_directories("/data"));
  REQUIRE(save_node_file(world.files, "/data", {.block = 31}));
  REQUIRE(world.files.make_directories("/proc/net"));
  REQUIRE(world.files.write_atomic("/proc/net/tcp", somebody_on_31));

  CHECK(load_node_file(world, "/data")->block == 31);  // Pods of its own, that outlived the control plane
  REQUIRE(mark_restored(world.files, "/data"));
  const int other = load_node_file(world, "/data")->block;
  CHECK(other != 31);
  CHECK(load_node_file(world, "/data")->block == other);

  REQUIRE(world.files.write_atomic("/proc/net/tcp", ""));
  REQUIRE(mark_restored(world.files, "/data"));
  CHECK(load_node_file(world, "/data")->block == other);  // nobody has it: addresses stay as they were
  CHECK_FALSE(load_node_file(world, "/data")->is_restored);
}
