#pragma once
// CommitStatuses: what checks said about a commit, in GitHub's shape (state, context, description, target_url).

#include <string>
#include <vector>

#include "core/doc.hpp"
#include "core/world/world.hpp"

namespace slipway::storage {
class Database;
}

namespace slipway::forge {

struct CommitStatus {
  std::int64_t id = 0;
  std::string state;    // error, failure, pending, success
  std::string context;  // which check; "default"
  std::string description, target_url, creator;
  Time created{};
};

class CommitStatuses {
 public:
  CommitStatuses(core::World world, storage::Database& database) : world_(world), database_(database) {}
  Result<> open();

  // Adds one; earlier ones of the same context stay as history. invalid_argument for another state.
  Result<CommitStatus> set(const std::string& repository, const std::string& commit, CommitStatus status);
  Result<std::vector<CommitStatus>> list(const std::string& repository,
                                         const std::string& commit) const;  // newest first
  // The newest of each context, and what they say together: failure, pending or success.
  struct Combined {
    std::string state;
    std::vector<CommitStatus> statuses;
  };
  Result<Combined> combined(const std::string& repository, const std::string& commit) const;

 private:
  core::World world_;
  storage::Database& database_;
};

doc::Value render(const CommitStatus& status);

}  // namespace slipway::forge
