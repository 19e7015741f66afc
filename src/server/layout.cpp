#include "server/layout.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "core/doc.hpp"
#include "core/world/real.hpp"

namespace slipway::server {
namespace {

// Holds a loopback port until destroyed, so that several are distinct; 0 asks for any free one.
class HeldPort {
 public:
  explicit HeldPort(int wanted = 0) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;  // as servers bind: connections that are closing do not count
    ::setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(wanted));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(descriptor_, generic, length) == 0 && ::getsockname(descriptor_, generic, &length) == 0)
      port_ = ntohs(address.sin_port);
    else
      problem_ = errno;
  }
  ~HeldPort() { ::close(descriptor_); }
  HeldPort(const HeldPort&) = delete;
  HeldPort& operator=(const HeldPort&) = delete;
  int port() const { return port_; }        // 0: not held
  int problem() const { return problem_; }  // why, an errno

 private:
  int descriptor_;
  int port_ = 0;
  int problem_ = 0;
};

// The sockets that listen on `port`, as links in /proc/PID/fd name them.
std::set<std::string> listeners_on(int port) {
  constexpr std::string_view listening = "0A";
  std::set<std::string> sockets;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream lines(table);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string skipped, local, remote, state, inode;
      words >> skipped >> local >> remote >> state;
      for (int i = 0; i < 5; ++i) words >> skipped;
      words >> inode;
      const std::size_t colon = local.rfind(':');
      if (state != listening || colon == std::string::npos) continue;
      if (std::strtol(local.c_str() + colon + 1, nullptr, 16) == port) sockets.insert("socket:[" + inode + "]");
    }
  }
  return sockets;
}

// Who listens on `port`, as far as this user may see; pid 0 when not.
struct Holder {
  int pid = 0;
  std::string program;               // "prometheus"
  std::vector<std::string> command;  // its whole command line
};

Holder holder_of(int port) {
  namespace fs = std::filesystem;
  const std::set<std::string> sockets = listeners_on(port);
  std::error_code error;
  for (fs::directory_iterator process("/proc", error), end; !sockets.empty() && !error && process != end;
       process.increment(error)) {
    const int pid = std::atoi(process->path().filename().c_str());
    if (pid <= 0) continue;
    std::error_code hidden;  // another user's, or gone meanwhile
    for (fs::directory_iterator file(process->path() / "fd", hidden); !hidden && file != end; file.increment(hidden)) {
      std::error_code closed;
      if (!sockets.contains(fs::read_symlink(file->path(), closed).string())) continue;
      Holder holder{.pid = pid, .program = {}, .command = {}};
      std::ifstream line(process->path() / "cmdline");
      for (std::string word; std::getline(line, word, '\0');) holder.command.push_back(word);
      if (!holder.command.empty()) holder.program = fs::path(holder.command.front()).filename().string();
      return holder;
    }
  }
  return {};
}

// The gateway or Prometheus of a control plane that died.
bool is_part_of(const Layout& layout, const Holder& holder) {
  const auto names = [&holder](const std::string& path) {
    return std::any_of(holder.command.begin(), holder.command.end(),
                       [&](const std::string& word) { return word.find(path) != std::string::npos; });
  };
  return names(layout.gateway_cache()) || names(layout.prometheus() + "/");
}

// One face's port: its key in profile and ports.json, its name in messages.
struct Face {
  const char* key;
  const char* name;
  int Ports::* port;
};
constexpr Face faces[] = {{"api", "the control plane", &Ports::api},
                          {"kubernetes", "the Kubernetes API", &Ports::kubernetes},
                          {"gateway", "the gateway", &Ports::gateway},
                          {"gatewayAdmin", "the gateway's admin", &Ports::gateway_admin},
                          {"prometheus", "Prometheus", &Ports::prometheus}};

std::string who(const Holder& holder) {
  return holder.pid == 0 ? "another program" : holder.program + " (pid " + std::to_string(holder.pid) + ")";
}

Error not_available(const Face& face, int port, int problem) {
  const std::string what = "port " + std::to_string(port) + " for " + face.name;
  const std::string choose = "choose another for listen." + std::string(face.key) + " in the profile";
  if (problem != EADDRINUSE) return {Code::unavailable, what + " cannot be used: " + std::strerror(problem), choose};
  const Holder holder = holder_of(port);
  return {Code::unavailable, what + " is taken by " + who(holder),
          (holder.pid == 0 ? "stop it" : "stop pid " + std::to_string(holder.pid)) + ", or " + choose};
}

}  // namespace

Result<> Layout::make() const {
  core::Files& files = core::real_files();
  for (const std::string& directory : {root, blobs(), pods(), repositories(), runs(), runtime(), root + "/gateway",
                                       prometheus(), tokens(), spool(), certificates()}) {
    TRY(files.make_directories(directory, 0700));
  }
  return {};
}

Result<DirectoryLock> DirectoryLock::take(const Layout& layout, Duration patience) {
  constexpr auto look_again = std::chrono::milliseconds(20);
  const int descriptor = ::open(layout.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return fail(core::from_errno(errno, "open " + layout.lock()));
  DirectoryLock lock(descriptor);
  const Instant deadline = core::real_clock().monotonic() + patience;
  bool is_ours = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  while (!is_ours && core::real_clock().monotonic() < deadline) {
    core::sleep_for(look_again);
    is_ours = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  }
  if (!is_ours) {
    const std::string pid = core::real_files().read(layout.pid()).value_or("?");
    return fail(
        Code::conflict,
        "a platform already runs with its data in " + layout.root + " (pid " + pid.substr(0, pid.find('\n')) + ")",
        "slipway status --data " + layout.root +
            " shows it; --team, --var and --profile need slipway down first, then slipway up");
  }
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<PortChoice> choose_ports(const Layout& layout, const Ports& wanted) {
  core::Files& files = core::real_files();
  doc::Value saved;
  if (auto text = files.read(layout.ports())) {
    TRY_ASSIGN(saved, doc::parse_json(*text, layout.ports()));
  }
  PortChoice choice;
  std::vector<std::unique_ptr<HeldPort>> held;
  std::set<int> used;
  // 0, or the errno that says why the port cannot be used.
  const auto hold = [&](int port) -> int {
    held.push_back(std::make_unique<HeldPort>(port));
    if (held.back()->port() != 0) return 0;
    const int problem = held.back()->problem();
    return problem == EADDRINUSE && is_part_of(layout, holder_of(port)) ? 0 : problem;
  };
  for (const Face& face : faces) {
    const int port = wanted.*face.port;
    if (port == 0) continue;
    if (!used.insert(port).second) {
      return fail(Code::invalid_argument, "port " + std::to_string(port) + " is given to two parts",
                  "choose another for listen." + std::string(face.key) + " in the profile");
    }
    if (const int problem = hold(port); problem != 0) return fail(not_available(face, port, problem));
    choice.ports.*face.port = port;
  }
  for (const Face& face : faces) {
    int& port = choice.ports.*face.port;
    if (port != 0) continue;
    std::string warning;
    const auto before = static_cast<int>(saved[face.key].int_or(0));
    if (before > 0 && before <= 65535) {
      const bool is_ours = !used.insert(before).second;
      if (!is_ours && hold(before) == 0) {
        port = before;
      } else {
        warning = "port " + std::to_string(before) + " for " + face.name + ", used until now, is taken by " +
                  (is_ours ? "another part" : who(holder_of(before)));
      }
    }
    if (port == 0) {
      held.push_back(std::make_unique<HeldPort>());
      port = held.back()->port();
      if (port == 0) return fail(core::from_errno(held.back()->problem(), "no free port on 127.0.0.1"));
      used.insert(port);
      if (!warning.empty()) choice.warnings.push_back(warning + "; it is " + std::to_string(port) + " now");
    }
    choice.remembered.*face.port = port;
  }
  return choice;
}

Result<> remember_ports(const Layout& layout, const Ports& remembered) {
  doc::Object record;
  for (const Face& face : faces) {
    if (remembered.*face.port != 0) record.set(face.key, remembered.*face.port);
  }
  return core::real_files().write_atomic(layout.ports(), doc::render_json(record), 0600);
}

}  // namespace slipway::server
