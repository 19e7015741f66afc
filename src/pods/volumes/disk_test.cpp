#include "pods/volumes/disk.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "core/world/real.hpp"
#include "storage/test_directory.hpp"

namespace slipway::pods::volumes {
namespace {

namespace fs = std::filesystem;

TEST_CASE("Disk: what is published is swapped as one, and what went is gone") {
  const storage::TestDirectory place;
  const std::string volume = place.path() + "/volume";
  const auto disk = make_real_disk();
  const auto read = [&](const std::string& name) {
    return core::real_files().read(volume + "/" + name).value_or("absent");
  };
  REQUIRE(disk->publish(volume, {{"a", {"one", 0600}}, {"deep/b", {"two", 0644}}}, {}));
  CHECK(read("a") == "one");
  CHECK(read("deep/b") == "two");
  CHECK(fs::read_symlink(volume + "/a") == "..data/a");
  struct stat status{};
  REQUIRE(::stat((volume + "/a").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const auto first = fs::read_symlink(volume + "/..data");

  REQUIRE(disk->publish(volume, {{"a", {"one", 0600}}, {"deep/b", {"two", 0644}}}, {}));
  CHECK(fs::read_symlink(volume + "/..data") == first);

  REQUIRE(disk->publish(volume, {{"a", {"changed", 0644}}}, {}));
  CHECK(read("a") == "changed");
  CHECK(read("deep/b") == "absent");
  CHECK_FALSE(fs::exists(fs::symlink_status(volume + "/deep")));
  CHECK_FALSE(fs::exists(volume / first));
}

TEST_CASE("Disk: a directory that was half made when the node was killed is made again") {
  const storage::TestDirectory place;
  const auto disk = make_real_disk();
  REQUIRE(fs::create_directories(place.path() + "/volumes/.data.making"));
  REQUIRE(disk->make_directory(place.path() + "/volumes/data", 02777, {}));
  struct stat status{};
  REQUIRE(::stat((place.path() + "/volumes/data").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 02777);
  CHECK_FALSE(fs::exists(place.path() + "/volumes/.data.making"));
  REQUIRE(disk->make_directory(place.path() + "/volumes/data", 0700, {}));
  REQUIRE(::stat((place.path() + "/volumes/data").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 02777);
}

TEST_CASE("Disk: what the files below take") {
  const storage::TestDirectory place;
  const auto disk = make_real_disk();
  REQUIRE(disk->make_directory(place.path() + "/volume", 0777, {}));
  REQUIRE(core::real_files().write_atomic(place.path() + "/volume/a", std::string(100'000, 'x')));
  CHECK(disk->usage(place.path() + "/volume") >= 100'000);
  CHECK(disk->kind_of(place.path() + "/volume") == FileKind::directory);
  CHECK(disk->kind_of(place.path() + "/nothing") == FileKind::absent);
  CHECK(disk->kind_of("/dev/null") == FileKind::character_device);
}

}  // namespace
}  // namespace slipway::pods::volumes
