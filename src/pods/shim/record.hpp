#pragma once
// The files of one container directory, DIR/pods/<uid>/<container>.<attempt>/, as docs/internals/pods.md tells them:
// what the runtime hands to the shim and what the shim leaves for whoever comes after. Pure.

#include "pods/runtime.hpp"

namespace slipway::pods::shim {

inline constexpr const char* lock_file = "lock";             // flock: one shim a directory
inline constexpr const char* start_file = "start.json";      // intent; removed once the program runs (secrets)
inline constexpr const char* started_file = "started.json";  // durable before the program's first instruction
inline constexpr const char* exit_file = "exit.json";        // how it ended; final
inline constexpr const char* room_file = "exit.room";        // becomes exit.json when the disk is full by then
inline constexpr int room_size = 4096;
inline constexpr const char* root_directory = "root";  // where a private root is put together
inline constexpr const char* log_file = "log";         // CRI lines; "log.1" is the one before

// The shim's other uses: "--try-own-view"; "--enter PID START_TICKS DIRECTORY [CGROUP...] -- COMMAND...";
// "--check-health HOST PORT SERVICE".
inline constexpr const char* try_option = "--try-own-view";
inline constexpr const char* enter_option = "--enter";
inline constexpr const char* health_option = "--check-health";

// The shim's own exit status when another shim holds the directory: not a failure, ask again.
inline constexpr int status_held_by_another = 75;

struct Started {
  core::ProcessIdentity process;
  core::ProcessIdentity shim;
  Time at{};
  bool is_confined = false;
  bool own_view = false;
  bool own_root = false;
  std::vector<std::string> groups_of_control = {};
};

struct Ended {
  core::Exit exit;
  std::string reason;
  std::string message;
  Time at{};
};

std::string render(const ContainerStart& start);
std::string render(const Started& started);
std::string render(const Ended& ended);
Result<ContainerStart> parse_start(std::string_view text);
Result<Started> parse_started(std::string_view text);
Result<Ended> parse_ended(std::string_view text);

// "<container>.<attempt>" and back; container names have no dots, they are DNS labels.
std::string directory_name(const std::string& container, int attempt);
std::optional<std::pair<std::string, int>> parse_directory_name(const std::string& name);

}  // namespace slipway::pods::shim
