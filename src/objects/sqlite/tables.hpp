#pragma once
// The tables of the embedded store, as functions of one transaction. docs/internals/objects.md has the format.
// Decides nothing: what a write means is its caller's business.

#include <memory>
#include <span>
#include <vector>

#include "objects/backend.hpp"
#include "storage/database.hpp"

namespace slipway::objects::sqlite {

std::span<const storage::Migration> migrations();

// --- reading: inside read() and write() ---------------------------------------------------------------------------

Result<std::optional<Stored>> select_object(storage::Connection& connection, const Kind& kind, const Name& name);
Result<Presence> presence_of(storage::Connection& connection, const Kind& kind, const Name& name);
Result<> select_objects(storage::Connection& connection, const Kind& kind, const KeyRange& range,
                        const std::function<bool(Stored)>& visit);
// As select_objects(), of what was there at `version`: gone when a change since then does not say what was before.
Result<> select_objects_at(storage::Connection& connection, const Kind& kind, const KeyRange& range,
                           std::int64_t version, const std::function<bool(Stored)>& visit);
Result<std::int64_t> count_objects(storage::Connection& connection, const Kind& kind, const KeyRange& range);
Result<std::int64_t> current_version(storage::Connection& connection);

// Kept changes of a kind after `version`, at most `limit`. gone when some of them were dropped from the ring already,
// or `version` was not given out yet.
Result<std::vector<std::shared_ptr<const Change>>> select_changes(storage::Connection& connection, const Kind& kind,
                                                                  std::int64_t version, std::size_t limit);
// Whether select_changes() may begin there.
Result<> check_kept(storage::Connection& connection, std::int64_t version);

Result<std::optional<Located>> locate(storage::Connection& connection, const std::string& uid);
Result<std::vector<std::string>> select_owned(storage::Connection& connection, const std::string& owner_uid);
Result<std::vector<std::string>> select_deleting(storage::Connection& connection);
Result<std::vector<std::string>> select_unowned(storage::Connection& connection);

Result<std::optional<std::string>> holder_of(storage::Connection& connection, const std::string& claim);

// --- writing ------------------------------------------------------------------------------------------------------

// Each takes the next version, stamps it into the object, renders it once, and logs one change with `previous`, which
// is null or what the object was before. Keeps the last `ring_size` changes, and at most a thousandth more. What it
// refuses it refuses before its first change (storage::Database::write_checked).
class Writer {
 public:
  Writer(storage::Connection& connection, std::size_t ring_size) : connection_(connection), ring_size_(ring_size) {}
  // What the object of that uid holds from now on; conflict when another has some of it.
  Result<> put_claims(const std::string& uid, const std::vector<std::string>& claims);
  Result<Stored> insert(const Kind& kind, Object& object);  // already_exists
  // conflict when `expected` is not its version; not_found. `has_same_owners`: as the object that is replaced.
  Result<Stored> replace(const Kind& kind, Object& object, std::int64_t expected, const Object* previous,
                         bool has_same_owners);
  Result<Stored> erase(const Kind& kind, Object& object, std::int64_t expected, const Object* previous);

 private:
  Result<Stored> stamp(const Kind& kind, Object& object);
  Result<> log(const Kind& kind, EventType type, const Stored& stored, const Object* previous);
  Result<> put_owners(const Kind& kind, const Object& object, const std::string& uid, const std::string& ns);
  Result<> check_changed(const Kind& kind, const Name& name);
  storage::Connection& connection_;
  std::size_t ring_size_;
};

}  // namespace slipway::objects::sqlite
