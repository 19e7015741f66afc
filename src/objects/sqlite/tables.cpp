#include "objects/sqlite/tables.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "objects/semantics.hpp"

namespace slipway::objects::sqlite {
namespace {

// object holds what is, object_event what happened last (a ring by rv), object_owner what the garbage collector asks,
// object_version the version from before the ring's newest event, where there is none.
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
)sql"},
                                 storage::Migration{2, R"sql(
ALTER TABLE object_event ADD COLUMN previous TEXT;
ALTER TABLE object ADD COLUMN deleting INTEGER NOT NULL DEFAULT 0;
UPDATE object SET deleting = 1 WHERE json_extract(body, '$.metadata.deletionTimestamp') IS NOT NULL;
CREATE INDEX object_deleting ON object (id) WHERE deleting = 1;
DROP TABLE object_owner;
CREATE TABLE object_owner (
  id INTEGER PRIMARY KEY, owner_uid TEXT NOT NULL, grp TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
  uid TEXT NOT NULL, ns TEXT NOT NULL);
CREATE INDEX object_owner_owner ON object_owner (owner_uid);
CREATE INDEX object_owner_uid ON object_owner (uid);
INSERT INTO object_owner (owner_uid, grp, kind, name, uid, ns)
  SELECT coalesce(json_extract(r.value, '$.uid'), ''),
    CASE instr(json_extract(r.value, '$.apiVersion'), '/') WHEN 0 THEN ''
      ELSE coalesce(substr(json_extract(r.value, '$.apiVersion'), 1,
                           instr(json_extract(r.value, '$.apiVersion'), '/') - 1), '') END,
    coalesce(json_extract(r.value, '$.kind'), ''), coalesce(json_extract(r.value, '$.name'), ''), o.uid, o.ns
  FROM object o, json_each(o.body, '$.metadata.ownerReferences') r;
)sql"},
                                 storage::Migration{3, R"sql(
CREATE TABLE object_claim (claim TEXT PRIMARY KEY, uid TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX object_claim_uid ON object_claim (uid);
)sql"},
                                 storage::Migration{4, "-- object_version is the newest event's, or a later one"}};

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

Result<Object> parse_body(std::string_view body) {
  auto value = doc::parse_json(body, "<object store>");
  if (!value) return fail(Error(Code::data_loss, "a stored object is not JSON").because(std::move(value).error()));
  return Object(std::move(*value));
}

// grp, kind, ns, name: the key of the object table.
storage::Args key_of(const Kind& kind, const Name& name) {
  return {std::string(kind.group), std::string(kind.kind), name.ns, name.name};
}

std::string narrowed(std::string sql, const Kind& kind, const KeyRange& range, storage::Args& args) {
  sql += " FROM object WHERE grp = ? AND kind = ?";
  args = {std::string(kind.group), std::string(kind.kind)};
  if (!range.ns.empty()) {
    sql += range.after ? " AND ns = ? AND name > ?" : " AND ns = ?";
    args.emplace_back(range.ns);
  } else if (range.after) {
    sql += " AND (ns, name) > (?, ?)";
    args.emplace_back(range.after->ns);
  }
  if (range.after) args.emplace_back(range.after->name);
  return sql;
}

Result<std::vector<std::string>> select_texts(storage::Connection& connection, std::string_view sql,
                                              const storage::Args& args) {
  std::vector<std::string> texts;
  TRY(connection.query(sql, args, [&](const storage::Row& row) { texts.push_back(row.text(0)); }));
  return texts;
}

Result<std::shared_ptr<const Change>> change_from(const Kind& kind, const storage::Row& row) {
  auto change = std::make_shared<Change>();
  change->type = event_type_from(row.text(1));
  change->kind = kind;
  change->version = row.integer(0);
  change->body = row.text(2);
  TRY_ASSIGN(change->object, parse_body(change->body));
  if (!row.is_null(3)) {
    TRY_ASSIGN(change->previous, parse_body(row.text(3)));
  }
  return change;
}

}  // namespace

std::span<const storage::Migration> migrations() { return kMigrations; }

Result<std::optional<Stored>> select_object(storage::Connection& connection, const Kind& kind, const Name& name) {
  std::optional<Stored> found;
  TRY(connection.query("SELECT rv, body FROM object WHERE grp = ? AND kind = ? AND ns = ? AND name = ?",
                       key_of(kind, name),
                       [&](const storage::Row& row) { found = Stored{name, row.integer(0), row.text(1)}; }));
  return found;
}

Result<Presence> presence_of(storage::Connection& connection, const Kind& kind, const Name& name) {
  auto presence = Presence::absent;
  TRY(connection.query(
      "SELECT deleting FROM object WHERE grp = ? AND kind = ? AND ns = ? AND name = ?", key_of(kind, name),
      [&](const storage::Row& row) { presence = row.integer(0) != 0 ? Presence::being_deleted : Presence::present; }));
  return presence;
}

Result<> select_objects(storage::Connection& connection, const Kind& kind, const KeyRange& range,
                        const std::function<bool(Stored)>& visit) {
  storage::Args args;
  const auto sql = narrowed("SELECT ns, name, rv, body", kind, range, args) + " ORDER BY ns, name";
  return connection.scan(sql, args, [&](const storage::Row& row) {
    return visit(Stored{{row.text(0), row.text(1)}, row.integer(2), row.text(3)});
  });
}

namespace {

// What was there at `version` of what changed since; nullopt: it was not there.
using Before = std::map<Name, std::optional<Stored>>;

Result<Before> select_before(storage::Connection& connection, const Kind& kind, std::int64_t version) {
  TRY(check_kept(connection, version));
  Before before;
  bool is_known = true;
  TRY(connection.scan(
      "SELECT type, coalesce(json_extract(body, '$.metadata.namespace'), ''), json_extract(body, '$.metadata.name'), "
      "previous, json_extract(previous, '$.metadata.resourceVersion') "
      "FROM object_event WHERE rv > ? AND grp = ? AND kind = ? ORDER BY rv",
      {version, std::string(kind.group), std::string(kind.kind)}, [&](const storage::Row& row) {
        const Name name{row.text(1), row.text(2)};
        if (before.contains(name)) return true;
        if (event_type_from(row.text(0)) == EventType::added) {
          before.emplace(name, std::nullopt);
        } else if (row.is_null(3)) {
          is_known = false;
        } else {
          before.emplace(name, Stored{name, row.integer(4), row.text(3)});
        }
        return is_known;
      }));
  if (is_known) return before;
  return fail(Code::gone, "what was there at resource version " + std::to_string(version) + " is not known any more");
}

}  // namespace

Result<> select_objects_at(storage::Connection& connection, const Kind& kind, const KeyRange& range,
                           std::int64_t version, const std::function<bool(Stored)>& visit) {
  TRY_ASSIGN(auto before, select_before(connection, kind, version));
  auto next = range.after ? before.upper_bound(*range.after) : before.begin();
  bool goes_on = true;
  // What was there then and has gone since, in front of `name` (null: the end).
  const auto visit_gone = [&](const Name* name) {
    for (; goes_on && next != before.end() && (name == nullptr || next->first < *name); ++next) {
      const bool is_wanted = next->second && (range.ns.empty() || next->first.ns == range.ns);
      if (is_wanted) goes_on = visit(std::move(*next->second));
    }
  };
  TRY(select_objects(connection, kind, range, [&](Stored stored) {
    visit_gone(&stored.name);
    if (!goes_on) return false;
    if (next == before.end() || next->first != stored.name) return goes_on = visit(std::move(stored));
    auto was = std::move(next->second);
    ++next;
    if (was) goes_on = visit(std::move(*was));
    return goes_on;
  }));
  visit_gone(nullptr);
  return {};
}

Result<std::optional<std::string>> holder_of(storage::Connection& connection, const std::string& claim) {
  std::optional<std::string> uid;
  TRY(connection.query("SELECT uid FROM object_claim WHERE claim = ?", {claim},
                       [&](const storage::Row& row) { uid = row.text(0); }));
  return uid;
}

Result<std::int64_t> count_objects(storage::Connection& connection, const Kind& kind, const KeyRange& range) {
  storage::Args args;
  const auto sql = narrowed("SELECT count(*)", kind, range, args);
  std::int64_t count = 0;
  TRY(connection.query(sql, args, [&](const storage::Row& row) { count = row.integer(0); }));
  return count;
}

Result<std::int64_t> current_version(storage::Connection& connection) {
  std::int64_t version = 0;
  TRY(connection.query("SELECT max(rv, coalesce((SELECT max(rv) FROM object_event), 0)) FROM object_version", {},
                       [&](const storage::Row& row) { version = row.integer(0); }));
  return version;
}

Result<> check_kept(storage::Connection& connection, std::int64_t version) {
  TRY_ASSIGN(const auto current, current_version(connection));
  std::int64_t oldest = current + 1;
  TRY(connection.query("SELECT MIN(rv) FROM object_event", {}, [&](const storage::Row& row) {
    if (!row.is_null(0)) oldest = row.integer(0);
  }));
  // A version from the future was given by another database (a restored backup): its holder must list again too.
  if (version >= oldest - 1 && version <= current) return {};
  return fail(Code::gone, "too old resource version: " + std::to_string(version) + " (" + std::to_string(oldest) + ")",
              "list again and watch from the list's resourceVersion");
}

Result<std::vector<std::shared_ptr<const Change>>> select_changes(storage::Connection& connection, const Kind& kind,
                                                                  std::int64_t version, std::size_t limit) {
  TRY(check_kept(connection, version));
  std::vector<std::shared_ptr<const Change>> changes;
  Result<> outcome;
  TRY(connection.scan(
      "SELECT rv, type, body, previous FROM object_event WHERE rv > ? AND grp = ? AND kind = ? ORDER BY rv LIMIT ?",
      {version, std::string(kind.group), std::string(kind.kind), static_cast<std::int64_t>(limit)},
      [&](const storage::Row& row) {
        auto change = change_from(kind, row);
        if (!change) {
          outcome = fail(std::move(change).error());
          return false;
        }
        changes.push_back(std::move(*change));
        return true;
      }));
  TRY(std::move(outcome));
  return changes;
}

Result<std::optional<Located>> locate(storage::Connection& connection, const std::string& uid) {
  std::optional<Located> found;
  TRY(connection.query("SELECT grp, kind, ns, name, deleting FROM object WHERE uid = ?", {uid},
                       [&](const storage::Row& row) {
                         found = Located{row.text(0), row.text(1), {row.text(2), row.text(3)}, row.integer(4) != 0};
                       }));
  return found;
}

Result<std::vector<std::string>> select_owned(storage::Connection& connection, const std::string& owner_uid) {
  return select_texts(connection, "SELECT DISTINCT uid FROM object_owner WHERE owner_uid = ? ORDER BY id", {owner_uid});
}

Result<std::vector<std::string>> select_deleting(storage::Connection& connection) {
  return select_texts(connection, "SELECT uid FROM object WHERE deleting = 1 ORDER BY id", {});
}

Result<std::vector<std::string>> select_unowned(storage::Connection& connection) {
  return select_texts(connection,
                      "SELECT DISTINCT o.uid FROM object_owner o WHERE NOT EXISTS (SELECT 1 FROM object "
                      "WHERE uid = o.owner_uid AND grp = o.grp AND kind = o.kind AND name = o.name "
                      "AND (ns = o.ns OR ns = ''))",
                      {});
}

namespace {

// Lists of built-in kinds leave both out of their items: they are cut off, without a look at the rest.
void put_type_first(doc::Value& document) {
  auto& members = document.as_object();
  const auto at = [&](std::size_t index) { return (members.begin() + static_cast<std::ptrdiff_t>(index))->first; };
  if (members.size() >= 2 && at(0) == "kind" && at(1) == "apiVersion") return;
  doc::Object ordered;
  for (const auto* key : {"kind", "apiVersion"}) {
    if (auto* value = members.find(key)) ordered.append(key, std::move(*value));
  }
  for (auto& [key, value] : members) {
    if (key != "kind" && key != "apiVersion") ordered.append(key, std::move(value));
  }
  members = std::move(ordered);
}

}  // namespace

Result<Stored> Writer::stamp(const Kind& kind, Object& object) {
  Stored stored;
  stored.name = object.name();
  if (!kind.namespaced) stored.name.ns.clear();
  TRY_ASSIGN(stored.version, current_version(connection_));
  ++stored.version;
  object.document().at_or_insert("metadata").at_or_insert("resourceVersion") = std::to_string(stored.version);
  put_type_first(object.document());
  stored.body = doc::render_json(object.document());
  return stored;
}

Result<> Writer::log(const Kind& kind, EventType type, const Stored& stored, const Object* previous) {
  storage::SqlValue before;
  if (previous != nullptr) before = doc::render_json(previous->document());
  TRY(connection_.execute("INSERT INTO object_event (rv, type, grp, kind, body, previous) VALUES (?, ?, ?, ?, ?, ?)",
                          {stored.version, std::string(text_of(type)), std::string(kind.group), std::string(kind.kind),
                           stored.body, std::move(before)}));
  const auto ring_size = static_cast<std::int64_t>(ring_size_);
  if (stored.version % std::max<std::int64_t>(ring_size / 1000, 1) != 0) return {};
  return connection_.execute("DELETE FROM object_event WHERE rv <= ?", {stored.version - ring_size});
}

Result<> Writer::put_owners(const Kind& kind, const Object& object, const std::string& uid, const std::string& ns) {
  for (const auto& owner : object.owners()) {
    const std::string group(group_version_of(owner.api_version).group);
    TRY(connection_.execute("INSERT INTO object_owner (owner_uid, grp, kind, name, uid, ns) VALUES (?, ?, ?, ?, ?, ?)",
                            {owner.uid, group, owner.kind, owner.name, uid, kind.namespaced ? ns : std::string()}));
  }
  return {};
}

Result<> Writer::put_claims(const std::string& uid, const std::vector<std::string>& claims) {
  TRY(connection_.execute("DELETE FROM object_claim WHERE uid = ?", {uid}));
  for (const auto& claim : claims) {
    TRY(connection_.execute("INSERT INTO object_claim (claim, uid) VALUES (?, ?)", {claim, uid}));
  }
  return {};
}

Result<Stored> Writer::insert(const Kind& kind, Object& object) {
  TRY_ASSIGN(auto stored, stamp(kind, object));
  const auto uid = object.uid();
  auto inserted = connection_.execute(
      "INSERT INTO object (grp, kind, ns, name, rv, uid, body, deleting) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      {std::string(kind.group), std::string(kind.kind), stored.name.ns, stored.name.name, stored.version, uid,
       stored.body, std::int64_t{object.is_being_deleted()}});
  if (!inserted) {
    const bool is_taken =
        inserted.error().code == Code::conflict && inserted.error().message.find("object.name") != std::string::npos;
    return fail(is_taken ? already_exists_error(kind, stored.name) : std::move(inserted).error());
  }
  TRY(log(kind, EventType::added, stored, nullptr));
  TRY(put_owners(kind, object, uid, stored.name.ns));
  return stored;
}

// After a statement that names key and version: it found its row, or says why not.
Result<> Writer::check_changed(const Kind& kind, const Name& name) {
  if (connection_.changed_rows() == 1) return {};
  TRY_ASSIGN(const auto found, select_object(connection_, kind, name));
  return fail(found ? conflict_error(kind, name) : not_found_error(kind, name));
}

Result<Stored> Writer::replace(const Kind& kind, Object& object, std::int64_t expected, const Object* previous,
                               bool has_same_owners) {
  TRY_ASSIGN(auto stored, stamp(kind, object));
  const auto uid = object.uid();
  TRY(connection_.execute(
      "UPDATE object SET rv = ?, body = ?, deleting = ? "
      "WHERE grp = ? AND kind = ? AND ns = ? AND name = ? AND rv = ? AND uid = ?",
      {stored.version, stored.body, std::int64_t{object.is_being_deleted()}, std::string(kind.group),
       std::string(kind.kind), stored.name.ns, stored.name.name, expected, uid}));
  TRY(check_changed(kind, stored.name));
  TRY(log(kind, EventType::modified, stored, previous));
  if (has_same_owners) return stored;
  TRY(connection_.execute("DELETE FROM object_owner WHERE uid = ?", {uid}));
  TRY(put_owners(kind, object, uid, stored.name.ns));
  return stored;
}

Result<Stored> Writer::erase(const Kind& kind, Object& object, std::int64_t expected, const Object* previous) {
  TRY_ASSIGN(auto stored, stamp(kind, object));
  const auto uid = object.uid();
  TRY(connection_.execute(
      "DELETE FROM object WHERE grp = ? AND kind = ? AND ns = ? AND name = ? AND rv = ? AND uid = ?",
      {std::string(kind.group), std::string(kind.kind), stored.name.ns, stored.name.name, expected, uid}));
  TRY(check_changed(kind, stored.name));
  TRY(log(kind, EventType::deleted, stored, previous));
  TRY(connection_.execute("DELETE FROM object_owner WHERE uid = ?", {uid}));
  return stored;
}

}  // namespace slipway::objects::sqlite
