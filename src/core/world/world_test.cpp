#include "core/world/world.hpp"

#include <doctest/doctest.h>

#include <set>

#include "core/world/real.hpp"

namespace slipway::core {

TEST_CASE("uuids are version 4 and never the same") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = real_random().uuid();
    REQUIRE(uuid.size() == 36);
    CHECK(uuid[8] == '-');
    CHECK(uuid[14] == '4');
    CHECK(std::string_view("89ab").contains(uuid[19]));
    CHECK(seen.insert(uuid).second);
  }
}

TEST_CASE("draws stay in their range and reach all of it") {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t drawn = real_random().below(7);
    REQUIRE(drawn < 7);
    seen.insert(drawn);
    const double share = real_random().uniform();
    REQUIRE((share >= 0 && share < 1));
  }
  CHECK(seen.size() == 7);
  CHECK(real_random().hex(0).empty());
  CHECK(real_random().hex(33).size() == 33);
}

TEST_CASE("headers are found whatever their case, the first one first") {
  const Headers headers = {{"Content-Type", "a"}, {"content-type", "b"}};
  CHECK(header(headers, "CONTENT-TYPE") == "a");
  CHECK(header(headers, "Content-Typ").empty());
}

}  // namespace slipway::core
