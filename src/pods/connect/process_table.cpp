#include "pods/connect/process_table.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace slipway::pods::connect {
namespace {

template <class Number>
Number number_in(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const auto begin = text.find_first_not_of(" \n\t");
    if (begin == std::string_view::npos) return words;
    const auto end = std::min(text.find_first_of(" \n\t", begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    text.remove_prefix(end);
  }
}

// "MemTotal:       8048572 kB", in bytes.
std::uint64_t memory_line(std::string_view meminfo, std::string_view name) {
  const auto at = meminfo.find(name);
  if (at == std::string_view::npos) return 0;
  const auto words = words_of(meminfo.substr(at + name.size(), 40));
  return words.empty() ? 0 : number_in<std::uint64_t>(words.front()) * 1024;
}

}  // namespace

std::optional<ProcessUse> parse_process(std::string_view stat) {
  const auto name_end = stat.rfind(')');  // the name may hold anything
  if (name_end == std::string_view::npos) return std::nullopt;
  const auto words = words_of(stat.substr(name_end + 1));  // from field 3 on
  if (words.size() < 22) return std::nullopt;
  ProcessUse use;
  use.parent = number_in<int>(words[1]);
  for (const std::size_t field : {14U, 15U, 16U, 17U}) use.ticks += number_in<std::uint64_t>(words[field - 3]);
  use.start_ticks = number_in<std::uint64_t>(words[22 - 3]);
  use.pages = number_in<std::uint64_t>(words[24 - 3]);
  return use;
}

MachineUse parse_machine(std::string_view proc_stat, std::string_view meminfo) {
  MachineUse use;
  const auto words = words_of(proc_stat.substr(0, proc_stat.find('\n')));  // cpu user nice system idle iowait irq ...
  for (std::size_t i = 1; i < words.size() && i <= 8; ++i) {
    if (i != 4 && i != 5) use.busy_ticks += number_in<std::uint64_t>(words[i]);
  }
  const auto total = memory_line(meminfo, "MemTotal:");
  use.memory = total - std::min(total, memory_line(meminfo, "MemAvailable:"));
  return use;
}

ProcessTable read_processes(const core::Files& files, const core::Clock& clock) {
  ProcessTable table;
  table.at = clock.now();
  table.monotonic = clock.monotonic();
  for (const std::string& name : files.list("/proc").value_or(std::vector<std::string>())) {
    if (name.empty() || name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto text = files.read("/proc/" + name + "/stat");
    const auto use = text ? parse_process(*text) : std::nullopt;
    if (use) table.processes.emplace(number_in<int>(name), *use);
  }
  table.machine = parse_machine(files.read("/proc/stat").value_or(""), files.read("/proc/meminfo").value_or(""));
  return table;
}

std::optional<TreeUse> tree_use(const ProcessTable& table, const core::ProcessIdentity& root) {
  const auto found = table.processes.find(root.pid);
  if (found == table.processes.end() || found->second.start_ticks != root.start_ticks) return std::nullopt;
  std::multimap<int, int> children;
  for (const auto& [pid, use] : table.processes) children.emplace(use.parent, pid);
  TreeUse sum;
  std::vector<int> open{root.pid};
  while (!open.empty()) {
    const int pid = open.back();
    open.pop_back();
    const ProcessUse& use = table.processes.at(pid);
    sum.ticks += use.ticks;
    sum.pages += use.pages;
    const auto [begin, end] = children.equal_range(pid);
    for (auto child = begin; child != end; ++child) {
      if (child->second != pid) open.push_back(child->second);
    }
  }
  return sum;
}

}  // namespace slipway::pods::connect
