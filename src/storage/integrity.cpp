#include "storage/database.hpp"

namespace slipway::storage {

Result<> check_integrity(Database& database) {
  std::vector<std::string> problems;
  TRY(database.read([&](Connection& connection) {
    return connection.query("PRAGMA integrity_check(10)", {}, [&](const Row& row) { problems.push_back(row.text(0)); });
  }));
  if (problems.size() == 1 && problems.front() == "ok") return {};
  std::string text;
  for (const auto& problem : problems) text += (text.empty() ? "" : "; ") + problem;
  return fail(Code::data_loss, "the database is damaged: " + text, "restore another backup");
}

}  // namespace slipway::storage
