// The same stories for both file systems: what holds in the simulation must hold on the disk.

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "core/world/real.hpp"
#include "core/world/simulated.hpp"

namespace slipway::core {
namespace {

struct Place {
  Files& files;
  std::string root;
};

void check_files(Place place) {
  auto& [files, root] = place;
  REQUIRE(files.make_directories(root + "/a/b/c"));
  REQUIRE(files.make_directories(root + "/a/b/c"));  // twice is fine

  SUBCASE("a file is read back, replaced and listed") {
    REQUIRE(files.write_atomic(root + "/a/one", "first"));
    REQUIRE(files.write_atomic(root + "/a/one", "second"));
    CHECK(files.read(root + "/a/one").value() == "second");
    CHECK(files.exists(root + "/a/one"));
    CHECK(files.list(root + "/a").value() == std::vector<std::string>{"b", "one"});
    CHECK(files.list(root + "/a/b/c").value().empty());
  }
  SUBCASE("an empty and a large file keep every byte") {
    const std::string large(1'234'567, '\0');
    REQUIRE(files.write_atomic(root + "/empty", ""));
    REQUIRE(files.write_atomic(root + "/large", large));
    CHECK(files.read(root + "/empty").value().empty());
    CHECK(files.read(root + "/large").value() == large);
  }
  SUBCASE("what is not there is not found") {
    CHECK(files.read(root + "/none").error().code == Code::not_found);
    CHECK(files.list(root + "/none").error().code == Code::not_found);
    CHECK(files.write_atomic(root + "/none/file", "x").error().code == Code::not_found);
    CHECK_FALSE(files.exists(root + "/none"));
    CHECK(files.remove_tree(root + "/none"));
  }
  SUBCASE("a directory is no file and a file no directory") {
    REQUIRE(files.write_atomic(root + "/file", "x"));
    CHECK_FALSE(files.read(root + "/a"));
    CHECK_FALSE(files.write_atomic(root + "/a", "x"));
    CHECK_FALSE(files.list(root + "/file"));
    CHECK_FALSE(files.make_directories(root + "/file/below"));
    CHECK_FALSE(files.make_directories(root + "/file"));
  }
  SUBCASE("a tree goes with everything below it and nothing beside it") {
    REQUIRE(files.write_atomic(root + "/a/b/file", "x"));
    REQUIRE(files.write_atomic(root + "/ab", "x"));
    REQUIRE(files.remove_tree(root + "/a"));
    CHECK_FALSE(files.exists(root + "/a/b/file"));
    CHECK_FALSE(files.exists(root + "/a"));
    CHECK(files.exists(root + "/ab"));
  }
  SUBCASE("paths that could mean anything are refused") {
    CHECK(files.write_atomic("relative", "x").error().code == Code::invalid_argument);
    CHECK(files.make_directories("relative").error().code == Code::invalid_argument);
    CHECK(files.remove_tree("").error().code == Code::invalid_argument);
    CHECK(files.remove_tree("/").error().code == Code::invalid_argument);
    CHECK(files.remove_tree("//").error().code == Code::invalid_argument);
  }
}

}  // namespace

TEST_CASE("files of the machine") {
  const std::string root = std::filesystem::temp_directory_path().string() + "/slipway-files-" + real_random().hex(12);
  REQUIRE(real_files().make_directories(root));
  check_files({real_files(), root});
  SUBCASE("are private and leave no temporary file behind") {
    REQUIRE(real_files().write_atomic(root + "/secret", "x"));
    REQUIRE(real_files().write_atomic(root + "/tool", "x", 0755));
    struct stat status{};
    REQUIRE(::stat((root + "/secret").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    REQUIRE(::stat((root + "/tool").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0755);
    CHECK_FALSE(real_files().write_atomic(root + "/a", "x"));  // a directory: the rename fails
    CHECK(std::distance(std::filesystem::directory_iterator(root), std::filesystem::directory_iterator()) == 3);
  }
  REQUIRE(real_files().remove_tree(root));
}

TEST_CASE("files of the simulation") {
  SimulatedWorld simulation(1);
  check_files({simulation.world().files, "/data"});
  SUBCASE("a full disk refuses writes and keeps the old file") {
    Files& files = simulation.world().files;
    REQUIRE(files.write_atomic("/data/state", "old"));
    simulation.faults().disk_full = 1;
    CHECK(files.write_atomic("/data/state", "new").error().code == Code::resource_exhausted);
    CHECK(files.read("/data/state").value() == "old");
  }
}

TEST_CASE("Files: a tree that somebody else takes away at the same time is removed all the same") {
  const std::string root = std::filesystem::temp_directory_path() / ("slipway-files-" + real_random().hex(12));
  const auto name_of = [&root](int i) { return root + "/tree/" + std::to_string(i); };
  for (int round = 0; round < 20; ++round) {
    constexpr int many = 200;
    REQUIRE(real_files().make_directories(root + "/tree"));
    for (int i = 0; i < many; ++i) std::ofstream(name_of(i)) << "x";
    std::thread other([&] {
      for (int i = 0; i < many; ++i) ::unlink(name_of(i).c_str());
    });
    const auto removed = real_files().remove_tree(root + "/tree");
    other.join();
    CHECK_MESSAGE(removed, (removed ? "" : removed.error().one_line()));
    CHECK_FALSE(real_files().exists(root + "/tree"));
  }
  REQUIRE(real_files().remove_tree(root));
}

}  // namespace slipway::core
