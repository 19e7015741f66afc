#pragma once
// Whether and when a container that ended is started again. Pure.

#include "objects/object.hpp"
#include "pods/runtime.hpp"

namespace slipway::pods {

enum class RestartPolicy { always, on_failure, never };
RestartPolicy restart_policy_of(const objects::Object& pod);
bool restarts(RestartPolicy policy, int exit_code);

// As Kubernetes does it: the first restart at once, then 10 s doubling to 300 s; a container that ran for 10 minutes
// has earned a fresh start.
struct Backoff {
  Duration initial = std::chrono::seconds(10);
  Duration longest = std::chrono::seconds(300);
  Duration forgiven_after = std::chrono::minutes(10);

  // `crashes` counts those before the one that just happened and since the last forgiven run.
  Duration delay(int crashes) const;
  // Was this run long enough, or its end not the program's doing?
  bool forgives(const ContainerRecord& run) const;
};

// What is left of a wait that began at `since` by the wall clock, whatever the clock did: within [0, whole].
Duration remaining(Duration whole, Time since, Time now);

}  // namespace slipway::pods
