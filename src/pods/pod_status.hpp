#pragma once
// What is known of a Pod's containers, rendered as Pod status the way kubectl expects it. Pure.

#include <span>

#include "objects/object.hpp"
#include "pods/restart.hpp"

namespace slipway::pods {

// What a container is to its Pod. Init containers come one after the other, before the rest; a sidecar is one of them
// that stays. A guest (an ephemeral container) was added to look into the Pod that runs (kubectl debug): it is started
// once, and says nothing of how the Pod is.
enum class Role { init, sidecar, main, guest };

// A container that the spec of a Pod declares.
struct Declared {
  const doc::Value& spec;
  Role role = Role::main;
  std::string name() const { return spec["name"].string_or(""); }
};
// In the order in which they start; guests last. Valid as long as the Pod is not changed.
std::vector<Declared> declared_containers(const objects::Object& pod);

struct ContainerView {
  std::string name;
  std::string image;
  std::string image_id;     // "sha256:..." of one that was unpacked
  int attempt = 0;          // restartCount
  ContainerRecord current;  // of `attempt`
  ContainerRecord last;     // of the attempt before; absent when there was none, or it is forgotten
  bool started = false;     // what the probes say of a running one
  bool ready = false;
  bool is_settling = false;    // its program runs, and its postStart hook has not ended
  bool will_restart = false;   // it ended, and the policy wants it again
  bool is_held_back = false;   // it would start, but for what is not there yet
  std::string waiting_reason;  // why it does not run: ContainerCreating, CrashLoopBackOff, CreateContainerConfigError
  std::string waiting_message;
  Role role = Role::main;
  bool is_guest() const { return role == Role::guest; }
};

// What separates the Pod's programs from the machine: its reason is Process, Namespaces or Container.
inline constexpr std::string_view isolation_condition = "slipway.dev/isolation";

// Pending, Running, Succeeded or Failed.
std::string phase_of(std::span<const ContainerView> containers);
bool is_finished(const objects::Object& pod);  // Succeeded or Failed
// What the Pod's status says of that container; null when it says nothing.
const doc::Value& container_status(const objects::Object& pod, const std::string& container);

// Writes phase, conditions and the statuses of containers into `pod`. podIP and startTime are the caller's.
void render_status(objects::Object& pod, std::span<const ContainerView> containers, Time now);

}  // namespace slipway::pods
