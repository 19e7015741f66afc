#include "pods/addresses.hpp"

#include <doctest/doctest.h>

namespace slipway::pods {
namespace {

constexpr const char* tcp_table =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 17 1\n"
    "   1: 0500147F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 18 1\n"
    "   2: 0100157F:A001 0500147F:1F40 01 00000000:00000000 00:00000000 00000000     0        0 19 1\n"
    "   3: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 20 1\n";
constexpr const char* tcp6_table =
    "   0: 0000000000000000FFFF00000100167F:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0\n"
    "   1: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0:0 0:0 0\n"
    "   2: 00000000000000000000000001000000:0051 00000000000000000000000000000000:0000 0A 0:0 0:0 0\n";

TEST_CASE("Addresses: the kernel's tables tell which blocks are in use") {
  CHECK(blocks_in_use(tcp_table) == std::set<int>{0, 20, 21});
  CHECK(blocks_in_use(tcp6_table) == std::set<int>{22});
  CHECK(blocks_in_use("").empty());
}

TEST_CASE("Addresses: the kernel's tables tell who listens, wildcards included") {
  CHECK(is_listening(tcp_table, "127.20.0.5", 8000));
  CHECK_FALSE(is_listening(tcp_table, "127.20.0.6", 8000));
  CHECK_FALSE(is_listening(tcp_table, "127.21.0.1", 0xA001));  // connected, not listening
  CHECK(is_listening(tcp_table, "127.20.0.5", 22));
  CHECK(is_listening(tcp6_table, "127.22.0.1", 80));
  CHECK(is_listening(tcp6_table, "127.22.0.1", 443));
  CHECK_FALSE(is_listening(tcp6_table, "127.22.0.1", 81));  // ::1 only
}

TEST_CASE("Addresses: one is given once, and a released one only after the others") {
  Addresses addresses(20);
  addresses.reserve("127.20.0.2");
  CHECK(addresses.take() == "127.20.0.1");
  CHECK(addresses.take() == "127.20.0.3");
  addresses.release("127.20.0.1");
  CHECK(addresses.take() == "127.20.0.4");
}

TEST_CASE("Addresses: an exhausted block says so") {
  Addresses addresses(20);
  for (int i = 0; i < 0x7fff; ++i) REQUIRE(addresses.take());
  CHECK(addresses.take().error().code == Code::resource_exhausted);
  addresses.release("127.20.7.7");
  CHECK(addresses.take() == "127.20.7.7");
}

}  // namespace
}  // namespace slipway::pods
