#include "pods/connect/process_table.hpp"

#include <doctest/doctest.h>

namespace slipway::pods::connect {
namespace {

TEST_CASE("Process table: a line of /proc/PID/stat is read, whatever the program is called") {
  const auto use = parse_process(
      "4711 (we) ird (name) S 17 4711 4711 0 -1 4194304 100 0 0 0 7 5 2 1 20 0 1 0 998877 10000000 321 18446744073709");
  REQUIRE(use);
  CHECK(use->parent == 17);
  CHECK(use->ticks == 15);
  CHECK(use->start_ticks == 998877);
  CHECK(use->pages == 321);
  CHECK_FALSE(parse_process("4711 (short) S 17"));
  CHECK_FALSE(parse_process(""));
}

TEST_CASE("Process table: a machine is busy with everything but idling and waiting") {
  const auto use = parse_machine("cpu  10 1 5 1000 500 2 3 4 0 0\ncpu0 1 1 1 1\n",
                                 "MemTotal:        1000 kB\nMemFree:  5 kB\nMemAvailable:     400 kB\n");
  CHECK(use.busy_ticks == 25);
  CHECK(use.memory == 600 * 1024);
}

TEST_CASE("Process table: a tree is a process with all that descends from it, and nothing else") {
  ProcessTable table;
  table.processes = {{10, {1, 100, 5, 10}}, {11, {10, 20, 6, 2}}, {12, {11, 3, 7, 1}}, {20, {1, 999, 8, 999}}};
  const auto use = tree_use(table, {10, 5, ""});
  REQUIRE(use);
  CHECK(use->ticks == 123);
  CHECK(use->pages == 13);
  CHECK_FALSE(tree_use(table, {10, 6, ""}));  // another process of that number
  CHECK_FALSE(tree_use(table, {99, 5, ""}));
}

}  // namespace
}  // namespace slipway::pods::connect
