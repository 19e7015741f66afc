#pragma once
// The processes of this machine with what they use, from /proc, and sums over a process and its descendants. A table is
// read at once; readers keep two to tell what was used in between.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "core/world/world.hpp"

namespace slipway::pods::connect {

struct ProcessUse {
  int parent = 0;
  std::uint64_t ticks = 0;        // of CPU, its own and that of children it has waited for
  std::uint64_t start_ticks = 0;  // after boot
  std::uint64_t pages = 0;        // resident
};
// One line of /proc/PID/stat. Pure.
std::optional<ProcessUse> parse_process(std::string_view stat);

struct MachineUse {
  std::uint64_t busy_ticks = 0;  // of all CPUs, since boot
  std::uint64_t memory = 0;      // bytes that could not be had for something else
};
MachineUse parse_machine(std::string_view proc_stat, std::string_view meminfo);

struct ProcessTable {
  std::map<int, ProcessUse> processes;  // by pid
  MachineUse machine;
  Time at{};
  Instant monotonic{};
};
// Takes some milliseconds: for the background. Blocking; safe from any thread when `files` and `clock` are.
ProcessTable read_processes(const core::Files& files, const core::Clock& clock);

struct TreeUse {
  std::uint64_t ticks = 0;
  std::uint64_t pages = 0;
};
// Of `root`, when it is still that process, and all that descends from it.
std::optional<TreeUse> tree_use(const ProcessTable& table, const core::ProcessIdentity& root);

}  // namespace slipway::pods::connect
