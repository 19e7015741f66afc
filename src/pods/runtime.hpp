#pragma once
// Runtime: how the node starts, signals and finds again the programs of containers. It knows nothing of Pods' rules
// (restarts, probes, phases): those are the node's. The implementation is ShimRuntime (shim_runtime.hpp): each program
// under a shim that outlives the control plane. It runs in the real world with the real shim (shim/shim.hpp) and in
// the simulated one with a simulated shim (shim/simulated.hpp); a node of another operating system would be another.
//
// Thread: the control loop only. Nothing here blocks for longer than a small file.

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/world/world.hpp"

namespace slipway::pods {

// One start of one container. The attempt counts from 0 and is the container's restartCount.
struct ContainerId {
  std::string pod_uid;
  std::string container;
  int attempt = 0;
  auto operator<=>(const ContainerId&) const = default;
  std::string text() const { return pod_uid + "/" + container + "." + std::to_string(attempt); }
};

// A file or directory of the machine at another place, as the program sees it. Paths are absolute.
struct Mount {
  std::string source;    // on the machine; it is there
  std::string sub_path;  // inside `source`, links included; made as a directory when it is not there; may be empty
  std::string target;
  bool read_only = false;
  bool operator==(const Mount&) const = default;
};

// What the program sees of the machine and may do there, where that is not what the node itself sees and may.
struct Confinement {
  bool own_view = false;  // a mount namespace with a private "/"; the rest of this paragraph needs it
  std::string root;       // the directory whose contents are "/"; empty: the machine's
  std::vector<Mount> mounts;
  bool read_only_root = false;
  std::string host_name;     // that gethostname() answers, where the machine lets it; empty: the machine's
  bool keeps_root = false;   // others have that root, too: what the program writes there is its own
  bool all_devices = false;  // with a root of its own: the machine's /dev as it is, not only what is usual

  std::optional<std::int64_t> user, group;
  std::vector<std::int64_t> groups;           // supplementary ones
  std::optional<std::uint64_t> capabilities;  // the most it may have, a bit each; absent: as the node
  bool no_new_privileges = false;
  // System calls are filtered (shim/system_calls.hpp), but for what these capabilities are for.
  std::optional<std::uint64_t> filter_but_for;
  std::vector<std::string> groups_of_control;  // directories of cgroups; the runtime takes them away at the end
  bool operator==(const Confinement&) const = default;
};

// What to run. The environment is complete and may hold secrets: it never appears in argv of anything else.
struct ContainerStart {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string directory;  // empty: "/"
  // Whether it can be attached to, and typed for: see Runtime::attach_directory().
  bool has_input = false;
  bool input_once = false;  // the first one who attaches and leaves ends its input
  bool terminal = false;    // its input and output are a terminal
  Confinement confinement;
  bool is_attachable() const { return has_input || terminal; }
};

// What is known of one attempt.
struct ContainerRecord {
  enum class State { absent, starting, running, exited };
  State state = State::absent;
  core::ProcessIdentity process;  // of the main program, once it runs
  std::optional<Time> started_at;
  core::Exit exit;      // with state exited
  std::string reason;   // StartError, ShimLost, NodeRebooted; "" when the program simply ended
  std::string message;  // one sentence, may be empty
  std::optional<Time> finished_at;
  bool is_confined = false;  // it has a Confinement: see beside()
  bool own_view = false;     // and in it, a view of its own
  bool own_root = false;     // and in that, a root of its own
  std::vector<std::string> groups_of_control = {};
  bool is_up() const { return state == State::starting || state == State::running; }
  bool has_exited() const { return state == State::exited; }
};

// What this machine lets containers have.
struct Abilities {
  bool own_view = false;  // see Confinement
  std::string why_not;    // one sentence, when it does not
  std::int64_t user = 0;  // whom the node's programs run as; root may make them run as others
};

// A command and where it starts.
struct Command {
  std::vector<std::string> argv;
  std::string directory;
};

class Runtime {
 public:
  virtual ~Runtime() = default;

  // Reads what an earlier control plane left and follows what still runs. Call once, before anything else.
  // Returns every attempt that is known, in order.
  virtual Result<std::vector<ContainerId>> recover() = 0;
  // Called on the loop, never inside another call of this class, whenever inspect(id) answers something new.
  virtual void on_change(std::function<void(const ContainerId&)> callback) = 0;

  // nullopt for a moment after recover(), until it was tried.
  virtual const std::optional<Abilities>& abilities() const = 0;
  // Where the files of a Pod are: the records of its containers, and beside them, under names without a dot, what the
  // node keeps for it. Goes with remove_pod().
  virtual std::string pod_directory(const std::string& pod_uid) const = 0;

  // Starts the program unless that attempt was ever started before: then nothing happens and it is a success. Two
  // control planes, or one that crashed in between, never start an attempt twice.
  virtual Result<> start(const ContainerId& id, const ContainerStart& start) = 0;
  virtual ContainerRecord inspect(const ContainerId& id) const = 0;
  // How to run a command where it sees what the container's program sees, as who that is. The container runs.
  virtual Command beside(const ContainerId& id, Command command) const = 0;
  // How to ask a server at that address how it is, by gRPC: the command ends with 0 when it is well, else it says on
  // stderr what it answered.
  virtual Command health_check(const std::string& host, int port, const std::string& service) const = 0;
  // To the program's process group. not_found when it does not run (any more).
  virtual Result<> signal(const ContainerId& id, int signal_number) = 0;

  // Forgets the records and logs of an attempt, or of a whole Pod. failed_precondition while something of it runs.
  virtual Result<> remove(const ContainerId& id) = 0;
  virtual Result<> remove_pod(const std::string& pod_uid) = 0;

  // Everything the attempt wrote and that is still kept, as CRI lines ("2026-11-23T10:00:00.000000Z stdout F text").
  virtual Result<std::string> read_log(const ContainerId& id) const = 0;
  // The file that grows while it runs, for following; "" when there is no such file.
  virtual std::string log_path(const ContainerId& id) const = 0;
  // Where the socket "attach" of a container with input or a terminal is (shim/frames.hpp says what is spoken there).
  virtual std::string attach_directory(const ContainerId& id) const = 0;
};

}  // namespace slipway::pods
