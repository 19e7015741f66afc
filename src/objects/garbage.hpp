#pragma once
// Garbage: deletes what nobody owns any more, as the garbage collector of Kubernetes does. An object whose owners are
// all gone follows them (background); an owner with the finalizer foregroundDeletion waits for the dependents that
// block it; one with the finalizer orphan lets its dependents go first. A reference counts only when uid, group, kind,
// name and namespace fit an object; one to a kind that is not served, or from a cluster-wide object into a namespace,
// is left alone.
//
// Level-triggered: each step looks at what is stored now and makes one small change, so that nothing is lost by a crash
// between any two; start() looks for what was left. Control loop only; works in tasks of its own.

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "objects/backend.hpp"

namespace slipway::objects {

class Garbage {
 public:
  // The stored kind of a group; nullopt when it is not served.
  using KindOf = std::function<std::optional<Kind>(std::string_view group, std::string_view kind)>;
  // The verb that deletes: sets deletionTimestamp and finalizers, or erases.
  using Remove = std::function<Result<>(const Kind&, const Name&, const DeleteOptions&)>;

  Garbage(core::World& world, Backend& backend, KindOf kind_of, Remove remove);
  ~Garbage();
  Garbage(const Garbage&) = delete;
  Garbage& operator=(const Garbage&) = delete;

  // Begins to watch, and looks at what is there. Its errors are the backend's.
  Result<> start();
  bool is_idle() const { return queue_.empty() && retrying_ == 0; }

 private:
  struct Item {
    Kind kind;
    Object object;
    std::int64_t version = 0;
  };
  enum class Owner { absent, present, waiting };

  void take(const std::shared_ptr<const Change>& change);
  void enqueue(const std::string& uid);
  void pump();
  void run();
  void look_again_later(const std::string& uid);
  bool is_settled(const std::string& uid);
  Result<> look_at(const std::string& uid);
  Result<> follow_owners(const Item& item);
  Result<> finish_foreground(const Item& owner);
  Result<> finish_orphan(const Item& owner);

  Result<std::optional<Item>> load(const std::string& uid);
  Result<std::optional<Item>> load(const Located& located);
  Result<Owner> judge(const OwnerReference& reference, const Item& dependent);
  Result<> drop_references(const Item& item, const std::set<std::string>& owner_uids);
  Result<> drop_finalizer(const Item& item, std::string_view finalizer);
  Result<> put(const Item& before, Object next);
  bool waits_for(const std::string& uid, const std::string& other) const;

  core::Loop& loop_;
  Backend& backend_;
  KindOf kind_of_;
  Remove remove_;
  std::vector<std::unique_ptr<ChangeWatch>> watches_;
  std::deque<std::string> queue_;  // uids to look at
  std::set<std::string> queued_;
  std::size_t retrying_ = 0;
  bool is_pumping_ = false;
  // Owners in foreground deletion, and the uids of the dependents that each was last seen to wait for.
  std::map<std::string, std::set<std::string>> blocking_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace slipway::objects
