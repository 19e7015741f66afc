#pragma once
// The door of the room: a node of one machine. It runs the Pods of the object store as processes, keeps what
// workloads (Deployments, StatefulSets, Jobs, ...) ask for and the Services' EndpointSlices, and gives out logs.
// docs/internals/kinds.md says which fields of a Pod mean something. Not for pulling images.
//
//   pods::ShimRuntime runtime(world, {.directory = data + "/pods", .shim_command = {executable, "shim"}});
//   pods::Node node(world, *store, runtime, {.directory = data});
//   TRY(node.start());
//
// A control plane that is killed and comes back makes a new Node over the same directory and store: the same
// processes go on, what ended meanwhile is seen, nothing is started twice.
// Thread: the control loop only.

#include <memory>
#include <string>
#include <vector>

#include "objects/pod_token.hpp"
#include "objects/store.hpp"
#include "pods/cgroups.hpp"
#include "pods/devices.hpp"
#include "pods/images.hpp"
#include "pods/logs.hpp"
#include "pods/restart.hpp"
#include "pods/runtime.hpp"

namespace slipway::pods {

namespace volumes {
class VolumeDisk;
}

// What separates a Pod's programs from the machine: nothing but their own address and directory; a view of the file
// system of their own, with its volumes and a private /tmp; that, and the root file system of an image.
enum class Isolation { process, namespaces, container };

struct NodeOptions {
  std::string directory;                                              // the data directory; node.json is kept there
  std::string name;                                                   // empty: the machine's host name
  std::vector<std::pair<std::string, std::string>> base_environment;  // what every container gets; default: PATH, HOME
  Backoff backoff;
  int max_pods = 250;
  bool workloads = true;        // run the controllers of Deployments, ReplicaSets, Jobs and EndpointSlices too
  bool only_endpoints = false;  // of these the last alone: the cluster has the others
  Isolation least_isolation = Isolation::process;   // a Pod that gets less is refused
  std::vector<ImageRuntime> images = {};            // what stands for images whose Pods name no command
  DeviceIds devices = {};                           // GPUs and the like that Pods may ask for
  Cgroups* cgroups = nullptr;                       // null: memory is looked at now and then, cpu is not limited
  std::optional<std::int64_t> most_processes = {};  // and threads, of a container; needs cgroups
  std::vector<std::string> kept_paths = {};         // below /tmp, and shown to Pods although their /tmp is private
  objects::IssueToken issue_token = {};             // for serviceAccountToken volumes; empty: these are refused
  // Where emptyDirs of medium Memory are; empty: below /dev/shm.
  std::string memory_directory = {};
  volumes::VolumeDisk* disk = nullptr;  // null: this machine's
  // On a cluster that has other nodes: it runs only Pods that name this scheduler (spec.schedulerName), keeps others
  // away by a taint (node_taint), and renews its Lease, without which a cluster takes a node for dead. Empty: it is
  // alone.
  std::string scheduler;
};

// With the effect NoSchedule, on a node among others; Pods that are for it tolerate it.
inline constexpr std::string_view node_taint = "slipway.dev/processes";

class Node {
 public:
  // All three outlive it.
  Node(core::World& world, objects::Store& store, Runtime& runtime, NodeOptions options);
  ~Node();  // leaves every process running

  // Registers the Node object, adopts what runs, begins to watch. An error is of the store or the disk.
  Result<> start();
  const std::string& name() const;

  // What the Pod's container wrote; an empty container name means its only one. not_found, invalid_argument.
  Result<std::string> read_log(const objects::Name& pod, const std::string& container, const LogQuery& query);
  // The program of a Pod's container, as long as it runs: for status pages and tests.
  std::optional<core::ProcessIdentity> process_of(const objects::Name& pod, const std::string& container);

  // Ends every Pod's processes, with SIGTERM and each Pod's grace period, at the latest SIGKILL after `deadline`;
  // then `done`. The objects stay: a later start() runs them again. Nothing is started from now on.
  void stop_all(Duration deadline, core::Task done);

  // Inside the room only; connections.hpp is the door to what people do with running Pods.
  struct State;
  std::shared_ptr<State> state() const { return state_; }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace slipway::pods
