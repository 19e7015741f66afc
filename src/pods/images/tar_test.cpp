#include "pods/images/tar.hpp"

#include <doctest/doctest.h>

#include <array>

#include "pods/images/tar_maker_test.hpp"

namespace slipway::pods::images {
namespace {

using testing::Member;
using testing::tar_of;

// "path -> target = contents", a line an entry; "! why" where it breaks.
std::string listed(std::string bytes) {
  TarReader tar([&](std::span<char> buffer) -> Result<std::size_t> {
    const std::size_t size = std::min({buffer.size(), bytes.size(), std::size_t{100}});
    std::copy_n(bytes.begin(), size, buffer.begin());
    bytes.erase(0, size);
    return size;
  });
  std::string text;
  while (true) {
    const auto entry = tar.next();
    if (!entry) return text + "! " + entry.error().message;
    if (!*entry) return text;
    text += (*entry)->path;
    if (!(*entry)->target.empty()) text += " -> " + (*entry)->target;
    std::array<char, 7> part{};
    std::string contents;
    for (auto got = tar.read(part); got && *got > 0; got = tar.read(part)) contents.append(part.data(), *got);
    text += " = " + contents + "\n";
  }
}

std::string pax(const std::string& key, const std::string& value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (rest + std::to_string(length).size() != length) ++length;
  return std::to_string(length) + " " + key + "=" + value + "\n";
}

TEST_CASE("Tar: entries come with their paths made plain, long names and all") {
  const std::string name = std::string(150, 'a') + "/b";
  CHECK(listed(tar_of({{"./usr//bin/", '5'}, {"usr/bin/sh", '2', "", "busybox"}, {"etc/motd", '0', "hello"}})) ==
        "usr/bin = \nusr/bin/sh -> busybox = \netc/motd = hello\n");
  CHECK(listed(tar_of({{"x", 'x', pax("path", name)}, {"short", '0', "1"}})) == name + " = 1\n");
  CHECK(listed(tar_of({{"././@LongLink", 'L', name + std::string(1, '\0')}, {"short", '0', "2"}})) == name + " = 2\n");
  CHECK(listed(tar_of({{"g", 'g', pax("comment", "any")}, {"a", '0', std::string(600, 'x')}, {"b", '0', ""}})) ==
        "a = " + std::string(600, 'x') + "\nb = \n");
}

TEST_CASE("Tar: what is wrong with an archive is said") {
  struct Row {
    std::string bytes;
    const char* why;
  };
  std::string other_sum = tar_of({{"a", '0', "x"}});
  other_sum[0] = 'b';
  for (const Row& row : {
           Row{tar_of({{"../a", '0', "x"}}), "\"../a\" leaves it"},
           Row{tar_of({{"a/../../b", '0', "x"}}), "\"a/../../b\" leaves it"},
           Row{tar_of({{"x", 'x', pax("path", "../a")}, {"a", '0', "x"}}), "\"../a\" leaves it"},
           Row{tar_of({{"x", 'x', "9 a"}, {"a", '0', "x"}}), "a pax header is no list of records"},
           Row{tar_of({{"x", 'x', pax("size", "-1")}, {"a", '0', "x"}}), "a pax record's number is none"},
           Row{tar_of({{"a", 'S', "x"}}), "entries of type 'S' are not read"},
           Row{tar_of({{"a", '0', "x"}}).substr(0, 700), "it ends too early"},
           Row{other_sum, "a header's checksum is wrong"},
           Row{"no archive at all", "it ends too early"},
       }) {
    CHECK(listed(row.bytes).find("! a broken tar archive: " + std::string(row.why)) != std::string::npos);
    CHECK_MESSAGE(listed(row.bytes).find(row.why) != std::string::npos, listed(row.bytes));
  }
}

}  // namespace
}  // namespace slipway::pods::images
