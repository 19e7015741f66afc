#include "core/text.hpp"

#include <doctest/doctest.h>

using namespace slipway::core;

TEST_CASE("text is trimmed at both ends and never inside") {
  CHECK(trimmed(" \ta b\t ") == "a b");
  CHECK(trimmed("a") == "a");
  CHECK(trimmed(" \t ").empty());
  CHECK(trimmed("").empty());
  CHECK(trimmed(" a\n") == "a\n");
  CHECK(trimmed(" a\n", " \n") == "a");
}

TEST_CASE("case is ASCII's: other bytes are compared as they are") {
  CHECK(equal_ignoring_case("Content-LENGTH", "content-length"));
  CHECK_FALSE(equal_ignoring_case("host", "hosts"));
  CHECK_FALSE(equal_ignoring_case("\xC3\x84", "\xC3\xA4"));  // Ä and ä
  CHECK_FALSE(equal_ignoring_case("[", "{"));
  CHECK(in_lower("X-Ä_[Z]") == "x-Ä_[z]");
}
