#pragma once
// Entities in the database: one row each, everything but identity in one JSON column, so that a list is one query.
// Functions work on a Connection, so that callers put several into one transaction.

#include <optional>
#include <string>
#include <vector>

#include "core/doc.hpp"
#include "registry/entities/schema.hpp"
#include "storage/database.hpp"

namespace slipway::registry {

struct Entity {
  std::int64_t id = 0;
  EntityKind kind = EntityKind::registered_model;
  std::optional<std::int64_t> parent;       // the model, the experiment, or what an artifact was made under
  std::optional<EntityKind> parent_kind;    // read only
  std::optional<std::int64_t> grandparent;  // read only: the experiment of a run's artifact
  std::string name;
  std::string external_id;                // "" when there is none
  std::int64_t created = 0, updated = 0;  // milliseconds since the epoch
  doc::Object fields;                     // what Schema::fields names, plus customProperties
};

Result<> migrate_entities(storage::Database& database);

// conflict when the name (among the parent's children of that kind) or the external id is taken; invalid_argument
// when the name is too long. Sets id.
Result<> insert(storage::Connection& connection, Entity& entity);
Result<> update(storage::Connection& connection, const Entity& entity);
// Among artifacts, or among everything else: the two count their ids apart.
Result<std::optional<Entity>> find_context(storage::Connection& connection, std::int64_t id);
Result<std::optional<Entity>> find_artifact(storage::Connection& connection, std::int64_t id);
// An artifact belongs to a version or run (or several).
Result<> attach(storage::Connection& connection, std::int64_t context, std::int64_t artifact);

struct EntityFilter {
  bool artifacts = false;
  std::optional<EntityKind> kind;  // artifacts only: none = every type
  std::optional<std::int64_t> parent;
  std::optional<std::int64_t> attached_to;  // artifacts of this version or run
  std::optional<std::string> name;
  std::optional<std::string> external_id;
};
enum class OrderBy { id, created, updated };
struct Page {
  OrderBy order_by = OrderBy::id;
  bool descending = false;
  std::int64_t size = 0;  // 0: no limit
  std::string token;      // of the previous page
};
struct EntityList {
  std::vector<Entity> items;
  std::string next_token;  // "" at the end
};
// invalid_argument for a token that is none.
Result<EntityList> list(storage::Connection& connection, const EntityFilter& filter, const Page& page = {});

}  // namespace slipway::registry
