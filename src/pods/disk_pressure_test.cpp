#include "pods/disk_pressure.hpp"

#include "pods/test_machine.hpp"

namespace slipway::pods {
namespace {

using namespace testing;

constexpr std::uint64_t mebibyte = 1024 * 1024;

TEST_CASE("Disk pressure: begins when little is left, and ends when there is clearly more") {
  struct Row {
    std::uint64_t free, total;
    bool was, is;
  };
  for (const Row& row : {Row{100, 100, false, false}, Row{4, 100, false, true}, Row{6, 100, false, false},
                         Row{6, 100, true, true}, Row{8, 100, true, false}, Row{600, 1'000'000, false, false},
                         Row{500, 1'000'000, false, true}, Row{700, 1'000'000, true, true}}) {
    CAPTURE(row.free);
    CHECK(is_under_pressure({row.free * mebibyte, row.total * mebibyte}, row.was) == row.is);
  }
}

TEST_CASE("Disk pressure: the Node says so, new Pods wait for room, and come when there is some") {
  Machine machine;
  const auto room = [&](const char* free_and_total) {
    REQUIRE(machine.world.files.write_atomic("/data/.room", free_and_total));
  };
  const auto says = [&](const char* status) {
    return machine.simulation.run_until(
        [&] { return machine.store->get(kinds::node, {"", "machine"})->condition_status("DiskPressure") == status; },
        std::chrono::minutes(1));
  };
  CHECK(says("False"));
  machine.create(pod_yaml("before", "[server]"));
  CHECK(machine.until_shown("before", "1/1 Running 0"));
  room("1000000 100000000");
  CHECK(says("True"));
  machine.create(pod_yaml("during", "[server]"));
  machine.simulation.run_for(std::chrono::seconds(20));
  CHECK(machine.shown("during").find("Pending") != std::string::npos);
  CHECK(machine.shown("before") == "1/1 Running 0");
  room("90000000 100000000");
  CHECK(says("False"));
  CHECK(machine.until_shown("during", "1/1 Running 0"));
}

}  // namespace
}  // namespace slipway::pods
