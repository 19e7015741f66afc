#pragma once
// Scheduler: lets Pods onto the one node while there is room, and remembers who waits. Who does not fit is told why,
// and tried again when somebody leaves or the node changes, the most important first; it may push out who is less
// important. Not for Pods of other schedulers or with gates. Inside the room only.
// https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
//
// Thread: the control loop only.

#include <functional>
#include <map>
#include <set>

#include "objects/event_recorder.hpp"
#include "pods/scheduling/fit.hpp"

namespace slipway::pods::scheduling {

class Scheduler {
 public:
  // All outlive it. `scheduler`: whose Pods these are, see is_ours(). `look_at` queues a Pod, to be admitted.
  Scheduler(core::World& world, objects::Store& store, const std::string& node, const std::string& scheduler,
            std::function<void(const objects::Name&)> look_at);

  void note(const objects::Object& pod);  // as it is now: at each change of any Pod, and all of them in the beginning
  void forget(const objects::Name& pod);  // it is gone
  // Whether the Pod may be bound now; says in its status why not.
  Result<bool> admit(objects::Object& pod);
  void bound(const objects::Object& pod);  // it was; tells people

  std::vector<objects::Name> waiting() const;  // the most important first

 private:
  struct Claim {  // of a Pod that waits
    Resident place;
    bool is_kept = false;       // others were pushed out for it
    bool minds_others = false;  // has affinity to Pods, or against them
    bool lacks_room = false;    // and nothing else
    bool has_turn = false;      // was woken for room that nobody else was woken for
  };
  using Residents = std::vector<Resident>;
  Residents::iterator place_of(const objects::Name& pod);  // or where it would be
  bool leave(const objects::Name& pod);                    // whether it was there
  // Who is there, and for whom that is no less important a place is kept. In `own` when that is not residents_.
  const Residents& residents_for(const objects::Object& pod, Residents& own) const;
  NamespaceLabels labels_of_namespaces() const;
  Result<std::string> preempt(const objects::Object& pod, const objects::Object& node, bool is_for_good);
  bool nominate(objects::Object& pod) const;  // whether that is news
  Result<> push_out(const objects::Object& pod, const Resident& victim);
  void wake();
  bool has_room_for(const Resident& waiting, const Room& room) const;
  void wake_who_minds_others();

  core::World& world_;
  objects::Store& store_;
  const std::string& node_;
  const std::string& scheduler_;
  std::function<void(const objects::Name&)> look_at_;
  objects::EventRecorder events_;
  Residents residents_;  // by name
  std::map<objects::Name, Claim> waiting_;
};

}  // namespace slipway::pods::scheduling
