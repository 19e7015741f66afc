#include "objects/sqlite/tables.hpp"

#include <array>

namespace slipway::objects::sqlite {
namespace {

// object holds what is, event what happened last (a ring by rv), object_owner what the garbage collector asks.
constexpr std::array kMigrations{storage::Migration{1, R"sql(
CREATE TABLE object (
  id INTEGER PRIMARY KEY, grp TEXT NOT NULL, kind TEXT NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL,
  rv INTEGER NOT NULL, uid TEXT NOT NULL UNIQUE, body TEXT NOT NULL, UNIQUE (grp, kind, ns, name));
CREATE TABLE object_owner (
  id INTEGER PRIMARY KEY, owner_uid TEXT NOT NULL, uid TEXT NOT NULL, UNIQUE (owner_uid, uid));
CREATE INDEX object_owner_uid ON object_owner (uid);
CREATE TABLE object_event (
  rv INTEGER PRIMARY KEY, type TEXT NOT NULL, grp TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE object_version (id INTEGER PRIMARY KEY CHECK (id = 1), rv INTEGER NOT NULL);
INSERT INTO object_version (id, rv) VALUES (1, 0);
)sql"}};

std::string_view text_of(EventType type) {
  switch (type) {
    case EventType::added:
      return "ADDED";
    case EventType::modified:
      return "MODIFIED";
    case EventType::deleted:
      return "DELETED";
    case EventType::bookmark:
      break;
  }
  return "BOOKMARK";
}

EventType event_type_from(std::string_view text) {
  if (text == "ADDED") return EventType::added;
  return text == "DELETED" ? EventType::deleted : EventType::modified;
}

Result<Object> object_from(const std::string& body) {
  auto value = doc::parse_json(body, "<object store>");
  if (!value) return fail(Error(Code::data_loss, "a stored object is not JSON").because(std::move(value).error()));
  return Object(std::move(*value));
}

// Runs a query whose rows each give a body, stopping to parse at the first one that is broken.
Result<> query_objects(storage::Connection& connection, std::string_view sql, const storage::Args& args, int column,
                       const std::function<Result<>(const storage::Row&, Object)>& each) {
  Result<> outcome;
  TRY(connection.query(sql, args, [&](const storage::Row& row) {
    if (!outcome) return;
    auto object = object_from(row.text(column));
    outcome = object ? each(row, std::move(*object)) : Result<>(fail(std::move(object).error()));
  }));
  return outcome;
}

}  // namespace

std::span<const storage::Migration> migrations() { return kMigrations; }

Result<std::optional<Object>> select_object(storage::Connection& connection, const Kind& kind, const Name& name) {
  std::optional<Object> found;
  TRY(query_objects(connection, "SELECT body FROM object WHERE grp = ? AND kind = ? AND ns = ? AND name = ?",
                    {std::string(kind.group), std::string(kind.kind), name.ns, name.name}, 0,
                    [&](const storage::Row&, Object object) -> Result<> {
                      found = std::move(object);
                      return {};
                    }));
  return found;
}

Result<> select_objects(storage::Connection& connection, const Kind& kind, const std::string& ns,
                        const std::optional<Name>& after, std::size_t limit,
                        const std::function<Result<>(Object)>& each) {
  std::string sql = "SELECT body FROM object WHERE grp = ? AND kind = ?";
  storage::Args args{std::string(kind.group), std::string(kind.kind)};
  if (!ns.empty()) {
    sql += " AND ns = ?";
    args.emplace_back(ns);
  }
  if (after) {
    sql += " AND (ns, name) > (?, ?)";
    args.emplace_back(after->ns);
    args.emplace_back(after->name);
  }
  sql += " ORDER BY ns, name";
  if (limit > 0) {
    sql += " LIMIT ?";
    args.emplace_back(static_cast<std::int64_t>(limit));
  }
  return query_objects(connection, sql, args, 0,
                       [&](const storage::Row&, Object object) { return each(std::move(object)); });
}

Result<std::int64_t> current_version(storage::Connection& connection) {
  std::int64_t version = 0;
  TRY(connection.query("SELECT rv FROM object_version", {},
                       [&](const storage::Row& row) { version = row.integer(0); }));
  return version;
}

Result<std::vector<WatchEvent>> select_events(storage::Connection& connection, const Kind& kind, std::int64_t version) {
  TRY_ASSIGN(const auto current, current_version(connection));
  std::int64_t oldest = current + 1;
  TRY(connection.query("SELECT MIN(rv) FROM object_event", {}, [&](const storage::Row& row) {
    if (!row.is_null(0)) oldest = row.integer(0);
  }));
  // A version from the future was given by another database (a restored backup): its holder must list again too.
  if (version < oldest - 1 || version > current) {
    return fail(Code::gone,
                "too old resource version: " + std::to_string(version) + " (" + std::to_string(oldest) + ")",
                "list again and watch from the list's resourceVersion");
  }
  std::vector<WatchEvent> events;
  TRY(query_objects(connection, "SELECT body, type FROM object_event WHERE rv > ? AND grp = ? AND kind = ? ORDER BY rv",
                    {version, std::string(kind.group), std::string(kind.kind)}, 0,
                    [&](const storage::Row& row, Object object) -> Result<> {
                      events.push_back({event_type_from(row.text(1)), std::move(object)});
                      return {};
                    }));
  return events;
}

Result<std::vector<Object>> select_owned(storage::Connection& connection, const std::string& owner_uid) {
  std::vector<Object> owned;
  TRY(query_objects(
      connection, "SELECT body FROM object WHERE uid IN (SELECT uid FROM object_owner WHERE owner_uid = ?) ORDER BY id",
      {owner_uid}, 0, [&](const storage::Row&, Object object) -> Result<> {
        owned.push_back(std::move(object));
        return {};
      }));
  return owned;
}

Result<std::vector<std::string>> select_missing_owners(storage::Connection& connection) {
  std::vector<std::string> uids;
  TRY(connection.query("SELECT DISTINCT owner_uid FROM object_owner WHERE owner_uid NOT IN (SELECT uid FROM object)",
                       {}, [&](const storage::Row& row) { uids.push_back(row.text(0)); }));
  return uids;
}

Result<bool> exists_uid(storage::Connection& connection, const std::string& uid) {
  bool exists = false;
  TRY(connection.query("SELECT 1 FROM object WHERE uid = ?", {uid}, [&](const storage::Row&) { exists = true; }));
  return exists;
}

Result<> Writer::log(const Kind& kind, EventType type, Object& object) {
  TRY(connection_.execute("UPDATE object_version SET rv = rv + 1"));
  TRY_ASSIGN(const auto version, current_version(connection_));
  object.document().at_or_insert("metadata").at_or_insert("resourceVersion") = std::to_string(version);
  TRY(connection_.execute("INSERT INTO object_event (rv, type, grp, kind, body) VALUES (?, ?, ?, ?, ?)",
                          {version, std::string(text_of(type)), std::string(kind.group), std::string(kind.kind),
                           doc::render_json(object.document())}));
  TRY(connection_.execute("DELETE FROM object_event WHERE rv <= ?", {version - static_cast<std::int64_t>(ring_size_)}));
  changes_.push_back({kind, {type, object}});
  return {};
}

Result<> Writer::put_owners(const Object& object) {
  for (const auto& owner : object.owners()) {
    TRY(connection_.execute("INSERT OR IGNORE INTO object_owner (owner_uid, uid) VALUES (?, ?)",
                            {owner.uid, object.uid()}));
  }
  return {};
}

Result<> Writer::insert(const Kind& kind, Object& object) {
  TRY(log(kind, EventType::added, object));
  const auto name = object.name();
  TRY(connection_.execute("INSERT INTO object (grp, kind, ns, name, rv, uid, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
                          {std::string(kind.group), std::string(kind.kind), name.ns, name.name,
                           static_cast<std::int64_t>(std::stoll(object.resource_version())), object.uid(),
                           doc::render_json(object.document())}));
  return put_owners(object);
}

Result<> Writer::replace(const Kind& kind, Object& object) {
  TRY(log(kind, EventType::modified, object));
  TRY(connection_.execute("UPDATE object SET rv = ?, body = ? WHERE uid = ?",
                          {static_cast<std::int64_t>(std::stoll(object.resource_version())),
                           doc::render_json(object.document()), object.uid()}));
  TRY(connection_.execute("DELETE FROM object_owner WHERE uid = ?", {object.uid()}));
  return put_owners(object);
}

Result<> Writer::erase(const Kind& kind, Object& object) {
  TRY(log(kind, EventType::deleted, object));
  TRY(connection_.execute("DELETE FROM object WHERE uid = ?", {object.uid()}));
  return connection_.execute("DELETE FROM object_owner WHERE uid = ?", {object.uid()});
}

}  // namespace slipway::objects::sqlite
