#include "pods/cgroups.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "core/world/real.hpp"
#include "storage/test_directory.hpp"

namespace slipway::pods {
namespace {

namespace fs = std::filesystem;

// A directory with the files that the kernel would make: it takes what is written, and that is all it does.
class Tree {
 public:
  void file(const std::string& path, const std::string& text = "") {
    fs::create_directories(fs::path(root() + "/" + path).parent_path());
    REQUIRE(core::real_files().write_derived(root() + "/" + path, text));
  }
  std::string read(const std::string& path) { return core::real_files().read(root() + "/" + path).value_or("absent"); }
  const std::string& root() const { return place_.path(); }

 private:
  storage::TestDirectory place_;
};

const ContainerId id{"uid", "main", 2};

TEST_CASE("Cgroups: version 2 has one group for all limits") {
  Tree tree;
  tree.file("cgroup.controllers", "cpuset cpu io memory pids\n");
  tree.file("cgroup.subtree_control");
  tree.file("node/cgroup.subtree_control");
  for (const char* name : {"memory.max", "memory.swap.max", "cpu.max", "pids.max"})
    tree.file(std::string("node/uid_main.2/") + name);
  const auto groups = Cgroups::find("node", tree.root());
  REQUIRE(groups);
  CHECK(groups->version() == "v2");
  CHECK(groups->limits_processes());
  const auto made = groups->make(id, {.memory = 1 << 20, .milli_cpu = 500, .processes = 64});
  REQUIRE_MESSAGE(made, made.error().message);
  CHECK(*made == std::vector<std::string>{tree.root() + "/node/uid_main.2"});
  CHECK(tree.read("node/uid_main.2/memory.max") == "1048576");
  CHECK(tree.read("node/uid_main.2/memory.swap.max") == "0");
  CHECK(tree.read("node/uid_main.2/cpu.max") == "50000 100000");
  CHECK(tree.read("node/uid_main.2/pids.max") == "64");
}

TEST_CASE("Cgroups: version 1 has a group for each controller, and there need not be one for processes") {
  Tree tree;
  for (const char* controller : {"memory", "cpu"}) tree.file(std::string(controller) + "/cgroup.procs");
  tree.file("memory/node/uid_main.2/memory.limit_in_bytes");
  tree.file("cpu/node/uid_main.2/cpu.cfs_quota_us");
  const auto groups = Cgroups::find("node", tree.root());
  REQUIRE(groups);
  CHECK(groups->version() == "v1");
  CHECK_FALSE(groups->limits_processes());
  const auto made = groups->make(id, {.memory = 4096, .milli_cpu = 1});
  REQUIRE_MESSAGE(made, made.error().message);
  CHECK(made->size() == 2);
  CHECK(tree.read("memory/node/uid_main.2/memory.limit_in_bytes") == "4096");
  CHECK(tree.read("cpu/node/uid_main.2/cpu.cfs_quota_us") == "1000");  // the least there is
}

TEST_CASE("Cgroups: the node's own group is made again when somebody removed it") {
  Tree tree;
  for (const char* controller : {"memory", "cpu"}) tree.file(std::string(controller) + "/cgroup.procs");
  const auto groups = Cgroups::find("node", tree.root());
  REQUIRE(groups);
  fs::remove_all(tree.root() + "/memory/node");
  CHECK_FALSE(groups->make(id, {.memory = 4096}));  // the kernel would have made the file, too
  CHECK(fs::is_directory(tree.root() + "/memory/node/uid_main.2"));
  groups->sweep([](const std::string&) { return false; });
  CHECK(fs::is_directory(tree.root() + "/memory/node"));
  CHECK_FALSE(fs::exists(tree.root() + "/memory/node/uid_main.2"));
}

TEST_CASE("Cgroups: where nothing can be limited there are none") {
  Tree tree;
  CHECK_FALSE(Cgroups::find("node", tree.root()));
  tree.file("cgroup.controllers", "hugetlb\n");
  CHECK_FALSE(Cgroups::find("node", tree.root()));
}

}  // namespace
}  // namespace slipway::pods
