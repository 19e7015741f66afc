#pragma once
// Backend: where an API server of our own keeps objects: bytes by key, one version counter, a ring of the last changes.
// Knows nothing of what a write means (defaults, ownership, deletion): that is verbs' business, and Store's for
// controllers. Embedded: SQLite (make_sqlite_backend).
//
// Thread: the control loop only. A write is durable on return, or with the storage::Database::group() around it;
// watchers are told when it is. Callbacks that are handed rows (`visit`) must not write.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/world/world.hpp"
#include "objects/store.hpp"

namespace slipway::objects {

// One object as it is kept.
struct Stored {
  Name name;
  std::int64_t version = 0;  // metadata.resourceVersion
  std::string body;          // compact JSON, resourceVersion included, in the version that its kind is stored as
  std::shared_ptr<const Object> object = nullptr;  // what `body` says, when somebody knows

  Result<Object> parse() const;  // data_loss when the bytes are not JSON
};

// One change as watchers are told it; one copy for all of them.
// `type` is never bookmark; `object` is as it is now, a deleted one as it was last, with the deletion's
// resourceVersion.
struct Change : WatchEvent {
  Kind kind;
  std::int64_t version = 0;
  std::string body;  // of `object`
  // As it was before, when its labels or selectable fields were others; they are `object`'s when absent.
  std::optional<Object> previous;
};

struct KeyRange {
  std::string ns;             // empty: all namespaces
  std::optional<Name> after;  // of the last page
};

// Where the object of a uid is. Its kind as texts: it may be one that is no longer served.
struct Located {
  std::string group, kind;
  Name name;
  bool is_being_deleted = false;
};

enum class Presence : std::uint8_t { absent, present, being_deleted };

// Ends when destroyed: no callback runs after that.
class ChangeWatch {
 public:
  virtual ~ChangeWatch() = default;
  // Up to here the watcher has been told everything; what a bookmark says.
  virtual std::int64_t version() const = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual Result<std::optional<Stored>> find(const Kind& kind, const Name& name) = 0;
  virtual Result<Presence> presence(const Kind& kind, const Name& name) = 0;  // reads no body
  // Objects in order of namespace, then name, until `visit` says false. Returns the version that the answer is of.
  virtual Result<std::int64_t> list(const Kind& kind, const KeyRange& range,
                                    const std::function<bool(Stored)>& visit) = 0;
  // As list(), of what was there at that version. gone when what changed since is no longer known: ask for it with
  // keep_present() when that version is the present one.
  virtual Result<> list_at(const Kind& kind, const KeyRange& range, std::int64_t version,
                           const std::function<bool(Stored)>& visit) = 0;
  // For some minutes, changes of this kind keep what was before, for list_at(). A restart ends it.
  virtual void keep_present(const Kind& kind) = 0;
  virtual Result<std::int64_t> count(const Kind& kind, const KeyRange& range) = 0;
  virtual Result<std::int64_t> version(const Kind& kind) = 0;  // of the last write to what this kind is kept with

  // Each takes the next version, puts it into the object and tells watchers. `object` is whole: uid and name are set.
  virtual Result<Stored> insert(const Kind& kind, Object object) = 0;  // already_exists
  // conflict when the stored version is not `expected`; not_found. `before`, when the caller has it, is what is stored
  // as `expected`: it saves reading and parsing that again.
  virtual Result<Stored> replace(const Kind& kind, Object object, std::int64_t expected,
                                 const Object* before = nullptr) = 0;
  virtual Result<Stored> erase(const Kind& kind, Object last, std::int64_t expected,
                               const Object* before = nullptr) = 0;

  // Every change after that version (nullopt: from now on), in order, on the loop, never inside the call that made the
  // change. gone when it is older than the ring, or not given out yet. A watcher that fell so far behind that the ring
  // has passed it is told nullptr, once, and nothing more: as gone.
  using OnChange = std::function<void(const std::shared_ptr<const Change>&)>;
  virtual Result<std::unique_ptr<ChangeWatch>> watch(const Kind& kind, std::optional<std::int64_t> after,
                                                     OnChange on_change) = 0;

  // What was called so until now was another kind: a watch from before is gone. A restart forgets it.
  virtual void begin_history(const Kind& kind) = 0;

  // The uid of the object that holds what only one may hold (BackendOptions::claims); nullopt when it is free.
  virtual Result<std::optional<std::string>> holder_of(const std::string& claim) = 0;

  // Writes inside `work` share one transaction and are durable together or not at all (storage::Database::group(),
  // of the database that most kinds are in). The commit's outcome.
  virtual Result<> group(const std::function<void()>& work) = 0;

  // --- for the garbage collector (garbage.hpp): over all kinds, uids only -----------------------------------------
  virtual Result<std::optional<Located>> locate(const std::string& uid) = 0;
  virtual Result<std::vector<std::string>> owned_by(const std::string& owner_uid) = 0;  // that refer to it as an owner
  virtual Result<std::vector<std::string>> deleting() = 0;                              // that have a deletionTimestamp
  // With an owner reference that fits no object; also those whose owner is kept in another database.
  virtual Result<std::vector<std::string>> unowned() = 0;
  // The changes of all kinds, from now on.
  virtual Result<std::vector<std::unique_ptr<ChangeWatch>>> watch_all(OnChange on_change) = 0;
};

// The fields that selectors may name, beside labels: "spec.nodeName" -> "n1". Decides when a change keeps what was
// before.
using SelectableFields = std::function<std::map<std::string, std::string>(const Kind&, const Object&)>;

// What an object holds that no other may: addresses, ports. A write that takes what another holds is a conflict. Kinds
// for which it gives nullopt never hold anything.
using Claims = std::function<std::optional<std::vector<std::string>>(const Kind&, const Object&)>;

struct BackendOptions {
  SelectableFields selectable = {};
  Claims claims = {};  // not of volatile kinds
  std::size_t ring_size = 10'000;
};

// Whether a kind lives in the volatile database, with a version counter and a ring of its own: Events and Leases.
bool is_volatile(const Kind& kind);

// `database` may be shared with other rooms, and outlives the backend. `volatile_database` (Durability::normal) may be
// null: then everything is in one. Volatile objects that are in `database` are moved. Each ring keeps `ring_size`
// changes.
Result<std::unique_ptr<Backend>> make_sqlite_backend(core::World& world, storage::Database& database,
                                                     storage::Database* volatile_database, BackendOptions options = {});

// For a database that was restored from a backup, before it is used: every version that was ever given out is gone, so
// that nobody goes on watching from a version that now means something else. Nothing when there are no objects in it.
Result<> outdate_versions(storage::Database& database);

}  // namespace slipway::objects
