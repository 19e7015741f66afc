#pragma once
// Store: where everything that a person declares lives. Optimistic concurrency, watch, finalizers, owner references.
// Embedded: SQLite (make_sqlite_store). A real Kubernetes API server comes behind the same interface, so
// controllers know nothing of where objects live.
//
// Thread: the control loop only. Writes are durable on return.

#include <functional>
#include <memory>
#include <optional>

#include "core/world/world.hpp"
#include "objects/object.hpp"

namespace slipway::storage {
class Database;
}

namespace slipway::objects {

struct ListOptions {
  std::string ns;  // empty: all namespaces
  LabelSelector labels;
  std::optional<std::string> field_name;  // metadata.name=...
  // Uids: only what names one of them as an owner, whatever its labels, and what has no controller and these labels.
  // What has just lost its controller may be missing for a moment. Not with field_name, limit and continue_token.
  std::vector<std::string> claimable_by = {};
  std::size_t limit = 0;       // 0: no limit
  std::string continue_token;  // of the previous page
};
struct List {
  std::vector<Object> items;     // ordered by namespace, then name
  std::string resource_version;  // watch from here to miss nothing
  std::string continue_token;    // empty: the end
};

enum class EventType { added, modified, deleted, bookmark };
struct WatchEvent {
  EventType type;
  Object object;
};

// Ends the watch when destroyed. No callback runs after that.
class Watch {
 public:
  virtual ~Watch() = default;
};

struct DeleteOptions {
  std::string uid_precondition;  // conflict when it is another object
  enum class Propagation { background, foreground, orphan } propagation = Propagation::background;
  // How long a Pod has to end; zero: it has ended. Unset: what its spec says.
  std::optional<Duration> grace = {};
};

class Store {
 public:
  virtual ~Store() = default;
  virtual Result<Object> get(const Kind& kind, const Name& name) = 0;  // not_found
  virtual Result<std::optional<Object>> find(const Kind& kind, const Name& name) = 0;
  virtual Result<List> list(const Kind& kind, const ListOptions& options = {}) = 0;

  // Sets uid, resourceVersion, creationTimestamp, generation 1. metadata.generateName works. already_exists.
  // status is kept as given (a controller's own store; REST strips it).
  virtual Result<Object> create(Object object) = 0;
  // Everything but status. Conflict unless metadata.resourceVersion is current (empty: last writer wins).
  // generation rises when spec changed. An update that changes nothing is not an event.
  virtual Result<Object> update(Object object) = 0;
  virtual Result<Object> update_status(Object object) = 0;  // status alone; the same conflict rule
  // Create or update: what `object` says of labels, annotations and spec replaces what is there (whole spec);
  // status, finalizers and owner references that it does not mention stay.
  virtual Result<Object> apply(Object object) = 0;
  // Says on which node a Pod runs, once, and puts that node's finalizer on it. `pod` is as it was read: conflict when
  // it was changed since, is another node's or is being deleted.
  virtual Result<Object> bind(const Object& pod, const std::string& node, const std::string& finalizer) = 0;
  // With finalizers: sets deletionTimestamp and returns the object; the last finalizer's removal deletes it.
  // Owned objects follow later (background), first (foreground), or are let go (orphan). not_found.
  virtual Result<> remove(const Kind& kind, const Name& name, const DeleteOptions& options = {}) = 0;

  // Runs `work` now; what it writes shares one transaction: durable together on return, or not at all. Inside, a write
  // that returned is read back, but not durable yet. Over a cluster each write stands alone. The commit's outcome.
  virtual Result<> group(const std::function<void()>& work) {
    work();
    return {};
  }

  // Every change after `resource_version` (empty: current objects come first as `added`, then changes), in order, on
  // the control loop, never inside the call that made the change. gone when the version is older than the ring of
  // kept events: list again.
  virtual Result<std::unique_ptr<Watch>> watch(const Kind& kind, const std::string& resource_version,
                                               std::function<void(const WatchEvent&)> on_event) = 0;
};

// With a backend and a garbage collector of its own. `database` may be shared with other rooms. The ring keeps the last
// `ring_size` events.
Result<std::unique_ptr<Store>> make_sqlite_store(core::World& world, storage::Database& database,
                                                 std::size_t ring_size = 10'000);

// See ListOptions::claimable_by.
bool is_claimable(const Object& object, const ListOptions& options);

// Reads, changes and writes until there is no conflict (at most 10 times). `change` returns whether to write.
Result<Object> modify(Store& store, const Kind& kind, const Name& name, const std::function<bool(Object&)>& change);
Result<Object> modify_status(Store& store, const Kind& kind, const Name& name,
                             const std::function<bool(Object&)>& change);
// Store::remove; that it has gone already is as good.
Result<> remove_if_there(Store& store, const Kind& kind, const Name& name);

}  // namespace slipway::objects
