#pragma once
// What a DaemonSet's controller does next, as a function of what it sees: one Pod on each node that is meant. Pure. The
// controller around it is daemon_set.hpp.

#include <string>
#include <vector>

#include "core/doc.hpp"
#include "core/time.hpp"

namespace slipway::pods::workloads {

struct DaemonWish {
  bool on_delete = false;  // an old Pod stays until somebody deletes it
  int surge = 0;           // on so many nodes the new Pod comes before the old one goes
  int unavailable = 1;     // else on so many at once the old one goes first
};
// `nodes`: how many are meant, of which percentages are taken.
DaemonWish read_daemon_set(const doc::Value& spec, int nodes);

struct DaemonPod {
  std::string name;
  bool is_updated = false;  // of the present template
  bool is_ready = false, is_available = false, is_ending = false, is_finished = false;
  Time created{};
  bool must_wait = false;  // it failed, and so did others before it: it keeps its place for a while
};
struct DaemonNode {
  std::string name;
  bool is_meant = false;  // a Pod is to be there
  bool may_stay = false;  // one that is there need not go
  std::vector<DaemonPod> pods;
};

struct DaemonPlan {
  std::vector<std::string> create;  // on these nodes
  std::vector<std::string> remove;  // Pods
};
DaemonPlan plan_daemon_set(const DaemonWish& wish, const std::vector<DaemonNode>& nodes);

struct DaemonCounts {  // as status has them
  int desired = 0, current = 0, misscheduled = 0, ready = 0, available = 0, updated = 0;
};
DaemonCounts count_daemons(const std::vector<DaemonNode>& nodes);

}  // namespace slipway::pods::workloads
