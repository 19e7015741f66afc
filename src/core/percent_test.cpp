#include "core/percent.hpp"

#include <doctest/doctest.h>

#include "core/text.hpp"

using namespace slipway::core;

TEST_CASE("percent-encoding is read and written, and a bad escape has a place") {
  CHECK(percent_encoded("a b/\xc3\xa9", is_alphanumeric) == "a%20b%2F%C3%A9");
  CHECK(percent_encoded("", is_alphanumeric).empty());
  CHECK(percent_decoded("a%20b%2f%C3%a9") == "a b/\xc3\xa9");
  CHECK(percent_decoded("+") == "+");
  CHECK(percent_decoded("ab%").error() == 2);
  CHECK(percent_decoded("a%2").error() == 1);
  CHECK(percent_decoded("%41%4g").error() == 3);
  CHECK(escaped_byte("x%2Fy", 1) == 0x2f);
  CHECK(escaped_byte("x%2Fy", 0) == -1);
}
