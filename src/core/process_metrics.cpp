#include "core/process_metrics.hpp"

#include <unistd.h>

#include <sstream>

#include "core/metrics.hpp"

namespace slipway::core::metrics {
namespace {

// proc_pid_stat(5): the fields of interest, by number.
struct Stat {
  double user_ticks = 0, system_ticks = 0;  // 14, 15
  double start_ticks = 0;                   // 22, after boot
  double virtual_bytes = 0;                 // 23
  double resident_pages = 0;                // 24
};

Stat parse_stat(const std::string& text) {
  Stat stat;
  const std::size_t name_end = text.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos) return stat;
  std::istringstream words(text.substr(name_end + 1));
  std::string word;
  for (int field = 3; words >> word && field <= 24; ++field) {
    double* const wanted = field == 14   ? &stat.user_ticks
                           : field == 15 ? &stat.system_ticks
                           : field == 22 ? &stat.start_ticks
                           : field == 23 ? &stat.virtual_bytes
                           : field == 24 ? &stat.resident_pages
                                         : nullptr;
    if (wanted != nullptr) std::istringstream(word) >> *wanted;
  }
  return stat;
}

// The number after `name` at the beginning of a line, or 0.
double number_after(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\n" + name);
  double number = 0;
  if (at != std::string::npos) std::istringstream(text.substr(at + 1 + name.size(), 80)) >> number;
  return number;
}

void add(std::string& out, const char* name, const char* help, double value, Family::Type type = Family::Type::gauge) {
  Family family(name, help, type);
  family.set({}, value);
  family.render(out);
}

}  // namespace

std::string render_process(const Files& files) {
  std::string out;
  const auto own = files.read("/proc/self/stat");
  if (!own) return out;
  const Stat stat = parse_stat(*own);
  const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  add(out, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
      (stat.user_ticks + stat.system_ticks) / ticks_per_second, Family::Type::counter);
  add(out, "process_resident_memory_bytes", "Resident memory size in bytes.",
      stat.resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  add(out, "process_virtual_memory_bytes", "Virtual memory size in bytes.", stat.virtual_bytes);
  if (const auto machine = files.read("/proc/stat")) {
    add(out, "process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
        number_after(*machine, "btime ") + stat.start_ticks / ticks_per_second);
  }
  if (const auto open = files.list("/proc/self/fd"))
    add(out, "process_open_fds", "Number of open file descriptors.", static_cast<double>(open->size()));
  if (const auto limits = files.read("/proc/self/limits"))
    add(out, "process_max_fds", "Maximum number of open file descriptors.", number_after(*limits, "Max open files"));
  return out;
}

}  // namespace slipway::core::metrics
