#include "registry/entities/entities.hpp"

#include <charconv>

#include "core/digest.hpp"

namespace slipway::registry {
namespace {

// Contexts and artifacts count their ids apart, as in Kubeflow. SQLite holds NULLs distinct in a unique index, which
// is what artifacts without a parent need; models and experiments have parent 0.
constexpr storage::Migration migrations[] = {
    {1, R"(
      CREATE TABLE registry_contexts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL, parent INTEGER, name TEXT NOT NULL, external_id TEXT,
        created INTEGER NOT NULL, updated INTEGER NOT NULL,   -- milliseconds since the epoch
        fields TEXT NOT NULL                                  -- JSON
      );
      CREATE UNIQUE INDEX registry_contexts_name ON registry_contexts (kind, coalesce(parent, 0), name);
      CREATE UNIQUE INDEX registry_contexts_external ON registry_contexts (external_id);
      CREATE TABLE registry_artifacts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL, parent INTEGER, name TEXT NOT NULL, external_id TEXT,
        created INTEGER NOT NULL, updated INTEGER NOT NULL,
        fields TEXT NOT NULL
      );
      CREATE UNIQUE INDEX registry_artifacts_name ON registry_artifacts (kind, parent, name);
      CREATE UNIQUE INDEX registry_artifacts_external ON registry_artifacts (external_id);
      CREATE TABLE registry_attachments (
        context INTEGER NOT NULL, artifact INTEGER NOT NULL,
        PRIMARY KEY (context, artifact)
      ) WITHOUT ROWID;)"},
};

constexpr std::size_t max_name = 255;  // of "<parent>:<name>", as Kubeflow stores it

std::string table_of(bool artifacts) { return artifacts ? "registry_artifacts" : "registry_contexts"; }

storage::SqlValue nullable(const std::optional<std::int64_t>& value) {
  if (value) return *value;
  return nullptr;
}
storage::SqlValue nullable(const std::string& text) {
  if (!text.empty()) return text;
  return nullptr;
}

std::string select(bool artifacts) {
  return "SELECT e.id, e.kind, e.parent, e.name, e.external_id, e.created, e.updated, e.fields, p.kind, p.parent "
         "FROM " +
         table_of(artifacts) + " e LEFT JOIN registry_contexts p ON p.id = e.parent";
}

Result<Entity> entity_of(const storage::Row& row) {
  Entity entity;
  entity.id = row.integer(0);
  const auto* schema = find_schema(row.text(1));
  if (schema == nullptr) return fail(Code::data_loss, "the registry holds an unknown kind \"" + row.text(1) + "\"");
  entity.kind = schema->kind;
  if (!row.is_null(2)) entity.parent = row.integer(2);
  entity.name = row.text(3);
  if (!row.is_null(4)) entity.external_id = row.text(4);
  entity.created = row.integer(5);
  entity.updated = row.integer(6);
  TRY_ASSIGN(auto fields, doc::parse_json(row.text(7), "<registry row>"));
  if (fields.is_object()) entity.fields = std::move(fields.as_object());
  if (!row.is_null(8)) {
    if (const auto* parent = find_schema(row.text(8))) entity.parent_kind = parent->kind;
  }
  if (!row.is_null(9)) entity.grandparent = row.integer(9);
  return entity;
}

Result<std::vector<Entity>> read(storage::Connection& c, const std::string& sql, const storage::Args& args) {
  std::vector<Entity> entities;
  Result<> parsed;
  TRY(c.query(sql, args, [&](const storage::Row& row) {
    auto entity = entity_of(row);
    if (entity) {
      entities.push_back(std::move(*entity));
    } else if (parsed) {
      parsed = fail(std::move(entity).error());
    }
  }));
  TRY(std::move(parsed));
  return entities;
}

Result<std::optional<Entity>> find(storage::Connection& c, bool artifacts, std::int64_t id) {
  TRY_ASSIGN(auto found, read(c, select(artifacts) + " WHERE e.id = ?", {id}));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Result<> check_name(const Entity& entity) {
  const auto prefix = entity.parent ? std::to_string(*entity.parent).size() + 1 : 0;
  if (entity.name.size() + prefix <= max_name) return {};
  return fail(Code::invalid_argument, "the name is longer than " + std::to_string(max_name - prefix) + " bytes");
}

// "<id>:<value>" in base64: the last item of a page, and what it was ordered by.
struct Cursor {
  std::int64_t id = 0, value = 0;
};
Result<Cursor> parse_token(const std::string& token) {
  const auto refuse = [] { return fail(Code::invalid_argument, "invalid nextPageToken"); };
  if (token.size() > 1024) return refuse();
  const auto text = core::from_base64(token);
  if (!text) return refuse();
  const auto colon = text->find(':');
  if (colon == std::string::npos) return refuse();
  Cursor cursor;
  const char* begin = text->data();
  const char* end = begin + text->size();
  const auto id = std::from_chars(begin, begin + colon, cursor.id);
  const auto value = std::from_chars(begin + colon + 1, end, cursor.value);
  if (id.ec != std::errc() || id.ptr != begin + colon || value.ec != std::errc() || value.ptr != end) return refuse();
  return cursor;
}

std::string column_of(OrderBy order) {
  switch (order) {
    case OrderBy::created:
      return "e.created";
    case OrderBy::updated:
      return "e.updated";
    case OrderBy::id:
      break;
  }
  return "e.id";
}
std::int64_t value_of(const Entity& entity, OrderBy order) {
  switch (order) {
    case OrderBy::created:
      return entity.created;
    case OrderBy::updated:
      return entity.updated;
    case OrderBy::id:
      break;
  }
  return entity.id;
}

}  // namespace

Result<> migrate_entities(storage::Database& database) { return storage::migrate(database, "registry", migrations); }

Result<> insert(storage::Connection& c, Entity& entity) {
  TRY(check_name(entity));
  const auto& schema = schema_of(entity.kind);
  TRY(c.execute("INSERT INTO " + table_of(schema.is_artifact()) +
                    " (kind, parent, name, external_id, created, updated, fields) VALUES (?, ?, ?, ?, ?, ?, ?)",
                {std::string(schema.key), nullable(entity.parent), entity.name, nullable(entity.external_id),
                 entity.created, entity.updated, doc::render_json_canonical(entity.fields)}));
  entity.id = c.last_insert_id();
  return {};
}

Result<> update(storage::Connection& c, const Entity& entity) {
  return c.execute(
      "UPDATE " + table_of(schema_of(entity.kind).is_artifact()) +
          " SET external_id = ?, updated = ?, fields = ? WHERE id = ?",
      {nullable(entity.external_id), entity.updated, doc::render_json_canonical(entity.fields), entity.id});
}

Result<std::optional<Entity>> find_context(storage::Connection& c, std::int64_t id) { return find(c, false, id); }
Result<std::optional<Entity>> find_artifact(storage::Connection& c, std::int64_t id) { return find(c, true, id); }

Result<> attach(storage::Connection& c, std::int64_t context, std::int64_t artifact) {
  return c.execute("INSERT OR IGNORE INTO registry_attachments (context, artifact) VALUES (?, ?)", {context, artifact});
}

Result<EntityList> list(storage::Connection& c, const EntityFilter& filter, const Page& page) {
  std::string where;
  storage::Args args;
  const auto demand = [&](std::string_view condition, storage::SqlValue value) {
    where += (where.empty() ? " WHERE " : " AND ") + std::string(condition);
    args.push_back(std::move(value));
  };
  std::string from = select(filter.artifacts);
  if (filter.attached_to) {
    from += " JOIN registry_attachments a ON a.artifact = e.id";
    demand("a.context = ?", *filter.attached_to);
  }
  if (filter.kind) demand("e.kind = ?", std::string(schema_of(*filter.kind).key));
  if (filter.parent) demand("e.parent = ?", *filter.parent);
  if (filter.name) demand("e.name = ?", *filter.name);
  if (filter.external_id) demand("e.external_id = ?", *filter.external_id);
  const auto column = column_of(page.order_by);
  if (!page.token.empty()) {
    TRY_ASSIGN(const auto cursor, parse_token(page.token));
    demand("(" + column + ", e.id) " + (page.descending ? "<" : ">") + " (?, ?)", cursor.value);
    args.emplace_back(cursor.id);
  }
  const std::string direction = page.descending ? " DESC" : " ASC";
  std::string sql = from + where + " ORDER BY " + column + direction + ", e.id" + direction;
  if (page.size > 0) {
    sql += " LIMIT ?";
    args.emplace_back(page.size + 1);
  }
  EntityList result;
  TRY_ASSIGN(result.items, read(c, sql, args));
  if (page.size > 0 && static_cast<std::int64_t>(result.items.size()) > page.size) {
    result.items.pop_back();
    const auto& last = result.items.back();
    result.next_token = core::base64(std::to_string(last.id) + ":" + std::to_string(value_of(last, page.order_by)));
  }
  return result;
}

}  // namespace slipway::registry
