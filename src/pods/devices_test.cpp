#include "pods/devices.hpp"

#include "pods/test_machine.hpp"

namespace slipway::pods {
namespace {

using namespace testing;

TEST_CASE("Devices: each is one Pod's at a time, also after a crash") {
  core::SimulatedWorld simulation(1);
  core::Files& files = simulation.world().files;
  const DeviceIds all{{"nvidia.com/gpu", {"0", "1", "2"}}};
  Devices devices(files, all);
  const std::map<std::string, std::size_t> two{{"nvidia.com/gpu", 2}}, one{{"nvidia.com/gpu", 1}};
  CHECK(devices.take("a", "main", "/pods/a", two)->at("nvidia.com/gpu") == std::vector<std::string>{"0", "1"});
  CHECK(devices.take("a", "main", "/pods/a", two)->at("nvidia.com/gpu") == std::vector<std::string>{"0", "1"});
  const auto refused = devices.take("b", "main", "/pods/b", two);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "Insufficient nvidia.com/gpu: 2 wanted, 1 free");
  CHECK(devices.take("b", "main", "/pods/b", one)->at("nvidia.com/gpu") == std::vector<std::string>{"2"});

  Devices next(files, all);
  REQUIRE(next.restore("a", "/pods/a"));
  REQUIRE(next.restore("b", "/pods/b"));
  CHECK_FALSE(next.take("c", "main", "/pods/c", one));
  next.release("a");
  CHECK(next.take("c", "main", "/pods/c", one)->at("nvidia.com/gpu") == std::vector<std::string>{"0"});
  CHECK(device_variables({{"nvidia.com/gpu", {"0", "2"}}}).front().second == "0,2");
}

TEST_CASE("Node: Pods wait for a GPU until another has ended, and know which one is theirs") {
  Machine machine(support::in_memory(), 1, {.devices = DeviceIds{{"nvidia.com/gpu", {"0"}}}});
  const auto node = machine.store->get(kinds::node, {"", "machine"});
  CHECK(node->status()["capacity"]["nvidia.com/gpu"].string_or("") == "1");
  const char* wants = "resources: {limits: {nvidia.com/gpu: 1}}";
  machine.create(pod_yaml("a", "[server]", wants));
  REQUIRE(machine.until_shown("a", "1/1 Running 0"));
  machine.create(pod_yaml("b", "[server]", wants));
  machine.simulation.run_for(10s);
  CHECK(machine.count_started("b/main") == 0);
  CHECK(machine.pod("b").status()["phase"].string_or("") == "Pending");
  machine.crash();
  machine.start();
  machine.simulation.run_for(10s);
  CHECK(machine.count_started("b/main") == 0);
  REQUIRE(machine.store->remove(kinds::pod, {"default", "a"}));
  REQUIRE(machine.until_shown("b", "1/1 Running 0"));
}

}  // namespace
}  // namespace slipway::pods
