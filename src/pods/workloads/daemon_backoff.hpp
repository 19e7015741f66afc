#pragma once
// How long a DaemonSet's failed Pod keeps its place on a node before another is tried: nothing for the first, then a
// second, and twice as long each time, up to 15 minutes. Twice that without a failure, and it begins anew. Forgotten
// with the process, as Kubernetes does. Inside the room only.

#include <map>
#include <set>
#include <string>

#include "core/time.hpp"

namespace slipway::pods::workloads {

class DaemonBackoff {
 public:
  // `place` is a template of a DaemonSet on a node. A Pod there has failed: how long it must wait yet; zero: it may go,
  // and the next one waits longer.
  Duration note_failure(const std::string& place, Time now);

 private:
  struct Wait {
    Duration length;
    Time since;
  };
  void forget_old(Time now);
  std::map<std::string, Wait> waits_;
};

}  // namespace slipway::pods::workloads
