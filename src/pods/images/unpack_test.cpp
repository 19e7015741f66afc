#include "pods/images/unpack.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>

#include "core/world/real.hpp"
#include "pods/images/tar_maker_test.hpp"
#include "storage/test_directory.hpp"

namespace slipway::pods::images {
namespace {

namespace fs = std::filesystem;
using testing::Member;
using testing::tar_of;

class Place {
 public:
  // Why it could not be unpacked, or "".
  std::string unpacked(const std::vector<std::vector<Member>>& layers, bool is_damaged = false) {
    Image image;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const std::string bytes = tar_of(layers[i]);
      const std::string path = place_.path() + "/layer" + std::to_string(i);
      REQUIRE(core::real_files().write_derived(path, bytes));
      auto file = std::make_shared<core::Descriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      image.layers.push_back({{file, 0, bytes.size()}, std::nullopt, core::Digest::of(is_damaged ? "other" : bytes)});
    }
    fs::remove_all(root());
    const auto done = unpack(image, root(), {});
    return done ? "" : done.error().message;
  }
  std::string read(const std::string& path) const {
    return core::real_files().read(root() + "/" + path).value_or("absent");
  }
  std::string root() const { return place_.path() + "/root"; }
  std::string outside() const { return place_.path() + "/outside"; }

 private:
  storage::TestDirectory place_;
};

TEST_CASE("Unpacking: layers lie over each other, and take away what is below") {
  Place place;
  REQUIRE(place.unpacked(
              {{{"etc/", '5'},
                {"etc/a", '0', "1"},
                {"etc/b", '0', "1"},
                {"old/x", '0', "1"},
                {"usr/bin/", '5'},
                {"bin", '2', "", "usr/bin"}},
               {{"etc/.wh.a"}, {"etc/b", '0', "2"}, {"old/y", '0', "2"}, {"old/.wh..wh..opq"}, {"bin/sh", '0', "2"}},
               {{"etc/c", '1', "", "etc/b"}, {"old", '0', "a file now"}}}) == "");
  CHECK(place.read("etc/a") == "absent");
  CHECK(place.read("etc/b") == "2");
  CHECK(place.read("etc/c") == "2");
  CHECK(place.read("old") == "a file now");
  CHECK(place.read("usr/bin/sh") == "2");
  CHECK(fs::is_symlink(place.root() + "/bin"));
  CHECK_FALSE(fs::exists(place.root() + "/etc/.wh.a"));
}

TEST_CASE("Unpacking: an opaque directory hides what lower layers have, and nothing of its own") {
  Place place;
  REQUIRE(place.unpacked(
              {{{"d/low", '0', "1"}, {"d/deep/low", '0', "1"}}, {{"d/own", '0', "2"}, {"d/.wh..wh..opq"}}}) == "");
  CHECK(place.read("d/low") == "absent");
  CHECK(place.read("d/deep/low") == "absent");
  CHECK(place.read("d/own") == "2");
}

TEST_CASE("Unpacking: nothing leaves the directory, whatever links a layer has") {
  Place place;
  const std::string up = "../../../../../../../.." + place.outside();
  REQUIRE(core::real_files().write_derived(place.outside(), "untouched"));
  REQUIRE(place.unpacked(
              {{{"far", '2', "", up}, {"away", '2', "", fs::path(up).parent_path()}, {"far", '0', "mine"}}}) == "");
  CHECK(place.read("far") == "mine");
  const std::string parent = fs::path(place.outside()).parent_path();
  REQUIRE(place.unpacked({{{"away", '2', "", parent}, {parent.substr(1), '5'}},
                          {{"away/outside", '0', "mine"}, {"away/.wh.layer0"}}}) == "");
  CHECK(place.read(place.outside().substr(1)) == "mine");
  CHECK(core::real_files().read(place.outside()).value_or("") == "untouched");
  CHECK(place.unpacked({{{"away", '2', "", "/"}, {"hard", '1', "", "away" + place.outside()}}}).find("not there") !=
        std::string::npos);
}

TEST_CASE("Unpacking: what is damaged, or no container may have, is refused") {
  Place place;
  CHECK(place.unpacked({{{"a", '0', "1"}}}, true).find("has other contents") != std::string::npos);
  CHECK(place.read("a") == "absent");  // nothing of it was written
  CHECK(place.unpacked({{{"etc/disk", '4'}}}) == "it has a device at /etc/disk, which no container here may have");
  CHECK(place.unpacked({{{"dev/null", '3'}}}) == "");
  CHECK(place.unpacked({{{"a/.wh..", '0'}}}).find("whiteout of nothing") != std::string::npos);
}

TEST_CASE("Unpacking: an image's user is looked up in its own files") {
  Place place;
  REQUIRE(place.unpacked({{{"etc/passwd", '0', "root:x:0:0::/:/bin/sh\napp:x:1000:100:::\n"},
                           {"etc/group", '0', "staff:x:50:\n"}}}) == "");
  const auto who = [&](const char* user) {
    const auto found = user_in(place.root(), user);
    return found ? std::to_string(found->user) + ":" + std::to_string(found->group) +
                       (found->is_by_name ? " by name" : "")
                 : found.error().message;
  };
  CHECK(who("") == "0:0");
  CHECK(who("app") == "1000:100 by name");
  CHECK(who("1000") == "1000:100");
  CHECK(who("7") == "7:0");
  CHECK(who("app:staff") == "1000:50 by name");
  CHECK(who("7:8") == "7:8");
  CHECK(who("nobody") == "its user \"nobody\" is not in its /etc/passwd");
}

}  // namespace
}  // namespace slipway::pods::images
