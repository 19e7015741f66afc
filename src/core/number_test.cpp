#include "core/number.hpp"

#include <doctest/doctest.h>

using namespace slipway::core;

TEST_CASE("a text is a number as a whole or not at all") {
  CHECK(parse_number<int>("-7") == -7);
  CHECK(parse_number<unsigned>("ff", 16) == 255);
  CHECK(parse_number<double>("2.5") == 2.5);
  for (const char* none : {"", " 7", "7 ", "+7", "7x", "0x7", "2147483648"}) CHECK_FALSE(parse_number<int>(none));
  CHECK_FALSE(parse_number<unsigned>("-1"));
}
