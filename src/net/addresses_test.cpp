#include "net/addresses.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace slipway::net;

TEST_CASE("addresses: which are this machine's own, and which everybody's") {
  struct Row {
    const char* text;
    bool is_address, is_loopback, is_any;
  };
  constexpr Row rows[] = {
      {"127.0.0.1", true, true, false},    {"127.9.0.1", true, true, false},   {"::1", true, true, false},
      {"0.0.0.0", true, false, true},      {"::", true, false, true},          {"192.0.2.7", true, false, false},
      {"2001:db8::1", true, false, false}, {"localhost", false, false, false}, {"[::1]", false, false, false},
      {"1.2.3", false, false, false},      {"", false, false, false},          {"127.0.0.1:80", false, false, false}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(is_ip_address(row.text) == row.is_address);
    CHECK(is_loopback(row.text) == row.is_loopback);
    CHECK(is_any_address(row.text) == row.is_any);
  }
  for (const auto& address : own_addresses()) {
    CAPTURE(address);
    CHECK(is_ip_address(address));
    CHECK_FALSE(is_loopback(address));
    CHECK_FALSE(is_any_address(address));
  }
}
