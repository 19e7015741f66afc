#pragma once
// Backend: where an API server of our own keeps objects: bytes by key, one version counter, a ring of the last changes.
// Knows nothing of what a write means (defaults, ownership, deletion): that is verbs' business, and Store's for
// controllers. Embedded: SQLite (make_sqlite_backend).
//
// Thread: the control loop only. A write is durable on return, or with the storage::Database::group() around it.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/world/world.hpp"
#include "objects/store.hpp"

namespace slipway::objects {

// One object as it is kept.
struct Stored {
  Name name;
  std::int64_t version = 0;  // metadata.resourceVersion
  std::string body;          // compact JSON, resourceVersion included, in the version that its kind is stored as

  Result<Object> parse() const;  // data_loss when the bytes are not JSON
};

// One change as watchers are told it; one copy for all of them.
struct Change {
  EventType type = EventType::modified;  // never bookmark
  Kind kind;
  std::int64_t version = 0;
  Object object;     // as it is now; a deleted one as it was last, with the deletion's resourceVersion
  std::string body;  // of `object`
  // As it was before, when its labels or selectable fields were others; they are `object`'s when absent.
  std::optional<Object> previous;
};

struct KeyRange {
  std::string ns;             // empty: all namespaces
  std::optional<Name> after;  // of the last page
};

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
  // Objects in order of namespace, then name, until `visit` says false. Returns the version that the answer is of.
  virtual Result<std::int64_t> list(const Kind& kind, const KeyRange& range,
                                    const std::function<bool(Stored)>& visit) = 0;
  virtual Result<std::int64_t> count(const Kind& kind, const KeyRange& range) = 0;
  virtual Result<std::int64_t> version(const Kind& kind) = 0;  // of the last write to what this kind is kept with

  // Each takes the next version, puts it into the object and tells watchers. `object` is whole: uid and name are set.
  virtual Result<Stored> insert(const Kind& kind, Object object) = 0;  // already_exists
  // conflict when the stored version is not `expected`; not_found.
  virtual Result<Stored> replace(const Kind& kind, Object object, std::int64_t expected) = 0;
  virtual Result<Stored> erase(const Kind& kind, Object last, std::int64_t expected) = 0;

  // Every change after that version (nullopt: from now on), in order, on the loop, never inside the call that made the
  // change. gone when it is older than the ring, or not given out yet.
  using OnChange = std::function<void(const std::shared_ptr<const Change>&)>;
  virtual Result<std::unique_ptr<ChangeWatch>> watch(const Kind& kind, std::optional<std::int64_t> after,
                                                     OnChange on_change) = 0;
};

}  // namespace slipway::objects
