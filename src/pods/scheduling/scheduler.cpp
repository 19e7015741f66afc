#include "pods/scheduling/scheduler.hpp"

#include <algorithm>

#include "core/log.hpp"
#include "objects/kinds.hpp"
#include "pods/pod_status.hpp"

namespace slipway::pods::scheduling {

namespace kinds = objects::kinds;
using objects::Name;
using objects::Object;

namespace {

std::string sentence_of(const Misfit& misfit, const std::string& preemption) {
  auto reasons = misfit.reasons;
  std::ranges::sort(reasons);
  std::string text = "0/1 nodes are available:";
  for (const auto& reason : reasons) text += (&reason == &reasons.front() ? " 1 " : ", 1 ") + reason;
  return text + "." + (preemption.empty() ? "" : " no new claims to deallocate, preemption: " + preemption);
}

constexpr objects::Kind budget_kind{"policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"};

Result<std::vector<Budget>> list_budgets(objects::Store& store) {
  std::vector<Budget> budgets;
  TRY_ASSIGN(const auto list, store.list(budget_kind));
  for (const Object& object : list.items) budgets.push_back(budget_of(object));
  return budgets;
}

bool is_more_important(const Resident& a, const Resident& b) {
  return a.priority != b.priority ? a.priority > b.priority : a.created < b.created;
}

}  // namespace

Scheduler::Scheduler(core::World& world, objects::Store& store, const std::string& node, const std::string& scheduler,
                     std::function<void(const Name&)> look_at)
    : world_(world),
      store_(store),
      node_(node),
      scheduler_(scheduler),
      look_at_(std::move(look_at)),
      events_(world, store, "default-scheduler") {}

void Scheduler::note(const Object& pod) {
  const Name name = pod.name();
  const bool is_here = pod.spec()["nodeName"].string_or("") == node_ && !is_finished(pod);
  if (is_here) {
    waiting_.erase(name);
    Resident resident = resident_of(pod);
    const auto before = place_of(name);
    const bool is_known = before != residents_.end() && before->name == name;
    // Somebody may wait for just this one, or for what it is called now.
    const bool is_news = !is_known || before->labels != resident.labels;
    const bool has_shrunk = is_known && before->requests != resident.requests;
    if (is_known) {
      *before = std::move(resident);
    } else {
      residents_.insert(before, std::move(resident));
    }
    if (is_news) wake_who_minds_others();
    if (has_shrunk) wake();
    return;
  }
  if (pod.is_being_deleted() || is_finished(pod) || !pod.spec()["nodeName"].string_or("").empty()) waiting_.erase(name);
  if (leave(name)) wake();
}

void Scheduler::forget(const Name& pod) {
  const bool has_left = leave(pod);
  const bool has_given_up = waiting_.erase(pod) > 0;
  if (has_left || has_given_up) wake();
}

Scheduler::Residents::iterator Scheduler::place_of(const Name& pod) {
  return std::ranges::lower_bound(residents_, pod, {}, &Resident::name);
}

bool Scheduler::leave(const Name& pod) {
  const auto place = place_of(pod);
  if (place == residents_.end() || place->name != pod) return false;
  residents_.erase(place);
  return true;
}

void Scheduler::bound(const Object& pod) {
  note(pod);
  events_.normal(pod, "Scheduled", "Successfully assigned " + pod.name().text() + " to " + node_);
}

// Those with a say about which Pods are beside them.
void Scheduler::wake_who_minds_others() {
  for (const auto& name : waiting()) {
    if (waiting_.at(name).minds_others) look_at_(name);
  }
}

// Of those that lack nothing but room, as many as there is room for: of thousands that wait, one that leaves helps one.
void Scheduler::wake() {
  if (waiting_.empty()) return;
  const auto node = store_.find(kinds::node, {"", node_});
  if (!node || !*node) {
    for (const auto& name : waiting()) look_at_(name);
    return;
  }
  Room room(**node, residents_);
  for (const auto& name : waiting()) {
    Claim& claim = waiting_.at(name);
    if (claim.lacks_room && room.has(claim.place.requests)) {
      room.take(claim.place.requests);
      claim.has_turn = true;
    } else if (claim.lacks_room && !has_room_for(claim.place, room)) {
      continue;
    }
    look_at_(name);
  }
}

// Once those that are less important were pushed out.
bool Scheduler::has_room_for(const Resident& waiting, const Room& room) const {
  Room cleared = room;
  bool any = false;
  for (const auto& resident : residents_) {
    if (resident.priority >= waiting.priority) continue;
    cleared.give(resident.requests);
    any = true;
  }
  return any && cleared.has(waiting.requests);
}

std::vector<Name> Scheduler::waiting() const {
  std::vector<const Resident*> all;
  for (const auto& [name, claim] : waiting_) all.push_back(&claim.place);
  std::ranges::sort(all, [](const Resident* a, const Resident* b) { return is_more_important(*a, *b); });
  std::vector<Name> names;
  for (const auto* one : all) names.push_back(one->name);
  return names;
}

const Scheduler::Residents& Scheduler::residents_for(const Object& pod, Residents& own) const {
  Residents kept;
  for (const auto& [name, claim] : waiting_) {
    if (claim.is_kept && claim.place.uid != pod.uid() && claim.place.priority >= pod.spec()["priority"].int_or(0))
      kept.push_back(claim.place);
  }
  if (kept.empty()) return residents_;
  own = residents_;
  own.insert(own.end(), kept.begin(), kept.end());
  return own;
}

NamespaceLabels Scheduler::labels_of_namespaces() const {
  return [this](const std::string& ns) {
    const auto found = store_.find(kinds::namespace_, {"", ns});
    return found && *found ? (*found)->labels() : std::map<std::string, std::string>{};
  };
}

Result<bool> Scheduler::admit(Object& pod) {
  if (!is_ours(pod, scheduler_)) return false;
  TRY_ASSIGN(const auto node, store_.find(kinds::node, {"", node_}));
  if (!node) return true;  // somebody deleted the object: the Pod runs where it would have
  Residents own;
  const Misfit why = misfit(pod, *node, residents_for(pod, own), labels_of_namespaces());
  if (why.fits()) return true;
  auto& claim = waiting_[pod.name()];
  claim.lacks_room = lacks_room_only(why);
  const bool leaves_room = std::exchange(claim.has_turn, false) && !claim.lacks_room;
  if (claim.place.uid != pod.uid()) claim.is_kept = false;
  claim.place = resident_of(pod);
  const doc::Value& affinity = pod.spec()["affinity"];
  claim.minds_others = affinity["podAffinity"].is_object() || affinity["podAntiAffinity"].is_object();
  if (leaves_room) wake();
  TRY_ASSIGN(const std::string preemption, preempt(pod, *node, why.is_for_good));
  const std::string message = sentence_of(why, preemption);
  bool is_news = pod.set_condition("PodScheduled", "False", "Unschedulable", message, world_.clock.now());
  is_news = nominate(pod) || is_news;
  if (!is_news) return false;
  TRY_ASSIGN(pod, store_.update_status(std::move(pod)));
  events_.warn(pod, "FailedScheduling", message);
  return false;
}

// Says whether a place is kept for the Pod here.
bool Scheduler::nominate(Object& pod) const {
  const bool is_kept = waiting_.at(pod.name()).is_kept;
  const std::string before = std::as_const(pod).status()["nominatedNodeName"].string_or("");
  if (is_kept == (before == node_)) return false;
  if (is_kept) {
    pod.status().at_or_insert("nominatedNodeName") = node_;
  } else {
    pod.status().as_object().erase("nominatedNodeName");
  }
  return true;
}

// Why no room could be made, in kube-scheduler's words; "" when it will be there soon. A place that would not help is
// kept no longer.
Result<std::string> Scheduler::preempt(const Object& pod, const Object& node, bool is_for_good) {
  const std::string none = "0/1 nodes are available: 1 ";
  Residents own;
  const auto& residents = residents_for(pod, own);
  auto& claim = waiting_[pod.name()];
  const bool was_kept = std::exchange(claim.is_kept, false);
  if (pod.spec()["preemptionPolicy"].string_or("") == "Never")
    return std::string("not eligible due to preemptionPolicy=Never.");
  if (is_for_good) return none + "Preemption is not helpful for scheduling.";
  const bool is_waited_for = std::ranges::any_of(residents, [&](const Resident& resident) {
    return resident.is_ending && resident.priority < claim.place.priority;
  });
  if (was_kept && is_waited_for) {
    claim.is_kept = true;
    return std::string("not eligible due to a terminating pod on the nominated node.");
  }
  std::vector<Budget> budgets;
  if (std::ranges::any_of(residents, [&](const Resident& one) { return one.priority < claim.place.priority; })) {
    auto listed = list_budgets(store_);
    if (!listed)
      log::warn("scheduler", "disruption budgets are not known", {{"why", listed.error().one_line()}});
    else
      budgets = std::move(*listed);
  }
  const auto victims = victims_for(pod, node, residents, labels_of_namespaces(), std::move(budgets));
  if (victims.empty()) return none + "No preemption victims found for incoming pod.";
  claim.is_kept = true;
  for (const auto& victim : victims) TRY(push_out(pod, victim));
  return std::string();
}

Result<> Scheduler::push_out(const Object& pod, const Resident& victim) {
  if (victim.is_ending) return {};
  const Time now = world_.clock.now();
  auto marked = objects::modify_status(store_, kinds::pod, victim.name, [&](Object& current) {
    return current.uid() == victim.uid &&
           current.set_condition("DisruptionTarget", "True", "PreemptionByScheduler",
                                 "default-scheduler: preempting to accommodate a higher priority pod", now);
  });
  if (!marked && marked.error().code == Code::not_found) return {};
  TRY(std::move(marked));
  TRY_ASSIGN(const auto found, store_.find(kinds::pod, victim.name));
  if (!found || found->uid() != victim.uid) return {};
  events_.normal(*found, "Preempted", "Preempted by pod " + pod.uid() + " on node " + node_);
  return objects::remove_if_there(store_, kinds::pod, victim.name);
}

}  // namespace slipway::pods::scheduling
