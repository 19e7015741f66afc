#include "forge/statuses.hpp"

#include <algorithm>
#include <set>

#include "forge/names.hpp"
#include "storage/database.hpp"

namespace slipway::forge {
namespace {

constexpr storage::Migration migrations[] = {
    {1, R"(
      CREATE TABLE forge_statuses (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        repository TEXT NOT NULL, commit_id TEXT NOT NULL, context TEXT NOT NULL, state TEXT NOT NULL,
        description TEXT NOT NULL, target_url TEXT NOT NULL, creator TEXT NOT NULL,
        created INTEGER NOT NULL
      );
      CREATE INDEX forge_statuses_by_commit ON forge_statuses (repository, commit_id, id);)"},
};

}  // namespace

Result<> CommitStatuses::open() { return storage::migrate(database_, "forge-statuses", migrations); }

Result<CommitStatus> CommitStatuses::set(const std::string& repository, const std::string& commit,
                                         CommitStatus status) {
  TRY(check_repository(repository));
  TRY(check_commit(commit));
  if (status.state != "error" && status.state != "failure" && status.state != "pending" && status.state != "success") {
    return fail(Code::invalid_argument,
                "state must be error, failure, pending or success, not \"" + status.state + "\"");
  }
  if (status.context.empty()) status.context = "default";
  status.created = world_.clock.now();
  TRY(database_.write([&](storage::Connection& c) -> Result<> {
    TRY(c.execute(
        "INSERT INTO forge_statuses (repository, commit_id, context, state, description, target_url, creator, created) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        {repository, commit, status.context, status.state, status.description, status.target_url, status.creator,
         status.created.time_since_epoch().count()}));
    status.id = c.last_insert_id();
    return {};
  }));
  return status;
}

Result<std::vector<CommitStatus>> CommitStatuses::list(const std::string& repository, const std::string& commit) const {
  std::vector<CommitStatus> list;
  TRY(database_.read([&](storage::Connection& c) {
    return c.query(
        "SELECT id, state, context, description, target_url, creator, created FROM forge_statuses "
        "WHERE repository = ? AND commit_id = ? ORDER BY id DESC",
        {repository, commit}, [&](const storage::Row& row) {
          list.push_back({row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5),
                          Time(Duration(row.integer(6)))});
        });
  }));
  return list;
}

Result<CommitStatuses::Combined> CommitStatuses::combined(const std::string& repository,
                                                          const std::string& commit) const {
  TRY_ASSIGN(auto all, list(repository, commit));
  Combined combined;
  std::set<std::string> seen;
  for (auto& status : all) {
    if (seen.insert(status.context).second) combined.statuses.push_back(std::move(status));
  }
  const auto any = [&](auto... states) {
    return std::ranges::any_of(combined.statuses, [&](const auto& s) { return ((s.state == states) || ...); });
  };
  combined.state = any("error", "failure")                       ? "failure"
                   : combined.statuses.empty() || any("pending") ? "pending"
                                                                 : "success";
  return combined;
}

doc::Value render(const CommitStatus& status) {
  doc::Object value{{"id", status.id},
                    {"state", status.state},
                    {"context", status.context},
                    {"description", status.description.empty() ? doc::Value() : doc::Value(status.description)},
                    {"target_url", status.target_url.empty() ? doc::Value() : doc::Value(status.target_url)},
                    {"created_at", core::render_rfc3339(status.created)},
                    {"updated_at", core::render_rfc3339(status.created)}};
  value.set("creator", doc::Object{{"login", status.creator}});
  return value;
}

}  // namespace slipway::forge
