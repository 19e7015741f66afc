#pragma once
// The tables of the embedded store, and one transaction's view of them. docs/internals/objects.md has the format.
// Decides nothing: what a write means is semantics.hpp.

#include <span>

#include "objects/sqlite/watch_hub.hpp"
#include "storage/database.hpp"

namespace slipway::objects::sqlite {

std::span<const storage::Migration> migrations();

// Reading. Every function may be used inside read() and write().
Result<std::optional<Object>> select_object(storage::Connection& connection, const Kind& kind, const Name& name);
// Objects after `after` (by namespace, then name), in order; `limit` 0 is all.
Result<> select_objects(storage::Connection& connection, const Kind& kind, const std::string& ns,
                        const std::optional<Name>& after, std::size_t limit,
                        const std::function<Result<>(Object)>& each);
Result<std::int64_t> current_version(storage::Connection& connection);
// Kept events of a kind after `version`; gone when some of them were dropped from the ring already.
Result<std::vector<WatchEvent>> select_events(storage::Connection& connection, const Kind& kind, std::int64_t version);
// Objects with an owner reference to `owner_uid`.
Result<std::vector<Object>> select_owned(storage::Connection& connection, const std::string& owner_uid);
// Uids that are referred to as owners and do not exist.
Result<std::vector<std::string>> select_missing_owners(storage::Connection& connection);
Result<bool> exists_uid(storage::Connection& connection, const std::string& uid);

// Writing. Each call takes the next resourceVersion, stamps it into the object and logs one event. The changes are
// published by the caller when the transaction is durable.
class Writer {
 public:
  Writer(storage::Connection& connection, std::size_t ring_size) : connection_(connection), ring_size_(ring_size) {}
  Result<> insert(const Kind& kind, Object& object);
  Result<> replace(const Kind& kind, Object& object);
  Result<> erase(const Kind& kind, Object& object);
  storage::Connection& connection() { return connection_; }
  std::vector<Change>& changes() { return changes_; }

 private:
  Result<> log(const Kind& kind, EventType type, Object& object);
  Result<> put_owners(const Object& object);
  storage::Connection& connection_;
  std::size_t ring_size_;
  std::vector<Change> changes_;
};

}  // namespace slipway::objects::sqlite
