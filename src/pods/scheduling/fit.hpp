#pragma once
// Whether a Pod may run on a node, as kube-scheduler decides it: by what both say of labels, taints and cordons, by
// what the Pods that are there leave of it, and by what these and the Pod say of each other. Pure.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "objects/object.hpp"
#include "pods/scheduling/requests.hpp"

namespace slipway::pods::scheduling {

// Whether this Pod names that scheduler. "" is kube-scheduler, whom a Pod need not name.
bool names_scheduler(const objects::Object& pod, std::string_view scheduler);
// Who schedules this Pod, and when: one that names another scheduler is that one's; one with gates waits for them.
bool is_ours(const objects::Object& pod, std::string_view scheduler = {});

// A Pod that is on the node, or for which a place is kept there.
struct Resident {
  objects::Name name;
  std::string uid;
  std::map<std::string, std::string> labels;
  Resources requests;
  struct HostPort {
    std::string address, protocol;
    std::int64_t port = 0;
  };
  std::vector<HostPort> ports;
  doc::Value anti_affinity;  // its required terms
  std::int64_t priority = 0;
  Time created{};
  bool is_ending = false;
};
Resident resident_of(const objects::Object& pod);

// The labels of a namespace, for affinity to Pods of others.
using NamespaceLabels = std::function<std::map<std::string, std::string>(const std::string& ns)>;

struct Misfit {
  std::vector<std::string> reasons;  // in kube-scheduler's words: "Insufficient cpu"; none: it fits
  bool is_for_good = false;          // it would not fit an empty node either
  bool fits() const { return reasons.empty(); }
};
Misfit misfit(const objects::Object& pod, const objects::Object& node, const std::vector<Resident>& residents,
              const NamespaceLabels& labels_of);

// What residents leave of a node.
class Room {
 public:
  Room(const objects::Object& node, const std::vector<Resident>& residents);
  bool has(const Resources& requests) const;  // and room for one more Pod
  void take(const Resources& requests);
  void give(const Resources& requests);

 private:
  Resources allocatable_;
  Resources used_;  // "pods", too
};
// Whether room is all that is missing: these reasons are of misfit().
bool lacks_room_only(const Misfit& misfit);

// A PodDisruptionBudget: how many of the Pods that it selects may go now.
struct Budget {
  std::string ns;
  objects::LabelSelector selector;  // empty: of nobody
  std::int64_t allowed = 0;
  std::vector<std::string> disrupted;  // Pods that it has let go already
};
Budget budget_of(const objects::Object& object);

// Residents of a lower priority without whom it would fit: as few as possible, the least important, and those that a
// budget protects only when nobody else helps. Empty when nobody helps.
std::vector<Resident> victims_for(const objects::Object& pod, const objects::Object& node,
                                  const std::vector<Resident>& residents, const NamespaceLabels& labels_of,
                                  std::vector<Budget> budgets = {});

// By the Pod's node selector and required affinity.
bool is_selected(const objects::Object& pod, const objects::Object& node);
// By a taint of the node that it does not tolerate; by one of those that end it where it runs already.
bool is_kept_away(const objects::Object& pod, const objects::Object& node, bool even_when_running = false);
// Of a Pod's nodeSelectorTerm or preference: do labels and name of the node satisfy it? An empty term matches nothing.
bool matches_term(const doc::Value& term, const objects::Object& node);
bool tolerates(const doc::Value& tolerations, const doc::Value& taint);

}  // namespace slipway::pods::scheduling
