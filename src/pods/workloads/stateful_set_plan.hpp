#pragma once
// What a StatefulSet's controller does next, as a function of what it sees: Pods with names that stay, one after the
// other. Pure. The controller around it is stateful_set.hpp.
// https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#deployment-and-scaling-guarantees

#include <optional>
#include <string>
#include <vector>

#include "core/doc.hpp"

namespace slipway::pods::workloads {

struct StatefulWish {
  int replicas = 1;
  int start = 0;           // the first ordinal
  bool in_order = true;    // OrderedReady: nobody new while one before it is not available
  bool on_delete = false;  // an old Pod stays until somebody deletes it
  int partition = 0;       // so many of the first keep the current revision
  int end() const { return start + replicas; }
};
StatefulWish read_stateful_set(const doc::Value& spec);

struct ReplicaSeen {
  std::string name;
  int ordinal = 0;
  std::string revision;  // the name of the ControllerRevision that it was made from
  bool is_ready = false;
  bool is_available = false;  // ready for as long as spec.minReadySeconds asks
  bool is_ending = false;
  bool is_finished = false;
};

struct StatefulPlan {
  struct New {
    int ordinal;
    bool is_updated;  // of the update revision, not the current one
    bool operator==(const New&) const = default;
  };
  std::vector<New> create;
  std::vector<std::string> remove;
};

// `update`: the revision of the present template.
StatefulPlan plan_stateful_set(const StatefulWish& wish, const std::string& update,
                               const std::vector<ReplicaSeen>& pods);

struct StatefulCounts {
  int all = 0, ready = 0, available = 0;
  int current = 0, updated = 0;  // of these revisions; those that end do not count
};
StatefulCounts count_replicas(const std::string& current, const std::string& update,
                              const std::vector<ReplicaSeen>& pods);
// The update is done: its revision is the current one from now on.
bool completes_update(const StatefulWish& wish, const StatefulCounts& counts);

// "web" and 3 of "web-3"; nullopt when the name has no ordinal.
struct OrdinalName {
  std::string parent;
  int ordinal = 0;
};
std::optional<OrdinalName> parse_ordinal_name(const std::string& pod);

}  // namespace slipway::pods::workloads
