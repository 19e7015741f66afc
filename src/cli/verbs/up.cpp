#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "cli/client.hpp"
#include "cli/platform_process.hpp"
#include "cli/verbs.hpp"
#include "core/log.hpp"
#include "core/stop_signals.hpp"
#include "core/world/real.hpp"
#include "net/addresses.hpp"
#include "server/platform.hpp"

namespace slipway::cli {
namespace {

struct UpOptions {
  Common common;
  std::string profile, team, runtime, listen;
  bool detach = false;
  std::vector<std::string> variables;
};

Result<server::PlatformOptions> platform_options(const UpOptions& options) {
  server::PlatformOptions platform;
  platform.layout.root = data_directory(options.common);
  if (!options.profile.empty()) {
    TRY_ASSIGN(const std::string text, read_input(options.profile));
    TRY_ASSIGN(platform.profile, server::parse_profile(text, options.profile));
  }
  if (!options.runtime.empty()) {
    platform.profile.serving_runtime = options.runtime == "sim" ? "simulated" : options.runtime;
    platform.profile.is_runtime_given = true;
  }
  if (!options.listen.empty()) {
    if (!net::is_ip_address(options.listen))
      return fail(Code::invalid_argument, "--listen \"" + options.listen + "\" is not an IP address",
                  "give one of this machine's, or 0.0.0.0 for all of them");
    platform.profile.address = options.listen;
  }
  for (const std::string& variable : options.variables) {
    const std::size_t equals = variable.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(Code::invalid_argument, "\"" + variable + "\" is not NAME=VALUE");
    platform.variables[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
  platform.team_file = options.team;
  return platform;
}

void print_endpoints(const std::vector<server::Endpoint>& endpoints) {
  for (const server::Endpoint& endpoint : endpoints) {
    std::string name = endpoint.name;
    name.resize(12, ' ');
    std::cout << name << endpoint.url << std::endl;
  }
}

void print_warnings(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) std::cerr << "slipway: warning: " << warning << "\n";
}

int detach(const UpOptions& options) {
  const server::Layout layout{data_directory(options.common)};
  if (auto made = layout.make(); !made) return print_error(made.error());
  auto checked = platform_options(options);  // a bad profile is told here, not in a log
  if (!checked) return print_error(checked.error());
  std::vector<std::string> argv{server::own_executable(), "up", "--data", layout.root};
  if (!options.profile.empty())
    argv.insert(argv.end(), {"--profile", std::filesystem::absolute(options.profile).string()});
  if (!options.team.empty()) argv.insert(argv.end(), {"--team", std::filesystem::absolute(options.team).string()});
  if (!options.runtime.empty()) argv.insert(argv.end(), {"--runtime", options.runtime});
  if (!options.listen.empty()) argv.insert(argv.end(), {"--listen", options.listen});
  for (const std::string& variable : options.variables) argv.insert(argv.end(), {"--var", variable});
  PlatformProcess process(std::move(argv), layout.root, layout.log());
  if (auto started = process.start(false); !started) return print_error(started.error());
  print_warnings(process.warnings());
  std::cout << "slipway runs with pid " << process.pid() << ", data in " << layout.root << "\n";
  process.release();
  if (auto endpoints = read_endpoints(layout.root)) {
    std::vector<server::Endpoint> list;
    for (const auto& [name, url] : endpoints->as_object()) list.push_back({name, url.string_or("")});
    print_endpoints(list);
  }
  return ExitCode::ok;
}

int up(const UpOptions& options) {
  StartReport report;
  core::block_stop_signals(server::leave_signal);
  const auto refused = [&report](const core::Error& error) {
    report.failed(error);
    return print_error(error);
  };
  auto wanted = platform_options(options);
  if (!wanted) return refused(wanted.error());
  auto platform = server::Platform::open(std::move(*wanted));
  if (!platform) return refused(platform.error());
  server::Platform& running = **platform;
  print_warnings(running.warnings());
  const auto served = running.run([&] {
    report.serves(running.warnings());
    print_endpoints(running.endpoints());
    if (is_terminal()) std::cout << "\nCtrl-C stops it and every workload." << std::endl;
  });
  if (!served) return refused(served.error());
  return ExitCode::ok;
}

struct DownOptions {
  Common common;
  bool keep_pods = false;
};

int down(const DownOptions& options) {
  const server::Layout layout{data_directory(options.common)};
  core::Files& files = core::real_files();
  if (!files.exists(layout.database())) {
    std::cout << "nothing runs in " << layout.root << "\n";
    return ExitCode::ok;
  }
  const int pid = std::atoi(files.read(layout.pid()).value_or("0").c_str());
  auto lock = server::DirectoryLock::take(layout);
  const bool was_alive = !lock;
  if (was_alive) {
    // Held: that process is alive. Only its own user can read the directory, so the pid file is to be believed.
    const int wish = options.keep_pods ? server::leave_signal : SIGTERM;
    if (pid <= 0 || (::kill(pid, wish) != 0 && errno != ESRCH))
      return print_error(core::Error(Code::failed_precondition,
                                     "the platform of " + layout.root + " cannot be signalled",
                                     "stop it as the user who started it"));
    Progress progress("stopping");
    for (int i = 0; i < 900 && !lock; ++i) {  // Pods have a minute at most
      progress.update(std::to_string(i / 10) + " s");
      core::sleep_for(std::chrono::milliseconds(100));
      lock = server::DirectoryLock::take(layout);  // the kernel lets go when the process is gone
    }
    if (!lock) {
      return print_error(core::Error(Code::deadline_exceeded, "pid " + std::to_string(pid) + " does not stop",
                                     "its log is " + layout.log()));
    }
  }
  const bool ended_well = was_alive && !files.exists(layout.pid());
  {
    const server::DirectoryLock released = std::move(*lock);
  }
  if (options.keep_pods) {
    std::cout << (was_alive ? "stopped: the control plane of " : "no control plane runs in ") << layout.root
              << "; its Pods run on: slipway up adopts them, slipway down stops them\n";
    return ExitCode::ok;
  }
  if (!ended_well) {  // the control plane is dead, its workloads may not be
    core::block_stop_signals();
    log::set_level(log::Level::warn);  // what a platform logs is not for this terminal
    auto stopped = server::stop_workloads(layout);
    if (!stopped) return print_error(stopped.error());
    for (const std::string& path : {layout.pid(), layout.endpoints()}) {
      if (auto removed = files.remove_tree(path); !removed) return print_error(removed.error());
    }
    if (*stopped == 0 && !was_alive) {
      std::cout << "nothing runs in " << layout.root << "\n";
      return ExitCode::ok;
    }
  }
  std::cout << "stopped: platform and workloads of " << layout.root << "\n";
  return ExitCode::ok;
}

struct StatusOptions {
  Common common;
  bool wait = false;
  std::int64_t timeout = 60;
};

bool all_run(const doc::Value& status) {
  const doc::Array& parts = status["parts"].as_array();
  return std::ranges::all_of(parts, [](const doc::Value& part) { return part["state"].string_or("") == "Running"; });
}

int status(const StatusOptions& options) {
  const Format format = options.common.format();
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error(), format);
  auto answer = call(*connection, "GET", "/api/slipway/v1/status");
  const core::Instant deadline = core::real_clock().monotonic() + std::chrono::seconds(options.timeout);
  for (Progress progress("waiting for every part");
       options.wait && answer && !all_run(*answer) && core::real_clock().monotonic() < deadline;) {
    core::sleep_for(std::chrono::milliseconds(100));
    answer = call(*connection, "GET", "/api/slipway/v1/status");
  }
  if (!answer) return print_error(answer.error(), format);
  if (format != Format::table) return print_value(*answer, format), ExitCode::ok;
  std::vector<std::vector<std::string>> rows;
  for (const doc::Value& part : (*answer)["parts"].as_array()) {
    rows.push_back({part["name"].string_or(""), part["state"].string_or(""), part["address"].string_or(""),
                    part["restarts"].string_or("0"), part["message"].string_or("")});
  }
  print_table({"PART", "STATE", "ADDRESS", "RESTARTS", "MESSAGE"}, rows);
  auto overview = call(*connection, "GET", "/api/slipway/v1/overview");
  if (!overview) return print_error(overview.error(), format);
  rows.clear();
  for (const doc::Value& environment : (*overview)["environments"].as_array()) {
    std::string serving;
    for (const doc::Value& s : environment["serving"].as_array())
      serving += (serving.empty() ? "" : ", ") + s["model"].string_or("") + " " + s["version"].string_or("") + " " +
                 s["share"].string_or("") + " %";
    rows.push_back(
        {environment["name"].string_or(""), serving.empty() ? "nothing" : serving, environment["since"].string_or("")});
  }
  if (!rows.empty()) {
    std::cout << "\n";
    print_table({"ENVIRONMENT", "SERVES", "SINCE"}, rows);
  }
  return all_run(*answer) ? ExitCode::ok : ExitCode::failed;
}

}  // namespace

Command up_command() {
  auto options = std::make_shared<UpOptions>();
  std::vector<Option> list{
      {"--profile", "FILE", "engines, ports, commands (docs/profiles.md)", &options->profile},
      {"--team", "FILE", "people and their roles; kept in the data directory", &options->team},
      {"--runtime",
       "RUNTIME",
       "llama-server or sim: how models are served unless they say",
       &options->runtime,
       false,
       {"llama-server", "sim"}},
      {"--listen", "ADDRESS",
       "an IP address, or 0.0.0.0, where others reach the Kubernetes API and the rest over TLS, with token or "
       "certificate",
       &options->listen},
      {"--var", "NAME=VALUE",
       "a variable for workflows (the context \"vars\"); may be given again; kept in the data directory",
       &options->variables},
      {"--detach", "", "return when it serves; the log goes to DATA/slipway.log", &options->detach}};
  for (Option& option : common_options(options->common, false)) list.push_back(std::move(option));
  return {.name = "up",
          .summary = "start the platform: control plane, gateway, Prometheus, web page",
          .details =
              "Everything listens on loopback, and --listen opens one more door, over TLS. Killed and started again, "
              "it adopts what still runs and goes on.",
          .examples = {"slipway up", "slipway up --detach --team team.yaml",
                       "slipway up --detach --team team.yaml --listen 192.0.2.7",
                       "slipway up --data /srv/slipway --profile profile.yaml"},
          .options = std::move(list),
          .run = [options] { return options->detach ? detach(*options) : up(*options); },
          .state = options};
}

Command down_command() {
  auto options = std::make_shared<DownOptions>();
  std::vector<Option> list{
      {"--keep-pods", "",
       "end the control plane alone: models go on serving, and the next slipway up, of another version or with another "
       "team, adopts them",
       &options->keep_pods}};
  for (Option& option : common_options(options->common, false)) list.push_back(std::move(option));
  return {.name = "down",
          .summary = "stop the platform and every workload",
          .details = "Works on a platform whose control plane was killed, too. The data stays.",
          .examples = {"slipway down", "slipway down --data /srv/slipway",
                       "slipway down --keep-pods && slipway up --detach --team team.yaml"},
          .options = std::move(list),
          .run = [options] { return down(*options); },
          .state = options};
}

Command status_command() {
  auto options = std::make_shared<StatusOptions>();
  std::vector<Option> list{{"--wait", "", "until every part runs", &options->wait},
                           {"--timeout", "SECONDS", "of --wait", &options->timeout}};
  for (Option& option : common_options(options->common)) list.push_back(std::move(option));
  return {.name = "status",
          .summary = "what runs, where, and what serves in each environment",
          .details = "Exit code 1 when a part is not running.",
          .examples = {"slipway status", "slipway status --wait", "slipway status -o json"},
          .options = std::move(list),
          .run = [options] { return status(*options); },
          .state = options};
}

}  // namespace slipway::cli
