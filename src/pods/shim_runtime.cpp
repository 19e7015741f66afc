#include "pods/shim_runtime.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "core/log.hpp"
#include "core/text.hpp"
#include "pods/shim/record.hpp"
#include "pods/volumes/disk.hpp"

namespace slipway::pods {
namespace {

using std::chrono::milliseconds;
constexpr Duration first_look = milliseconds(2);  // after a spawn, for started.json
constexpr Duration slowest_look = milliseconds(100);
constexpr Duration try_again = std::chrono::seconds(1);
constexpr Duration adopted_look = milliseconds(200);  // at shims that are not our children

struct Stat {
  int session = 0;
  std::uint64_t start_ticks = 0;
};
// Fields 6 and 22 of /proc/PID/stat; the command in field 2 may hold anything, so fields count from the last ')'.
std::optional<Stat> parse_stat(const std::string& text) {
  const auto close = text.rfind(')');
  if (close == std::string::npos) return std::nullopt;
  Stat stat;
  int field = 2;
  std::size_t at = close + 1;
  while (at < text.size()) {
    const auto begin = text.find_first_not_of(' ', at);
    if (begin == std::string::npos) break;
    at = std::min(text.find(' ', begin), text.size());
    ++field;
    if (field == 6) std::from_chars(text.data() + begin, text.data() + at, stat.session);
    if (field == 22) std::from_chars(text.data() + begin, text.data() + at, stat.start_ticks);
  }
  return field >= 22 ? std::optional(stat) : std::nullopt;
}

}  // namespace

Result<> make_directory_at_once(const std::string& path) {
  return volumes::make_real_disk()->make_directory_of_pod(path, 0700, {});
}

ShimRuntime::ShimRuntime(core::World& world, ShimOptions options) : world_(world), options_(std::move(options)) {
  if (options_.boot_id.empty()) {
    options_.boot_id = core::trimmed(world_.files.read("/proc/sys/kernel/random/boot_id").value_or(""), " \n");
  }
}

ShimRuntime::~ShimRuntime() {
  for (auto& [id, entry] : entries_) unfollow(entry);
}

// Only a try tells: users, kernels and containers around us differ in what they let do.
void ShimRuntime::find_abilities() {
  core::RunRequest request;
  request.argv = options_.shim_command;
  request.argv.emplace_back(shim::try_option);
  world_.processes.run(std::move(request), [this, alive = std::weak_ptr(alive_)](Result<core::RunOutput> output) {
    if (alive.expired()) return;
    if (!output) {  // that says nothing of the machine
      world_.loop.after(try_again, [this, alive] {
        if (!alive.expired()) find_abilities();
      });
      return;
    }
    Abilities found;
    found.user = options_.user.value_or(static_cast<std::int64_t>(::geteuid()));
    found.own_view = output->exit.code == 0;
    if (!found.own_view) found.why_not = core::trimmed(output->err, " \n");
    abilities_ = std::move(found);
  });
}

std::string ShimRuntime::pod_directory(const std::string& pod_uid) const { return options_.directory + "/" + pod_uid; }

Command ShimRuntime::beside(const ContainerId& id, Command command) const {
  const ContainerRecord record = inspect(id);
  if (!record.is_confined) return command;
  Command entered;
  entered.argv = options_.shim_command;
  for (std::string word : {std::string(shim::enter_option), std::to_string(record.process.pid),
                           std::to_string(record.process.start_ticks), command.directory}) {
    entered.argv.push_back(std::move(word));
  }
  for (const auto& group : record.groups_of_control) entered.argv.push_back(group);
  entered.argv.emplace_back("--");
  for (auto& word : command.argv) entered.argv.push_back(std::move(word));
  return entered;
}

Command ShimRuntime::health_check(const std::string& host, int port, const std::string& service) const {
  Command command;
  command.argv = options_.shim_command;
  for (const std::string& word : {std::string(shim::health_option), host, std::to_string(port), service})
    command.argv.push_back(word);
  return command;
}

std::string ShimRuntime::directory_of(const ContainerId& id) const {
  return pod_directory(id.pod_uid) + "/" + shim::directory_name(id.container, id.attempt);
}

std::string ShimRuntime::log_path(const ContainerId& id) const { return directory_of(id) + "/" + shim::log_file; }

std::string ShimRuntime::attach_directory(const ContainerId& id) const { return directory_of(id); }

void ShimRuntime::on_change(std::function<void(const ContainerId&)> callback) { callback_ = std::move(callback); }

void ShimRuntime::changed(const ContainerId& id) {
  world_.loop.post([this, id, alive = std::weak_ptr(alive_)] {
    if (!alive.expired() && callback_) callback_(id);
  });
}

Result<std::vector<ContainerId>> ShimRuntime::recover() {
  TRY(world_.files.make_directories(options_.directory));
  TRY_ASSIGN(const auto pods, world_.files.list(options_.directory));
  std::vector<ContainerId> known;
  for (const std::string& uid : pods) {
    auto names = world_.files.list(options_.directory + "/" + uid);
    if (!names) continue;  // not a directory
    for (const std::string& name : *names) {
      auto parsed = shim::parse_directory_name(name);
      if (!parsed) continue;
      const ContainerId id{uid, parsed->first, parsed->second};
      Entry& entry = entries_[id];
      refresh(id, entry);
      if (entry.record.is_up()) follow(id, entry);
      known.push_back(id);
    }
  }
  std::sort(known.begin(), known.end());
  find_abilities();
  return known;
}

bool ShimRuntime::refresh(const ContainerId& id, Entry& entry) {
  const ContainerRecord::State before = entry.record.state;
  if (entry.record.has_exited()) return false;
  const std::string directory = directory_of(id);
  // Alive first, then the records: a shim that is gone has written its last one.
  std::optional<shim::Started> started;
  if (auto text = world_.files.read(directory + "/" + shim::started_file)) {
    auto parsed = shim::parse_started(*text);
    if (parsed) started = *parsed;
  }
  const bool same_boot = started && started->process.boot_id == options_.boot_id;
  const bool shim_runs = same_boot && world_.processes.is_alive(started->shim);
  if (started) {
    entry.shim = started->shim;
    entry.record.process = started->process;
    entry.record.started_at = started->at;
    entry.record.is_confined = started->is_confined;
    entry.record.own_view = started->own_view;
    entry.record.own_root = started->own_root;
    entry.record.groups_of_control = started->groups_of_control;
  }
  if (auto text = world_.files.read(directory + "/" + shim::exit_file)) {
    auto ended = shim::parse_ended(*text);
    entry.record.state = ContainerRecord::State::exited;
    if (ended) {
      entry.record.exit = ended->exit;
      entry.record.reason = ended->reason;
      entry.record.message = ended->message;
      entry.record.finished_at = ended->at;
    } else {
      entry.record.exit = {255, 0};
      entry.record.reason = "ShimLost";
      entry.record.message = ended.error().one_line();
    }
  } else if (started && !same_boot) {
    declare_lost(id, entry, "NodeRebooted", "the machine was restarted while it ran");
  } else if (started && !shim_runs) {
    declare_lost(id, entry, "ShimLost", "its shim was killed, so its exit code is unknown");
  } else if (started) {
    entry.record.state = ContainerRecord::State::running;
  }
  return entry.record.state != before;
}

void ShimRuntime::follow(const ContainerId& id, Entry& entry) {
  if (!is_told(id, entry)) look_again(id, entry);
}

core::NoticeId ShimRuntime::watch_records(const ContainerId& id) {
  if (options_.notices == nullptr) return 0;
  return options_.notices->on_new_file(directory_of(id), [this, id] { look(id); }).value_or(0);
}

bool ShimRuntime::is_told(const ContainerId& id, Entry& entry) {
  if (options_.notices == nullptr) return false;
  if (entry.records == 0) entry.records = watch_records(id);
  if (entry.is_our_child || entry.end_of_shim != 0) return entry.records != 0;
  auto end = options_.notices->on_end(entry.shim, [this, id] { look(id); });
  if (!end && end.error().code != Code::not_found) return false;
  entry.end_of_shim = end.value_or(0);
  // It ended a moment ago: its last record may have come before we were told of records.
  if (!end)
    world_.loop.post([this, id, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) look(id);
    });
  return entry.records != 0;
}

void ShimRuntime::look_again(const ContainerId& id, Entry& entry) {
  if (entry.timer != 0) world_.loop.cancel(entry.timer);
  if (entry.record.state == ContainerRecord::State::starting) {
    entry.interval = entry.interval == Duration{} ? first_look : std::min(entry.interval * 2, slowest_look);
  } else {
    entry.interval = adopted_look;
  }
  entry.timer = world_.loop.after(entry.interval, [this, id, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) look(id);
  });
}

void ShimRuntime::unfollow(Entry& entry) {
  if (entry.timer != 0) world_.loop.cancel(std::exchange(entry.timer, 0));
  if (entry.records != 0) options_.notices->forget(std::exchange(entry.records, 0));
  if (entry.end_of_shim != 0) options_.notices->forget(std::exchange(entry.end_of_shim, 0));
}

void ShimRuntime::look(const ContainerId& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (entry.timer != 0) world_.loop.cancel(std::exchange(entry.timer, 0));
  if (refresh(id, entry)) changed(id);
  if (!entry.record.is_up()) return unfollow(entry);
  const bool waits = entry.record.state == ContainerRecord::State::starting;
  if (waits || !entry.is_our_child) follow(id, entry);
}

Result<> ShimRuntime::start(const ContainerId& id, const ContainerStart& start) {
  if (auto found = entries_.find(id);
      found != entries_.end() && found->second.record.state != ContainerRecord::State::absent) {
    return {};
  }
  const std::string directory = directory_of(id);
  TRY(options_.make_directory ? options_.make_directory(directory) : world_.files.make_directories(directory));
  // Not synced: a power cut that takes it takes the program, too.
  TRY(world_.files.write_derived(directory + "/" + shim::start_file, shim::render(start), 0600));
  return launch_shim(id);
}

Result<> ShimRuntime::launch_shim(const ContainerId& id) {
  core::SpawnRequest request;
  request.argv = options_.shim_command;
  request.argv.push_back("--dir");
  request.argv.push_back(directory_of(id));
  const core::NoticeId records = watch_records(id);  // before there can be one
  auto shim = world_.processes.spawn(std::move(request), [this, id, alive = std::weak_ptr(alive_)](core::Exit exit) {
    if (!alive.expired()) on_shim_exit(id, exit);
  });
  if (!shim) {
    if (records != 0) options_.notices->forget(records);
    return fail(std::move(shim).error());
  }
  Entry& entry = entries_[id];
  unfollow(entry);
  entry.records = records;
  entry.record = {};
  entry.record.state = ContainerRecord::State::starting;
  entry.shim = *shim;
  entry.is_our_child = true;
  entry.interval = {};
  follow(id, entry);
  return {};
}

void ShimRuntime::on_shim_exit(const ContainerId& id, core::Exit exit) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  entry.is_our_child = false;
  if (exit.code == shim::status_held_by_another) {
    relaunch_later(id, entry);  // one that an earlier control plane started holds the directory
    return;
  }
  bool news = refresh(id, entry);
  if (entry.record.state == ContainerRecord::State::running) {
    follow(id, entry);  // another shim's
  } else if (entry.record.state == ContainerRecord::State::starting) {
    declare_lost(id, entry, "ShimLost",
                 "its shim ended with status " + std::to_string(exit.code) + " before it started the program");
    news = true;
  }
  if (news) changed(id);
}

void ShimRuntime::relaunch_later(const ContainerId& id, Entry& entry) {
  if (entry.timer != 0) world_.loop.cancel(entry.timer);
  entry.timer = world_.loop.after(slowest_look, [this, id, alive = std::weak_ptr(alive_)] {
    const auto found = alive.expired() ? entries_.end() : entries_.find(id);
    if (found == entries_.end()) return;
    Entry& waiting = found->second;
    waiting.timer = 0;
    if (refresh(id, waiting)) changed(id);
    if (waiting.record.state == ContainerRecord::State::running) follow(id, waiting);
    if (waiting.record.state == ContainerRecord::State::starting && !launch_shim(id)) relaunch_later(id, waiting);
  });
}

void ShimRuntime::declare_lost(const ContainerId& id, Entry& entry, const std::string& reason,
                               const std::string& message) {
  if (reason == "ShimLost" && entry.record.process.pid > 0) {
    [[maybe_unused]] auto killed = world_.processes.signal(entry.record.process, SIGKILL, true);  // gone is fine
    kill_session(entry.shim);
  }
  shim::Ended ended;
  ended.exit = {255, 0};
  ended.reason = reason;
  ended.message = message;
  ended.at = world_.clock.now();
  auto written = world_.files.write_atomic(directory_of(id) + "/" + shim::exit_file, shim::render(ended), 0600);
  if (!written)
    log::warn("pods", "exit record not written", {{"container", id.text()}, {"error", written.error().one_line()}});
  entry.record.state = ContainerRecord::State::exited;
  entry.record.exit = ended.exit;
  entry.record.reason = reason;
  entry.record.message = message;
  entry.record.finished_at = ended.at;
  log::warn("pods", "container lost", {{"container", id.text()}, {"reason", reason}});
}

// What a killed shim left: every process of its session. A session's number is not given to a new process while the
// session has members, so what carries it is ours unless a process of that number lives (it would be a new leader).
void ShimRuntime::kill_session(const core::ProcessIdentity& shim) {
  auto names = world_.files.list("/proc");
  if (!names || std::find(names->begin(), names->end(), std::to_string(shim.pid)) != names->end()) return;
  for (const std::string& name : *names) {
    if (name.empty() || name.find_first_not_of("0123456789") != std::string::npos) continue;
    auto text = world_.files.read("/proc/" + name + "/stat");
    if (!text) continue;
    const auto stat = parse_stat(*text);
    if (!stat || stat->session != shim.pid || stat->start_ticks < shim.start_ticks) continue;
    core::ProcessIdentity leftover = shim;
    std::from_chars(name.data(), name.data() + name.size(), leftover.pid);
    leftover.start_ticks = stat->start_ticks;
    [[maybe_unused]] auto killed = world_.processes.signal(leftover, SIGKILL, false);
  }
}

ContainerRecord ShimRuntime::inspect(const ContainerId& id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? ContainerRecord{} : found->second.record;
}

Result<> ShimRuntime::signal(const ContainerId& id, int signal_number) {
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.record.state != ContainerRecord::State::running) {
    return fail(Code::not_found, "container " + id.text() + " does not run");
  }
  return world_.processes.signal(found->second.record.process, signal_number, true);
}

void ShimRuntime::forget(std::map<ContainerId, Entry>::iterator entry) {
  unfollow(entry->second);
  entries_.erase(entry);
}

// A start that an earlier control plane meant may be under way: its shim writes started.json and then looks whether
// start.json still stands, we take start.json away and then look for started.json. One of us sees the other.
Result<> ShimRuntime::withdraw(const ContainerId& id, Entry& entry) {
  if (entry.record.state == ContainerRecord::State::absent) {
    TRY(world_.files.remove_tree(directory_of(id) + "/" + shim::start_file));
    if (refresh(id, entry)) changed(id);
    if (entry.record.is_up()) follow(id, entry);
  }
  if (entry.record.is_up()) return fail(Code::failed_precondition, "container " + id.text() + " still runs");
  return {};
}

Result<> ShimRuntime::remove(const ContainerId& id) {
  if (const auto found = entries_.find(id); found != entries_.end()) {
    TRY(withdraw(id, found->second));
    forget(found);
  }
  return world_.files.remove_tree(directory_of(id));
}

Result<> ShimRuntime::remove_pod(const std::string& pod_uid) {
  const auto first = entries_.lower_bound({pod_uid, "", 0});
  const auto is_of_pod = [&](auto entry) { return entry != entries_.end() && entry->first.pod_uid == pod_uid; };
  for (auto entry = first; is_of_pod(entry); ++entry) TRY(withdraw(entry->first, entry->second));
  for (auto entry = first; is_of_pod(entry);) forget(entry++);
  return world_.files.remove_tree(options_.directory + "/" + pod_uid);
}

Result<std::string> ShimRuntime::read_log(const ContainerId& id) const {
  std::string text = world_.files.read(log_path(id) + ".1").value_or("");
  auto current = world_.files.read(log_path(id));
  if (current) return text + *current;
  if (!text.empty() || current.error().code == Code::not_found) return text;
  return fail(std::move(current).error());
}

}  // namespace slipway::pods
