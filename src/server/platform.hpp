#pragma once
// Platform: the composition root of `slipway up`. Opens the data directory, builds every room over it, wires them,
// serves, and stops them in order. A platform that was killed and is opened again goes on where it was.

#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "server/layout.hpp"
#include "server/profile.hpp"

namespace slipway::server {

struct PlatformOptions {
  Layout layout;
  Profile profile;
  std::string team_file;  // replaces DATA/team.yaml when not empty
  // Others than this machine's users reach the platform: they need credentials, for reading too, and RBAC decides over
  // the whole Kubernetes API.
  bool is_shared() const;
  std::map<std::string, std::string> variables;  // over those of the profile; kept for later starts
};

// A face that is up: "gateway" -> "http://127.0.0.1:8081".
struct Endpoint {
  std::string name, url;
};

class Platform {
 public:
  // Everything is started and listening when it returns; Pods come up after that, while run() runs.
  static Result<std::unique_ptr<Platform>> open(PlatformOptions options);
  ~Platform();

  // Serves until SIGINT, SIGTERM or the API's shutdown, then stops every workload; or until `leave_signal`, and leaves
  // them running. Call it on the thread that opened it, with these signals blocked in all threads
  // (core::block_stop_signals). An error says why it could not serve.
  Result<> run(std::function<void()> on_serving);
  std::vector<Endpoint> endpoints() const;
  // What the user should know about this start.
  const std::vector<std::string>& warnings() const;

  struct State;

 private:
  explicit Platform(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Ends the control plane alone: Pods run on, and the next start adopts them. Blocked as the other two are.
inline constexpr int leave_signal = SIGUSR1;

// For a data directory whose control plane is dead: ends every Pod's processes and says how many containers ran. Takes
// the directory's lock.
Result<std::size_t> stop_workloads(const Layout& layout);

}  // namespace slipway::server
