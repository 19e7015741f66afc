#include "objects/garbage.hpp"

#include <algorithm>

#include "core/log.hpp"
#include "objects/verbs/removal.hpp"
#include "objects/verbs/writing.hpp"

namespace slipway::objects {
namespace {

constexpr auto kLookAgain = std::chrono::seconds(1);  // after a step that failed
constexpr std::size_t kBatch = 32;                    // uids looked at in one task and one transaction

bool is_in_foreground_deletion(const Object& object) {
  return object.is_being_deleted() && object.has_finalizer(verbs::foreground_finalizer);
}

bool names(const OwnerReference& reference, const Located& owner) {
  return owner.group == group_version_of(reference.api_version).group && owner.kind == reference.kind &&
         owner.name.name == reference.name;
}

}  // namespace

Garbage::Garbage(core::World& world, Backend& backend, KindOf kind_of, Remove remove)
    : loop_(world.loop), backend_(backend), kind_of_(std::move(kind_of)), remove_(std::move(remove)) {}

Garbage::~Garbage() = default;

Result<> Garbage::start() {
  watches_.clear();
  TRY_ASSIGN(watches_, backend_.watch_all([this](const std::shared_ptr<const Change>& change) { take(change); }));
  TRY_ASSIGN(const auto deleting, backend_.deleting());
  for (const auto& uid : deleting) enqueue(uid);
  TRY_ASSIGN(const auto unowned, backend_.unowned());
  for (const auto& uid : unowned) enqueue(uid);
  return {};
}

void Garbage::take(const std::shared_ptr<const Change>& change) {
  if (change == nullptr) {  // it fell behind: what it missed is what a start finds
    loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
      if (alive.expired()) return;
      for (const auto& [owner, dependents] : blocking_) enqueue(owner);
      if (auto again = start(); !again) {
        log::error("objects", "the garbage collector sees no changes", {{"error", again.error().one_line()}});
      }
    });
    return;
  }
  const auto uid = change->object.uid();
  const auto references = change->object.owners();
  for (auto& [owner, dependents] : blocking_) {
    if (!dependents.contains(uid)) continue;
    const bool still_blocks =
        change->type != EventType::deleted &&
        std::ranges::any_of(references, [&](const OwnerReference& r) { return r.uid == owner && r.blocks_deletion; });
    if (still_blocks) continue;
    dependents.erase(uid);
    if (dependents.empty()) enqueue(owner);
  }
  const bool is_ours =
      change->object.is_being_deleted() && (change->object.has_finalizer(verbs::foreground_finalizer) ||
                                            change->object.has_finalizer(verbs::orphan_finalizer));
  if (change->type == EventType::deleted || !references.empty() || is_ours) enqueue(uid);
}

void Garbage::enqueue(const std::string& uid) {
  if (!queued_.insert(uid).second) return;
  queue_.push_back(uid);
  pump();
}

void Garbage::pump() {
  if (is_pumping_ || queue_.empty()) return;
  is_pumping_ = true;
  loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    is_pumping_ = false;
    run();
    pump();
  });
}

void Garbage::run() {
  std::vector<std::string> taken;
  while (!queue_.empty() && taken.size() < kBatch) {
    taken.push_back(std::move(queue_.front()));
    queue_.pop_front();
    queued_.erase(taken.back());
  }
  std::erase_if(taken, [this](const std::string& uid) { return is_settled(uid); });
  if (taken.empty()) return;
  std::vector<std::string> failed;
  const auto committed = backend_.group([&] {
    for (const auto& uid : taken) {
      const auto done = look_at(uid);
      if (done) continue;
      log::warn("objects", "garbage collection failed", {{"uid", uid}, {"error", done.error().one_line()}});
      failed.push_back(uid);
    }
  });
  if (!committed) {
    log::warn("objects", "garbage collection was undone", {{"error", committed.error().one_line()}});
    failed = std::move(taken);
  }
  for (const auto& uid : failed) look_again_later(uid);
}

void Garbage::look_again_later(const std::string& uid) {
  ++retrying_;
  loop_.after(kLookAgain, [this, alive = std::weak_ptr<int>(alive_), uid] {
    if (alive.expired()) return;
    --retrying_;
    enqueue(uid);
  });
}

// Nothing is to be written for it: most changes are of the status of what is owned, and its owners are there.
bool Garbage::is_settled(const std::string& uid) {
  const auto item = load(uid);
  if (!item || !*item || (*item)->object.is_being_deleted()) return false;
  return std::ranges::all_of((*item)->object.owners(), [&](const OwnerReference& reference) {
    const auto owner = judge(reference, **item);
    return owner && *owner == Owner::present;
  });
}

Result<> Garbage::look_at(const std::string& uid) {
  TRY_ASSIGN(const auto located, backend_.locate(uid));
  if (!located) {
    blocking_.erase(uid);
    TRY_ASSIGN(const auto owned, backend_.owned_by(uid));
    for (const auto& dependent : owned) enqueue(dependent);
    return {};
  }
  TRY_ASSIGN(const auto item, load(*located));
  if (!item) return {};  // of a kind that is not served
  if (!item->object.is_being_deleted()) return follow_owners(*item);
  if (item->object.has_finalizer(verbs::orphan_finalizer)) return finish_orphan(*item);
  if (item->object.has_finalizer(verbs::foreground_finalizer)) return finish_foreground(*item);
  return {};
}

Result<> Garbage::follow_owners(const Item& item) {
  const auto references = item.object.owners();
  if (references.empty()) return {};
  bool is_owned = false;
  bool is_waited_for = false;
  std::set<std::string> unneeded;
  for (const auto& reference : references) {
    TRY_ASSIGN(const auto owner, judge(reference, item));
    is_owned = is_owned || owner == Owner::present;
    is_waited_for = is_waited_for || owner == Owner::waiting;
    if (owner != Owner::present) unneeded.insert(reference.uid);
  }
  if (is_owned) return unneeded.empty() ? Result<>() : drop_references(item, unneeded);
  DeleteOptions options{.uid_precondition = item.object.uid()};
  TRY_ASSIGN(const auto owned, backend_.owned_by(item.object.uid()));
  if (item.object.has_finalizer(verbs::orphan_finalizer)) {
    options.propagation = DeleteOptions::Propagation::orphan;
  } else if (item.object.has_finalizer(verbs::foreground_finalizer) || (is_waited_for && !owned.empty())) {
    options.propagation = DeleteOptions::Propagation::foreground;  // what waits for it waits for what it owns, too
  }
  return remove_(item.kind, item.object.name(), options);
}

Result<> Garbage::finish_foreground(const Item& owner) {
  const auto owner_uid = owner.object.uid();
  const Located self{std::string(owner.kind.group), std::string(owner.kind.kind), owner.object.name(), true};
  TRY_ASSIGN(const auto owned, backend_.owned_by(owner_uid));
  auto& blocking = blocking_[owner_uid];
  blocking.clear();
  for (const auto& uid : owned) {
    if (uid == owner_uid) continue;
    TRY_ASSIGN(const auto dependent, load(uid));
    if (!dependent) continue;
    const auto references = dependent->object.owners();
    const bool blocks = std::ranges::any_of(
        references, [&](const OwnerReference& r) { return r.uid == owner_uid && r.blocks_deletion && names(r, self); });
    if (!blocks) continue;
    const bool is_on_its_way = is_in_foreground_deletion(dependent->object);
    if (is_on_its_way && waits_for(uid, owner_uid)) continue;  // a circle: somebody goes first
    blocking.insert(uid);
    if (!is_on_its_way) enqueue(uid);
  }
  if (!blocking.empty()) return {};
  return drop_finalizer(owner, verbs::foreground_finalizer);
}

Result<> Garbage::finish_orphan(const Item& owner) {
  TRY_ASSIGN(const auto owned, backend_.owned_by(owner.object.uid()));
  for (const auto& uid : owned) {
    if (uid == owner.object.uid()) continue;
    TRY_ASSIGN(const auto dependent, load(uid));
    if (dependent) TRY(drop_references(*dependent, {owner.object.uid()}));
  }
  return drop_finalizer(owner, verbs::orphan_finalizer);
}

Result<std::optional<Garbage::Item>> Garbage::load(const std::string& uid) {
  TRY_ASSIGN(const auto located, backend_.locate(uid));
  if (!located) return std::nullopt;
  return load(*located);
}

Result<std::optional<Garbage::Item>> Garbage::load(const Located& located) {
  const auto kind = kind_of_(located.group, located.kind);
  if (!kind) return std::nullopt;
  TRY_ASSIGN(const auto stored, backend_.find(*kind, located.name));
  if (!stored) return std::nullopt;
  TRY_ASSIGN(auto object, stored->parse());
  return Item{*kind, std::move(object), stored->version};
}

Result<Garbage::Owner> Garbage::judge(const OwnerReference& reference, const Item& dependent) {
  const auto ns = dependent.kind.namespaced ? dependent.object.name().ns : std::string();
  TRY_ASSIGN(const auto located, backend_.locate(reference.uid));
  if (located && names(reference, *located)) {
    const bool is_in_reach = located->name.ns.empty() || located->name.ns == ns;
    // A cluster-wide object cannot name a namespace, so nobody knows which object is meant.
    if (!is_in_reach && ns.empty()) return Owner::present;
    if (!is_in_reach) return Owner::absent;
    if (!located->is_being_deleted) return Owner::present;
    TRY_ASSIGN(const auto owner, load(*located));
    return owner && is_in_foreground_deletion(owner->object) ? Owner::waiting : Owner::present;
  }
  const auto kind = kind_of_(group_version_of(reference.api_version).group, reference.kind);
  const bool can_be_looked_for = kind && (!kind->namespaced || dependent.kind.namespaced);
  return can_be_looked_for ? Owner::absent : Owner::present;
}

Result<> Garbage::drop_references(const Item& item, const std::set<std::string>& owner_uids) {
  auto next = item.object;
  auto& metadata = next.document().at_or_insert("metadata");
  if (!metadata["ownerReferences"].is_array()) return {};
  auto& references = metadata.at_or_insert("ownerReferences").as_array();
  const auto dropped = std::erase_if(
      references, [&](const doc::Value& reference) { return owner_uids.contains(reference["uid"].string_or("")); });
  if (dropped == 0) return {};
  if (references.empty()) metadata.as_object().erase("ownerReferences");
  return put(item, std::move(next));
}

Result<> Garbage::drop_finalizer(const Item& item, std::string_view finalizer) {
  auto next = item.object;
  next.remove_finalizer(finalizer);
  return put(item, std::move(next));
}

Result<> Garbage::put(const Item& before, Object next) {
  const bool is_over = verbs::is_finished(before.object.document(), next.document());
  auto written = is_over ? backend_.erase(before.kind, std::move(next), before.version, &before.object)
                         : backend_.replace(before.kind, std::move(next), before.version, &before.object);
  if (!written) return fail(std::move(written).error());
  return {};
}

// Whether `uid` cannot go before `other` has gone, as far as was seen.
bool Garbage::waits_for(const std::string& uid, const std::string& other) const {
  std::set<std::string> seen;
  std::vector<std::string> next{uid};
  while (!next.empty()) {
    const auto at = std::move(next.back());
    next.pop_back();
    if (at == other) return true;
    if (!seen.insert(at).second) continue;
    const auto found = blocking_.find(at);
    if (found != blocking_.end()) next.insert(next.end(), found->second.begin(), found->second.end());
  }
  return false;
}

}  // namespace slipway::objects
