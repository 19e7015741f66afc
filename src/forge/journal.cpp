#include "forge/journal.hpp"

#include <map>

namespace slipway::forge {
namespace {

constexpr storage::Migration migrations[] = {
    {1, R"(
      CREATE TABLE forge_repositories (
        name TEXT PRIMARY KEY,
        created INTEGER NOT NULL,
        pushing TEXT                 -- who is pushing right now; NULL when nobody
      );
      CREATE TABLE forge_refs (
        repository TEXT NOT NULL, ref TEXT NOT NULL, object TEXT NOT NULL, commit_id TEXT NOT NULL,
        PRIMARY KEY (repository, ref)
      );
      CREATE TABLE forge_pushes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        repository TEXT NOT NULL, ref TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
        actor TEXT NOT NULL, author TEXT NOT NULL, subject TEXT NOT NULL,
        at INTEGER NOT NULL,         -- microseconds since the epoch
        announced INTEGER NOT NULL DEFAULT 0
      );
      CREATE INDEX forge_pushes_by_repository ON forge_pushes (repository, id);
      CREATE INDEX forge_pushes_unannounced ON forge_pushes (id) WHERE announced = 0;)"},
};

constexpr std::string_view columns = "id, repository, ref, before, after, actor, author, subject, at";

Push push_of(const storage::Row& row) {
  Push push;
  push.id = row.integer(0);
  push.repository = row.text(1);
  push.ref = row.text(2);
  push.before = row.text(3);
  push.after = row.text(4);
  push.actor = row.text(5);
  push.author = row.text(6);
  push.subject = row.text(7);
  push.at = Time(Duration(row.integer(8)));
  return push;
}

struct Recorded {
  std::string object, commit;
};

Result<> insert(storage::Connection& c, Push& push) {
  TRY(
      c.execute("INSERT INTO forge_pushes (repository, ref, before, after, actor, author, subject, at) VALUES (?, ?, "
                "?, ?, ?, ?, ?, ?)",
                {push.repository, push.ref, push.before, push.after, push.actor, push.author, push.subject,
                 push.at.time_since_epoch().count()}));
  push.id = c.last_insert_id();
  return {};
}

}  // namespace

Result<> Journal::open() { return storage::migrate(database_, "forge", migrations); }

Result<bool> Journal::has(const std::string& repository) const {
  bool found = false;
  TRY(database_.read([&](storage::Connection& c) {
    return c.query("SELECT 1 FROM forge_repositories WHERE name = ?", {repository},
                   [&](const storage::Row&) { found = true; });
  }));
  return found;
}

Result<> Journal::add(const std::string& repository, Time now) {
  return database_.write([&](storage::Connection& c) {
    return c.execute("INSERT OR IGNORE INTO forge_repositories (name, created) VALUES (?, ?)",
                     {repository, now.time_since_epoch().count()});
  });
}

Result<std::vector<std::string>> Journal::repositories() const {
  std::vector<std::string> names;
  TRY(database_.read([&](storage::Connection& c) {
    return c.query("SELECT name FROM forge_repositories ORDER BY name", {},
                   [&](const storage::Row& row) { names.push_back(row.text(0)); });
  }));
  return names;
}

Result<> Journal::intend(const std::string& repository, const std::string& actor) {
  return database_.write([&](storage::Connection& c) {
    return c.execute("UPDATE forge_repositories SET pushing = ? WHERE name = ?", {actor, repository});
  });
}

Result<std::vector<Push>> Journal::settle(const std::string& repository, const std::vector<Ref>& refs, Time now) {
  std::vector<Push> pushes;
  TRY(database_.write([&](storage::Connection& c) -> Result<> {
    pushes.clear();
    std::string actor;
    TRY(c.query("SELECT pushing FROM forge_repositories WHERE name = ?", {repository}, [&](const storage::Row& row) {
      if (!row.is_null(0)) actor = row.text(0);
    }));
    std::map<std::string, Recorded> recorded;
    TRY(c.query("SELECT ref, object, commit_id FROM forge_refs WHERE repository = ?", {repository},
                [&](const storage::Row& row) { recorded[row.text(0)] = {row.text(1), row.text(2)}; }));

    Push push;
    push.repository = repository;
    push.actor = actor;
    push.at = now;
    for (const auto& ref : refs) {
      const auto known = recorded.find(ref.name);
      const bool is_new = known == recorded.end();
      if (!is_new && known->second.object == ref.object) {
        recorded.erase(known);
        continue;
      }
      push.ref = ref.name;
      push.before = is_new ? std::string(zero_commit) : known->second.commit;
      push.after = ref.commit;
      push.author = ref.author;
      push.subject = ref.subject;
      TRY(insert(c, push));
      pushes.push_back(push);
      TRY(c.execute("INSERT OR REPLACE INTO forge_refs (repository, ref, object, commit_id) VALUES (?, ?, ?, ?)",
                    {repository, ref.name, ref.object, ref.commit}));
      if (!is_new) recorded.erase(known);
    }
    for (const auto& [name, gone] : recorded) {
      push.ref = name;
      push.before = gone.commit;
      push.after = zero_commit;
      push.author.clear();
      push.subject.clear();
      TRY(insert(c, push));
      pushes.push_back(push);
      TRY(c.execute("DELETE FROM forge_refs WHERE repository = ? AND ref = ?", {repository, name}));
    }
    return c.execute("UPDATE forge_repositories SET pushing = NULL WHERE name = ?", {repository});
  }));
  return pushes;
}

Result<std::vector<Push>> Journal::unannounced() const {
  std::vector<Push> pushes;
  const auto sql = "SELECT " + std::string(columns) + " FROM forge_pushes WHERE announced = 0 ORDER BY id";
  TRY(database_.read([&](storage::Connection& c) {
    return c.query(sql, {}, [&](const storage::Row& row) { pushes.push_back(push_of(row)); });
  }));
  return pushes;
}

Result<> Journal::mark_announced(std::int64_t id) {
  return database_.write(
      [&](storage::Connection& c) { return c.execute("UPDATE forge_pushes SET announced = 1 WHERE id = ?", {id}); });
}

Result<std::vector<Push>> Journal::pushes(std::string_view repository, std::size_t limit) const {
  std::vector<Push> pushes;
  const auto sql = "SELECT " + std::string(columns) +
                   " FROM forge_pushes WHERE ?1 = '' OR repository = ?1 ORDER BY id DESC LIMIT ?2";
  TRY(database_.read([&](storage::Connection& c) {
    return c.query(sql, {std::string(repository), static_cast<std::int64_t>(limit)},
                   [&](const storage::Row& row) { pushes.push_back(push_of(row)); });
  }));
  return pushes;
}

}  // namespace slipway::forge
